/*
 * What stands beside the calls, so that each list has pages of it: what calls leave behind, in their measure; what is
 * configured, some hundred of each a tenant and thousands of what people import.
 */

/** Tables of which much is filled here. */
export const filledForLists = [
  'conversion',
  'ledger_entry',
  'event',
  'webhook_delivery',
  'transcription',
  'stir_shaken_verification',
  'consent_token',
  'balance_reservation',
  'phone_number',
  'dnc_entry',
  'invoice_line',
] as const;

/** A row's id, by what it is, whose it is and its number. */
const of = (what: string, n: string, tenant = 't.id'): string => `md5('${what}' || ${tenant} || ${n})::uuid`;
/** Of every tenant rows 0 … count - 1. */
const each = (count: number, n = 'n'): string =>
  `from tenant t cross join generate_series(0, ${count - 1}) ${n}`;
/** A name that begins with one letter in 26, so that a beginning finds a part of them. */
const name = `chr(65 + n % 26) || 'ame ' || n`;
/** Another UUIDv7 of the call's millisecond. */
const idOf = (digit: string): string => `(left(c.id::text, 22) || '${digit}' || right(c.id::text, 13))::uuid`;
const calls = (condition: string): string => `from call c where ${condition}`;
const hash = `'${'a'.repeat(64)}'`;

/** Most configured things are some: a page is 50. */
const some = 150;
const many = 700;

const configured = [
  `insert into publisher (id, tenant_id, name, enabled) select ${of('publisher', 'n')}, t.id, ${name}, n % 50 > 0 ${each(many)}`,
  `insert into buyer_group (id, tenant_id, name) select ${of('group', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into buyer (id, tenant_id, name, group_id, enabled)
   select ${of('buyer', 'n')}, t.id, ${name}, ${of('group', '(n % 50)')}, n % 50 > 0 ${each(many)}`,
  `insert into buyer_endpoint (id, tenant_id, buyer_id, label, kind, destination)
   select ${of('endpoint', "(n || '-' || e)")}, t.id, ${of('buyer', 'n')}, 'SIP', 'sip', 'sip:a@b.example' ${each(many)} cross join generate_series(0, 59) e where n < 20 or e < 2`,
  `insert into flow (id, tenant_id, name) select ${of('flow', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into flow_version (id, tenant_id, flow_id, number, status, entry)
   select ${of('version', "(n || '-' || v)")}, t.id, ${of('flow', 'n')}, v, case v when 1 then 'published' else 'draft' end, 'a' ${each(some)} cross join generate_series(1, 60) v where n < 5 or v = 1`,
  `insert into node (id, tenant_id, flow_version_id, key, type, params, position)
   select ${of('node', 'n')}, t.id, ${of('version', "(n || '-1')")}, 'a', 'hangup', '{}', 0 ${each(some)}`,
  `insert into campaign (id, tenant_id, name, flow_id, enabled)
   select ${of('campaign', 'n')}, t.id, ${name}, ${of('flow', '(n % 50)')}, n % 50 > 0 ${each(many)}`,
  ...['buyer', 'publisher'].map(
    (party) => `insert into campaign_${party} (id, tenant_id, campaign_id, ${party}_id)
     select ${of(`campaign_${party}`, "(n || '-' || p)")}, t.id, ${of('campaign', 'n')}, ${of(party, 'p')} ${each(20)} cross join generate_series(0, 99) p`,
  ),
  `insert into carrier (id, tenant_id, name) select ${of('carrier', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into trunk (id, tenant_id, carrier_id, name, gateway)
   select ${of('trunk', 'n')}, t.id, ${of('carrier', '(n % 20)')}, ${name}, 'gw' ${each(some)}`,
  `insert into caller_id_pool (id, tenant_id, name) select ${of('pool', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into caller_id_number (id, tenant_id, pool_id, e164)
   select ${of('caller_id', "(n || '-' || e)")}, t.id, ${of('pool', 'n')}, '+1212555' || lpad(e::text, 4, '0') ${each(some)} cross join generate_series(0, 199) e where n < 5 or e < 2`,
  `insert into freeswitch_node (id, name, host, port) select gen_random_uuid(), 'fs' || n, '192.0.2.1', 8021 from generate_series(1, 20) n`,
  `insert into schedule (id, tenant_id, name, zone, calendar) select ${of('schedule', 'n')}, t.id, ${name}, 'UTC', '{"weekly":[],"holidays":[]}' ${each(some)}`,
  `insert into tag (id, tenant_id, name) select ${of('tag', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into rate_card (id, tenant_id, name, kind, currency)
   select ${of('card', 'n')}, t.id, ${name}, (array['price', 'payout', 'cost'])[1 + n % 3], 'USD' ${each(some)}`,
  `insert into rate (id, tenant_id, rate_card_id, prefix, price_per_minute_micros, valid_from)
   select ${of('rate', "(n || '-' || r)")}, t.id, ${of('card', 'n')}, r::text, 1, '2020-01-01' ${each(some)} cross join generate_series(1, 300) r where n < 3 or r = 1`,
  `insert into feature_flag (id, tenant_id, name, enabled) select ${of('flag', 'n')}, t.id, 'flag_' || n, n % 2 = 0 ${each(some)}`,
  `insert into feature_flag (id, name, enabled) select gen_random_uuid(), 'flag_' || n, n % 2 = 0 from generate_series(1, 20) n`,
  `insert into dnc_list (id, tenant_id, name) select ${of('dnc', 'n')}, t.id, ${name} ${each(some)}`,
  `insert into dnc_list (id, name) select gen_random_uuid(), 'Everybody ' || n from generate_series(1, 3) n`,
  `insert into webhook (id, tenant_id, name, url, secret)
   select ${of('webhook', 'n')}, t.id, ${name}, 'https://hooks.test.example/', repeat('x', 20) ${each(some)}`,
  `insert into billing_account (id, tenant_id, name, kind, currency, buyer_id, publisher_id)
   select ${of('account of buyer', 'n')}, t.id, ${name}, 'buyer', 'USD', ${of('buyer', 'n')}, null ${each(many)}`,
  `insert into billing_account (id, tenant_id, name, kind, currency, publisher_id)
   select ${of('account of publisher', 'n')}, t.id, ${name} || ' of publisher', 'publisher', 'USD', ${of('publisher', 'n')} ${each(many)}`,
  `insert into billing_account (id, tenant_id, name, kind, currency, carrier_id)
   select ${of('account of carrier', 'n')}, t.id, ${name} || ' of carrier', 'carrier', 'USD', ${of('carrier', 'n')} ${each(some)}`,
  `insert into billing_account (id, tenant_id, name, kind, currency)
   select ${of('account', "'revenue'")}, t.id, 'Revenue', 'revenue', 'USD' from tenant t`,
];

