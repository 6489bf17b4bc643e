import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { CallCounts } from '../../../daemon/jobs/call-counts.ts';
import { countColumns, countKey, countKeyColumns } from '../../../orm/call-counts-sql.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { filledForLists, listRows } from './list-rows.ts';

/** Calls of several tenants over 13 months that end now, three legs each. */
export interface CallHistory {
  readonly calls: number;
  /** The first has three of ten calls, the last one of fifty. */
  readonly tenants: readonly string[];
  readonly from: Date;
  readonly until: Date;
  readonly campaigns: (tenant: string) => readonly string[];
  readonly publishers: (tenant: string) => readonly string[];
  readonly buyers: (tenant: string) => readonly string[];
  /** Some of the people, who are in the first tenants. */
  readonly people: readonly string[];
}

export const historyTags = ['web', 'paid', 'returning', 'vip', 'rare'] as const;
export const historyDids = (tenant: number): string[] =>
  Array.from({ length: 60 }, (_, at) => `+18005${tenant}${String(at).padStart(4, '0')}`);

const uuidOf = (text: string): string => {
  const hex = createHash('md5').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
const some = (what: string, count: number) => (tenant: string) =>
  Array.from({ length: count }, (_, at) => uuidOf(`${what}${tenant}${at}`));

/** Of how many calls in fifty each tenant has. */
const shares = [15, 10, 8, 6, 5, 3, 2, 1];
const tenants = shares.map((_, at) => uuidOf(`tenant ${at}`));
const tenantOfCall = shares.flatMap((share, at) => Array.from({ length: share }, () => at + 1));

/** A number in 0 … `below` - 1 that a call always has, as if by chance. */
const chance = (salt: number, below: number | string): string =>
  `((hashint8(n * 64 + ${salt})::bigint & 2147483647) % ${below})`;
const idOf = (what: string, below: number, salt: number): string =>
  `md5('${what}' || tenant || ${chance(salt, below)})::uuid`;

const calls = `insert into call (id, tenant_id, campaign_id, publisher_id, buyer_id, switch_name, daemon_id, caller, caller_name,
  did, started_at, answered_at, connected_at, ended_at, outcome, cause, hung_up_by, variables, tags, takeovers, source)
select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
  tenant, ${idOf('campaign', 12, 1)}, ${idOf('publisher', 8, 2)}, case when talks then ${idOf('buyer', 20, 3)} end,
  'fs1', tenant, '+1' || (2000000000 + ${chance(4, '($1::bigint / 4)')} * 7919 % 7000000000), '',
  '+18005' || which - 1 || lpad(${chance(5, 60)}::text, 4, '0'), at, at + interval '1 s',
  case when talks then at + interval '12 s' end, at + ${chance(6, 600)} * interval '1 s' + interval '15 s',
  case when talks then 'connected' else (array['abandoned', 'no_answer', 'busy', 'queue_timeout'])[1 + ${chance(7, 4)}] end,
  'NORMAL_CLEARING', 'caller', '{}',
  case when ${chance(8, 10_000)} = 0 then '{rare}' else array[(array['web', 'paid', 'returning', 'vip'])[1 + ${chance(9, 4)}]] end,
  0, 'session'
from generate_series(0, $1::bigint - 1) n
cross join lateral (select $2::timestamptz + n * (($3::timestamptz - $2::timestamptz) / $1::float8) as at,
  ($5::int[])[1 + ${chance(0, 50)}] as which, ${chance(10, 10)} < 6 as talks) a
cross join lateral (select ($4::uuid[])[which] as tenant) b`;

/** The nth leg's id: the call's, but for one digit, so that keys grow as they do in real life. */
const legId = `left(c.id::text, 22) || l || right(c.id::text, 13)`;
const rest = [
  `insert into call_leg (id, tenant_id, call_id, side, channel_uuid)
   select (${legId})::uuid, c.tenant_id, c.id, case l when 1 then 'A' else 'B' end, ${legId} from call c cross join generate_series(1, 3) l`,
  `insert into cdr (call_id, channel_uuid, id, tenant_id, side, started_at, ended_at, bill_ms, cause, q850, hung_up_by, caller_number, called_number, source)
   select c.id, ${legId}, (${legId})::uuid, c.tenant_id, case l when 1 then 'A' else 'B' end, c.started_at, c.ended_at, 5, 'NORMAL_CLEARING', 16, 'caller', c.caller, c.did, 'event'
   from call c cross join generate_series(1, 3) l`,
  `insert into call_attempt (id, tenant_id, call_id, number, buyer_id, destination, channel_uuid, dialled_at, ended_at, outcome, cause, cap_decision)
   select c.id, c.tenant_id, c.id, 1, c.buyer_id, 'sip:buyer@192.0.2.1', '', c.started_at, c.ended_at, 'connected', 'NORMAL_CLEARING', 'granted' from call c`,
  `insert into call_trace (call_id, step, tenant_id, node_id, node_type, exit, entered_at, duration_ms)
   select c.id, 1, c.tenant_id, 'menu', 'ivr', 'key:1', c.started_at, 1 from call c`,
  `insert into recording (id, tenant_id, call_id, path, channels, started_at, status, location, bytes, duration_ms, sha256)
   select c.id, c.tenant_id, c.id, '/nowhere', 'mono', c.started_at, case when c.caller ~ '777$' then 'failed' else 'stored' end,
     'file:///nowhere', 1, 1, repeat('a', 64) from call c where c.buyer_id is not null and c.caller ~ '[07]$'`,
  `insert into call_tag (tenant_id, tag, started_at, call_id) select c.tenant_id, c.tags[1], c.started_at, c.id from call c order by 1, 2, 3`,
  `insert into call_count (${countKeyColumns}, currency, ${countColumns})
   select ${countKey('c')}, '', count(*), count(answered_at), count(connected_at),
     coalesce(extract(epoch from sum(ended_at - answered_at)) * 1000000, 0), coalesce(extract(epoch from sum(ended_at - connected_at)) * 1000000, 0)
   from call c group by 1, 2, 3, 4, 5, 6`,
];

/** Their indexes are made behind the rows. */
const filled = ['call', 'call_leg', 'call_attempt', 'call_trace', 'recording', 'call_tag', ...filledForLists];

/** What is made where nothing else is said: the tenants, and the 13 months that end with this quarter of an hour. */
export function historyOf(count: number): CallHistory {
  const until = new Date(Math.floor(Date.now() / 900_000) * 900_000);
  const from = new Date(until);
  from.setUTCMonth(from.getUTCMonth() - 13);
  return {
    calls: count,
    tenants,
    from,
    until,
    campaigns: some('campaign', 12),
    publishers: some('publisher', 8),
    buyers: some('buyer', 20),
    people: some('user', 20)(''),
  };
}

/** So many statements at once: what is independent is. */
const hands = 2;

/** Runs independent statements, each hand the next one. */
async function all(clients: readonly Client[], statements: readonly string[]): Promise<void> {
  const waiting = [...statements];
  const run = async (client: Client): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await client.query(next);
  };
  await Promise.all(clients.map(run));
}

