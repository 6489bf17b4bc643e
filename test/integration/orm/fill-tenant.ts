import type { ClientBase } from 'pg';
import { newId } from '../../../daemon/telephony/ids.ts';

type Row = Readonly<Record<string, unknown>>;

const digits = (): string => `${Math.floor(1e9 + Math.random() * 8e9)}`;
const hash = 'a'.repeat(64);
const period = { period_from: '2026-10-01', period_until: '2026-11-01' };

/**
 * One row or more of every table with a tenant, in an order that satisfies foreign keys: [table, row]. `id` of a row is
 * made where it has none; `ids` knows those made so far. A table that is not here fails the tests that ask for all.
 */
function rowsOf(ids: Readonly<Record<string, string>>): (() => readonly [string, Row])[] {
  const name = 'Filled';
  const e164 = (): string => `+1${digits()}`;
  const money = { currency: 'USD' };
  const transaction = newId();
  const call = newId();
  /** Of a month that has no partition. */
  const before = oldUuid('2021-05-05T00:00:00Z');
  const noId = { id: undefined };
  const counted = {
    quarter: '2026-11-01',
    campaign_id: newId(),
    publisher_id: newId(),
    buyer_id: newId(),
    did: e164(),
  };
  return [
    () => ['publisher', { name }],
    () => ['rate_card', { name, kind: 'price', ...money }],
    () => [
      'rate',
      {
        rate_card_id: ids['rate_card'],
        prefix: '1',
        price_per_minute_micros: 12_000,
        valid_from: '2026-01-01',
      },
    ],
    () => ['buyer_group', { name, max_calls: 3 }],
    () => ['buyer', { name, group_id: ids['buyer_group'] }],
    () => [
      'buyer_endpoint',
      { buyer_id: ids['buyer'], label: 'SIP', kind: 'sip', destination: 'sip:a@b.example' },
    ],
    () => ['role', { name: 'filled', description: name, view: 'tenant', scopes: ['*'] }],
    () => [
      'user_account',
      { tenant_id: undefined, email: `${newId()}@test.example`, name, password_hash: 'x' },
    ],
    () => ['membership', { user_id: ids['user_account'], role_id: ids['role'] }],
    () => [
      'invitation',
      {
        email: `${newId()}@test.example`,
        role_id: ids['role'],
        code_hash: newId().replaceAll('-', '').repeat(2),
        expires_at: '2099-01-01',
      },
    ],
    () => [
      'api_key',
      { name, prefix: `cf_${digits()}`, secret_hash: hash, scopes: [], created_by_id: ids['user_account'] },
    ],
    () => ['flow', { name }],
    () => ['flow_draft', { flow_id: ids['flow'], document: { entry: 'a', nodes: [], edges: [] } }],
    () => ['flow_version', { flow_id: ids['flow'], number: 1, entry: 'a' }],
    () => [
      'node',
      { flow_version_id: ids['flow_version'], key: 'a', type: 'hangup', params: {}, position: 0 },
    ],
    () => [
      'edge',
      { flow_version_id: ids['flow_version'], from_key: 'a', exit: 'x', to_key: 'a', position: 0 },
    ],
    () => ['schedule', { name, zone: 'UTC', calendar: { weekly: [], holidays: [] } }],
    () => ['campaign', { name, flow_id: ids['flow'], price_card_id: ids['rate_card'] }],
    () => ['campaign_buyer', { campaign_id: ids['campaign'], buyer_id: ids['buyer'] }],
    () => ['campaign_publisher', { campaign_id: ids['campaign'], publisher_id: ids['publisher'] }],
    () => ['phone_number', { e164: e164(), campaign_id: ids['campaign'], publisher_id: ids['publisher'] }],
    () => ['carrier', { name }],
    () => ['trunk', { carrier_id: ids['carrier'], name, gateway: 'gw', rate_card_id: ids['rate_card'] }],
    () => ['caller_id_pool', { name }],
    () => ['caller_id_number', { pool_id: ids['caller_id_pool'], e164: e164() }],
    () => ['tag', { name }],
    ...[before, call].map((id) => (): readonly [string, Row] => [
      'call',
      {
        id,
        switch_name: 'fs1',
        daemon_id: newId(),
        caller: e164(),
        caller_name: '',
        did: e164(),
        started_at: '2026-11-01',
        ended_at: '2026-11-02',
        outcome: 'connected',
        cause: 'NORMAL_CLEARING',
        hung_up_by: 'caller',
        variables: {},
        tags: ['x'],
        takeovers: 0,
        source: 'session',
      },
    ]),
    () => ['call_leg', { call_id: call, side: 'A', channel_uuid: newId() }],
    () => [
      'call_attempt',
      {
        call_id: call,
        number: 1,
        destination: 'x',
        channel_uuid: newId(),
        dialled_at: '2026-11-01',
        ended_at: '2026-11-01',
        outcome: 'busy',
        cause: 'USER_BUSY',
        cap_decision: 'granted',
      },
    ],
    ...[before, call].map((callId) => (): readonly [string, Row] => [
      'cdr',
      {
        call_id: callId,
        channel_uuid: newId(),
        side: 'A',
        started_at: '2026-11-01',
        ended_at: '2026-11-01',
        bill_ms: 5,
        cause: 'NORMAL_CLEARING',
        q850: 16,
        hung_up_by: 'caller',
        caller_number: '',
        called_number: '',
        source: 'event',
      },
    ]),
    () => [
      'call_trace',
      {
        ...noId,
        call_id: call,
        step: 1,
        node_id: 'a',
        node_type: 'hangup',
        exit: 'x',
        entered_at: '2026-11-01',
        duration_ms: 1,
      },
    ],
    () => [
      'recording',
      { call_id: call, path: `/nowhere/${call}.wav`, channels: 'mono', started_at: '2026-11-01' },
    ],
    () => ['transcription', { recording_id: ids['recording'], call_id: call, engine: 'x' }],
    () => ['call_tag', { ...noId, tag: 'once', started_at: '2026-11-01', call_id: call }],
    () => ['call_count', { ...noId, ...counted, currency: 'USD', incoming: 1 }],
    () => ['call_count_delta', { ...counted, incoming: 1 }],
    () => ['call_money', { ...noId, ...counted, call_id: newId(), currency: 'USD', revenue_micros: 1 }],
    () => ['call_money_mark', { call_id: call }],
    () => ['held_call', { ...noId, call_id: newId(), record: {}, held_until: '2026-11-01' }],
    () => [
      'billing_account',
      { name, kind: 'buyer', buyer_id: ids['buyer'], ...money, rate_card_id: ids['rate_card'] },
    ],
    () => [
      'ledger_entry',
      {
        transaction_id: transaction,
        account_id: ids['billing_account'],
        kind: 'deposit',
        amount_micros: 5_000_000,
        ...money,
      },
    ],
    () => ['billing_account', { name: 'Money from outside', kind: 'funding', ...money }],
    () => [
      'ledger_entry',
      {
        transaction_id: transaction,
        account_id: ids['billing_account'],
        kind: 'deposit',
        amount_micros: -5_000_000,
        ...money,
      },
    ],
    () => [
      'balance_reservation',
      { account_id: ids['billing_account'], call_id: call, amount_micros: 7, expires_at: '2026-11-02' },
    ],
    () => ['invoice', { account_id: ids['billing_account'], ...period, ...money, total_micros: 9 }],
    () => ['invoice_line', { invoice_id: ids['invoice'], number: 1, description: 'calls', amount_micros: 9 }],
    () => [
      'payout',
      { account_id: ids['billing_account'], ...period, ...money, amount_micros: 9, status: 'approved' },
    ],
    () => [
      'conversion',
      {
        call_id: call,
        version: 1,
        rule: 'connect',
        status: 'converted',
        ...money,
        price_micros: 1,
        payout_micros: 1,
      },
    ],
    () => ['webhook', { name, url: 'https://hooks.test.example/', secret: 'x'.repeat(20), events: [] }],
    ...[newId(), oldUuid('2021-05-05T00:00:00Z')].map((id) => (): readonly [string, Row] => [
      'event',
      { id, kind: 'call.ended', call_id: call, payload: {}, occurred_at: '2026-11-01' },
    ]),
    () => [
      'webhook_delivery',
      { webhook_id: ids['webhook'], event_id: ids['event'], next_try_at: '2026-11-01' },
    ],
    ...[newId(), oldUuid('2021-05-05T00:00:00Z')].map((id) => (): readonly [string, Row] => [
      'audit_log',
      { id, actor_kind: 'system', action: 'test', subject: 'call' },
    ]),
    () => ['feature_flag', { name: 'filled', enabled: true }],
    () => [
      'idempotency_key',
      { key: 'k', method: 'POST', path: '/', request_hash: hash, expires_at: '2026-12-01' },
    ],
    () => ['dnc_list', { name }],
    () => ['dnc_entry', { list_id: ids['dnc_list'], e164: e164() }],
    () => ['consent_token', { provider: 'jornaya', token: newId() }],
    () => [
      'stir_shaken_verification',
      { call_id: call, result: 'passed', attestation: 'A', verified_by: 'carrier' },
    ],
  ];
}