const people = [
  `insert into user_account (id, email, name, password_hash, operator)
   select ${of('user', 'n', "''")}, 'user' || n || '@test.example', 'User ' || n, 'x', n % 100 = 0 from generate_series(0, 2999) n`,
  `insert into role (id, tenant_id, name, description, view, scopes) select ${of('role', 'n')}, t.id, 'role_' || n, '', 'tenant', '{}' ${each(some)}`,
  `insert into membership (id, tenant_id, user_id, role_id)
   select ${of('member', 'n')}, t.id, ${of('user', '(n + 300 * right(t.slug, 1)::int)', "''")}, ${of('role', '(n % 3)')} ${each(many)}`,
  `insert into invitation (id, tenant_id, email, role_id, code_hash, expires_at)
   select ${of('invitation', 'n')}, t.id, n || '@test.example', ${of('role', '0')}, md5(t.id || 'a' || n) || md5(t.id || 'b' || n), '2099-01-01' ${each(some)}`,
  `insert into api_key (id, tenant_id, name, prefix, secret_hash, scopes)
   select ${of('key', 'n')}, t.id, ${name}, 'cf_' || left(md5(t.id || n::text), 12), ${hash}, '{}' ${each(some)}`,
  `insert into session (id, user_id, token_hash, expires_at)
   select ${of('session', 'n', "''")}, ${of('user', '(n % 3000)', "''")}, md5('a' || n) || md5('b' || n), now() + interval '1 day' from generate_series(0, 5999) n`,
];