/**
 * Fills a migrated database whose login is a superuser: triggers and foreign keys are left out and indexes made behind
 * the rows, or it would take many minutes. Ends with statistics as autovacuum leaves them.
 */
export async function fillCallHistory(url: string, count: number): Promise<CallHistory> {
  const clients = Array.from({ length: hands }, () => new Client({ connectionString: url }));
  const [client] = clients;
  if (client === undefined) throw new Error('nobody to fill it');
  const history = historyOf(count);
  const { from, until } = history;
  try {
    for (const one of clients) {
      await one.connect();
      await one.query(
        "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'; set work_mem = '128MB'",
      );
    }
    for (const [at, tenant] of tenants.entries())
      await client.query('insert into tenant (id, slug, name) values ($1, $2, $2)', [tenant, `scale-${at}`]);
    for (let month = -13; month <= 0; month += 1)
      for (const table of ['cdr', 'call_trace', 'event', 'audit_log'])
        await client.query(
          `select make_partition($1, (date_trunc('month', now() at time zone 'UTC') + $2 * interval '1 month')::date)`,
          [table, month],
        );
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes i
       where schemaname = 'public' and tablename = any($1) and not exists (
         select 1 from pg_constraint c where c.conindid = quote_ident(indexname)::regclass)`,
      [filled],
    );
    for (const { name } of indexes) await client.query(`drop index "${name}"`);
    await client.query(calls, [count, from, until, tenants, tenantOfCall]);
    await all(clients, rest);
    for (const statements of listRows(count)) await all(clients, statements);
    await all(
      clients,
      // Of a partitioned table PostgreSQL tells its own alone.
      indexes.map(({ definition }) => definition.replace(' ON ONLY ', ' ON ')),
    );
    const { rows: tables } = await client.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       order by pg_relation_size(oid) desc`,
    );
    await all(
      clients,
      tables.map(({ name }) => `vacuum analyze ${name}`),
    );
  } finally {
    for (const one of clients) await one.end();
  }
  const orm = openOrm(url);
  await new CallCounts(orm).run();
  await closeOrm(orm);
  return history;
}