/** A UUIDv7 of a moment for which there is no partition. */
export function oldUuid(moment: string): string {
  const milliseconds = Date.parse(moment).toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}${newId().slice(13)}`;
}

async function insert(client: ClientBase, table: string, row: Row): Promise<void> {
  const columns = Object.entries(row).filter(([, value]) => value !== undefined);
  const values = columns.map(([, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : value,
  );
  await client.query(
    `insert into ${table} (${columns.map(([column]) => column).join()}) values (${values.map((_, at) => `$${at + 1}`).join()})`,
    values,
  );
}

function only(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => columns.includes(column)));
}

/** The columns of every table, from the catalogue. */
export async function columnsOf(client: ClientBase): Promise<Map<string, readonly string[]>> {
  const found = await client.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace group by 1`,
  );
  return new Map(found.rows.map(({ name, columns }) => [name, columns]));
}

/**
 * Makes a tenant with rows in every table, published and issued where that makes them immutable; returns ids by table.
 * `earlier`: the schema may be one of an earlier release, and lack tables and columns.
 */
export async function fillTenant(
  client: ClientBase,
  slug: string,
  earlier = false,
): Promise<Record<string, string>> {
  const ids: Record<string, string> = { tenant: newId() };
  const tenant = ids['tenant'] ?? '';
  const known = earlier ? await columnsOf(client) : undefined;
  await client.query('begin');
  await insert(client, 'tenant', { id: tenant, slug, name: slug });
  for (const make of rowsOf(ids)) {
    const [table, given] = make();
    const row = { id: newId() as string, tenant_id: tenant, ...given };
    const columns = known?.get(table);
    if (known !== undefined && columns === undefined) continue;
    await insert(client, table, columns === undefined ? row : only(row, columns));
    if (row.id !== undefined) ids[table] = row.id;
  }
  await client.query("update flow_version set status = 'published' where id = $1", [ids['flow_version']]);
  if (ids['invoice'] !== undefined)
    await client.query("update invoice set status = 'issued' where id = $1", [ids['invoice']]);
  await client.query('commit');
  return ids;
}

/** Every table that holds rows of a tenant, parents of partitions among them, from the catalogue. */
export async function tenantTables(client: ClientBase): Promise<string[]> {
  const found = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace and not a.attisdropped
     order by 1`,
  );
  return found.rows.map(({ name }) => name);
}