/** What calls leave behind; `count` of them there are. */
const left = (count: number): string[] => [
  `insert into event (id, tenant_id, kind, call_id, sequence, payload, occurred_at)
   select ${idOf('5')}, c.tenant_id, case when c.caller ~ '777$' then 'conversion.posted' else 'call.ended' end, c.id, 1, '{}', c.ended_at ${calls('true')}`,
  `insert into webhook_delivery (id, tenant_id, webhook_id, event_id, call_id, status, created_at, next_try_at)
   select ${idOf('6')}, c.tenant_id, ${of('webhook', '0', 'c.tenant_id')}, ${idOf('5')}, c.id, (array['delivered', 'failed', 'pending'])[kind], c.ended_at,
     case kind when 3 then c.ended_at end
   from call c cross join lateral (select case when c.caller ~ '777$' then 2 when c.caller ~ '778$' then 3 else 1 end as kind) k where c.caller ~ '[0-7]$'`,
  `insert into stir_shaken_verification (id, tenant_id, call_id, result, attestation, verified_by, created_at)
   select ${idOf('7')}, c.tenant_id, c.id, case when c.caller ~ '777$' then 'failed' else 'passed' end, (array['A', 'B', 'C'])[1 + length(c.outcome) % 3], 'carrier', c.started_at ${calls("c.caller ~ '[02468]$'")}`,
  `insert into consent_token (id, tenant_id, provider, token, e164, call_id, status, created_at)
   select ${idOf('8')}, c.tenant_id, (array['trusted_form', 'jornaya', 'first_party'])[1 + length(c.outcome) % 3], c.id::text, c.caller, c.id,
     case when c.caller ~ '777$' then 'mismatch' else 'valid' end, c.started_at ${calls("c.caller ~ '[37]$'")}`,
  `insert into balance_reservation (id, tenant_id, account_id, call_id, amount_micros, status, created_at, expires_at, ended_at)
   select ${idOf('9')}, c.tenant_id, ${of('account of buyer', '(c.q % 20)', 'c.tenant_id')}, c.id, 7, (array['settled', 'released'])[1 + c.q % 2], c.started_at, c.ended_at, c.ended_at
   from (select *, abs(hashtext(caller)) as q from call) c where c.caller ~ '[13]$'`,
  `insert into conversion (id, tenant_id, call_id, version, campaign_id, buyer_id, publisher_id, rule, status, currency, price_micros, payout_micros, created_at)
   select c.id, c.tenant_id, c.id, 1, c.campaign_id, c.buyer_id, c.publisher_id, 'connect', case when c.caller ~ '888$' then 'duplicate' else 'converted' end, 'USD', 25000000, 9000000, c.ended_at
   ${calls("c.caller ~ '[78]$' and c.buyer_id is not null")}`,
  `insert into transcription (id, tenant_id, recording_id, call_id, status, engine, text, created_at)
   select r.id, r.tenant_id, r.id, r.call_id, 'done', 'x', 'hello', r.started_at from recording r`,
  `insert into phone_number (id, tenant_id, e164, campaign_id, publisher_id, enabled)
   select ${of('number', 'n')}, t.id, '+1' || (2000000000 + row_number() over (order by n)), ${of('campaign', '(n % 12)')}, ${of('publisher', '(n % 8)')}, n % 50 > 0 ${each(Math.ceil(count / 50))}`,
  `insert into dnc_entry (id, tenant_id, list_id, e164)
   select ${of('entry', 'n')}, t.id, ${of('dnc', '(n % 2)')}, '+1' || (2000000000 + n * 7) ${each(Math.ceil(count / 50))}`,
  `insert into dnc_entry (id, list_id, e164) select gen_random_uuid(), l.id, '+1' || (2000000000 + n * 7) from dnc_list l cross join generate_series(1, ${Math.ceil(count / 50)}) n where l.tenant_id is null`,
  `insert into invoice (id, tenant_id, account_id, number, status, period_from, period_until, currency, total_micros)
   select ${of('invoice', "(n || '-' || m)")}, t.id, ${of('account of buyer', 'n')}, n * 20 + m, case when m = 1 then 'issued' else 'paid' end,
     '2026-01-01', '2026-02-01', 'USD', 9 ${each(100)} cross join generate_series(1, 13) m`,
  `insert into payout (id, tenant_id, account_id, number, status, period_from, period_until, currency, amount_micros)
   select ${of('payout', "(n || '-' || m)")}, t.id, ${of('account of publisher', 'n')}, n * 20 + m, case when m = 1 then 'approved' else 'paid' end,
     '2026-01-01', '2026-02-01', 'USD', 9 ${each(100)} cross join generate_series(1, 13) m`,
  `insert into audit_log (id, tenant_id, actor_kind, actor_id, action, subject, subject_id)
   select ${idOf('a')}, c.tenant_id, 'user', c.publisher_id, case when c.caller ~ '77$' then 'buyer.delete' else 'buyer.update' end, 'buyer', c.buyer_id ${calls("c.caller ~ '5$'")}`,
  `insert into audit_log (id, actor_kind, actor_id, action, subject, subject_id)
   select ${idOf('c')}, 'operator', c.publisher_id, 'tenant.update', 'tenant', c.tenant_id ${calls("c.caller ~ '57$'")}`,
];

/** Of what stands there by then. */
const behind = [
  `insert into ledger_entry (id, tenant_id, transaction_id, account_id, call_id, kind, amount_micros, currency, created_at)
   select (left(v.id::text, 22) || l || right(v.id::text, 13))::uuid, v.tenant_id, v.id, case l when 1 then ${of('account of buyer', '(abs(hashtext(v.buyer_id::text)) % 20)', 'v.tenant_id')} else ${of('account', "'revenue'", 'v.tenant_id')} end,
     v.call_id, 'buyer_charge', case l when 1 then -1 else 1 end * v.price_micros, 'USD', v.created_at
   from conversion v cross join generate_series(1, 2) l`,
  `insert into ledger_entry (id, tenant_id, transaction_id, account_id, kind, amount_micros, currency)
   select ${of('deposit', 'n')}, t.id, ${of('deposit', 'n')}, ${of('account of buyer', 'n')}, 'deposit', 1000000, 'USD' ${each(20)}`,
  // Some of the money waits to be added up, as always.
  `insert into call_money_mark (tenant_id, call_id) select tenant_id, call_id from conversion where call_id::text ~ '77$'`,
  `insert into invoice_line (id, tenant_id, invoice_id, number, description, calls, bill_seconds, amount_micros)
   select md5(i.id || '-' || n)::uuid, i.tenant_id, i.id, n, 'calls', 1, 60, 3 from invoice i cross join generate_series(1, 3) n`,
];

/** Statements of which those of one group are independent. */
export const listRows = (count: number): readonly (readonly string[])[] => [
  [...left(count), ...configured, ...people],
  behind,
];
