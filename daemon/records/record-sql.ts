/**
 * One statement that writes a batch of call records into all their tables: one round trip, one transaction, all or
 * nothing. `$1` is a JSON array of CallRecord and LegOfCall; PostgreSQL unpacks it, so that the daemon's own thread does no more than
 * JSON.stringify. Foreign keys are checked at the statement's end, so the order of its parts does not matter.
 */

const at = (microseconds: string): string => `to_timestamp(${microseconds} / 1e6)`;

const callColumns = {
  id: 'r."callId"',
  tenant_id: 'r."tenantId"',
  campaign_id: 'r."campaignId"',
  phone_number_id: 'r."phoneNumberId"',
  publisher_id: 'r."publisherId"',
  flow_version_id: 'r."flowVersionId"',
  buyer_id: 'r."buyerId"',
  switch_name: 'r."switchName"',
  daemon_id: 'r."daemonId"',
  caller: 'r.caller',
  caller_name: 'r."callerName"',
  did: 'r.did',
  started_at: at('r."startedAtUs"'),
  answered_at: at('r."answeredAtUs"'),
  connected_at: at('r."connectedAtUs"'),
  ended_at: at('r."endedAtUs"'),
  outcome: 'r.outcome',
  refusal: 'r.refusal',
  reason: 'r.reason',
  cause: 'r.cause',
  hung_up_by: 'r."hungUpBy"',
  variables: 'r.variables',
  tags: 'r.tags',
  takeovers: 'r.takeovers',
  source: 'r.source',
} as const;

const cdrColumns = {
  id: 'l."legId"',
  tenant_id: 'l."tenantId"',
  // The leg's first writer says whose it is. A channel has one CDR: its key holds the call too (the partitions' key),
  // so that a second word of another call must not make a second row.
  call_id: 'coalesce((select k.call_id from call_leg k where k.channel_uuid = l."channelUuid"), l."callId")',
  channel_uuid: 'l."channelUuid"',
  side: 'l.side',
  started_at: at('t."startUs"'),
  progress_at: at('t."progressUs"'),
  progress_media_at: at('t."progressMediaUs"'),
  answered_at: at('t."answerUs"'),
  bridged_at: at('t."bridgeUs"'),
  ended_at: at('t."endUs"'),
  bill_ms: 'd."billMs"',
  cause: 'd.cause',
  q850: 'd.q850',
  sip_code: 'd."sipCode"',
  hung_up_by: 'd."hungUpBy"',
  caller_number: 'd."callerNumber"',
  called_number: 'd."calledNumber"',
  codec: 'd.codec',
  mos: 'd.mos',
  sip_call_id: 'd."sipCallId"',
  remote_address: 'd."remoteAddress"',
  source: 'd.source',
} as const;

const attemptColumns = {
  id: 'a."attemptId"',
  tenant_id: 'r."tenantId"',
  call_id: 'r."callId"',
  number: 'a.number',
  buyer_id: 'a."buyerId"',
  endpoint_id: 'a."endpointId"',
  trunk_id: 'a."trunkId"',
  destination: 'a.destination',
  channel_uuid: 'a."channelUuid"',
  dialled_at: at('a."dialledAtUs"'),
  ringing_at: at('a."ringingAtUs"'),
  answered_at: at('a."answeredAtUs"'),
  ended_at: at('a."endedAtUs"'),
  outcome: 'a.outcome',
  cause: 'a.cause',
  sip_code: 'a."sipCode"',
  cap_decision: 'a."capDecision"',
} as const;

const names = (columns: object): string => Object.keys(columns).join(', ');
const values = (columns: Readonly<Record<string, string>>): string => Object.values(columns).join(', ');
const takeOver = (columns: object, except: readonly string[]): string =>
  Object.keys(columns)
    .filter((column) => !except.includes(column))
    .map((column) => `${column} = excluded.${column}`)
    .join(', ');

/**
 * A session's record replaces what was made from the switch's own; a second one of the same call changes nothing. Tags
 * that somebody set meanwhile stay beside its own.
 */
const sessionWins = `do update set ${takeOver(callColumns, ['id', 'tags'])}, written_at = now(),
      tags = excluded.tags || array(select word from unnest(c.tags) word where word <> all (excluded.tags))
    where c.source = 'switch'`;

/**
 * The legs of an orphan come one by one, in any order; each adds what the others did not know. Only the A-leg's record
 * knows the DID, and its cause is the call's.
 */
const orphansJoin = `do update set
      started_at = least(c.started_at, excluded.started_at),
      ended_at = greatest(c.ended_at, excluded.ended_at),
      answered_at = coalesce(c.answered_at, excluded.answered_at),
      connected_at = least(c.connected_at, excluded.connected_at),
      campaign_id = coalesce(c.campaign_id, excluded.campaign_id),
      phone_number_id = coalesce(c.phone_number_id, excluded.phone_number_id),
      publisher_id = coalesce(c.publisher_id, excluded.publisher_id),
      flow_version_id = coalesce(c.flow_version_id, excluded.flow_version_id),
      caller = coalesce(nullif(c.caller, ''), excluded.caller),
      caller_name = coalesce(nullif(c.caller_name, ''), excluded.caller_name),
      did = coalesce(nullif(c.did, ''), excluded.did),
      cause = case when excluded.did = '' then c.cause else excluded.cause end,
      hung_up_by = case when excluded.did = '' then c.hung_up_by else excluded.hung_up_by end,
      takeovers = greatest(c.takeovers, excluded.takeovers)
    where c.source = 'switch'`;

/** An orphan's attempt may know no destination. */
const attemptUnknown = `c.destination = '' and excluded.destination <> ''`;
/** What the switch's record tells of an attempt is read from the A-leg alone: a session knows better. */
const attemptFromSwitch = `${attemptUnknown}
      or exists (select from call k where k.id = c.call_id and k.source = 'switch')`;

function statement(callConflict: string, attemptToReplace: string): string {
  return `with r as materialized (
  select * from jsonb_to_recordset($1::jsonb) as r(
    "callId" uuid, "tenantId" uuid, "campaignId" uuid, "phoneNumberId" uuid, "publisherId" uuid, "flowVersionId" uuid,
    "buyerId" uuid, "switchName" text, "daemonId" text, caller text, "callerName" text, did text,
    "startedAtUs" float8, "answeredAtUs" float8, "connectedAtUs" float8, "endedAtUs" float8, outcome text, refusal text,
    reason text, cause text, "hungUpBy" text, variables jsonb, tags text[], takeovers int, source text,
    legs jsonb, attempts jsonb, trace jsonb, recordings jsonb)
), l as materialized (
  select r."callId", r."tenantId", l.* from r cross join lateral jsonb_to_recordset(r.legs) as l(
    "legId" uuid, side text, "channelUuid" text, "attemptId" uuid, cdr jsonb)
), calls as (
  insert into call as c (${names(callColumns)})
  select ${values(callColumns)} from r where r.source <> 'leg'
  on conflict (id) ${callConflict}
), legs as (
  insert into call_leg as c (id, tenant_id, call_id, side, channel_uuid, attempt_id)
  select l."legId", l."tenantId", l."callId", l.side, l."channelUuid", l."attemptId" from l
  on conflict (channel_uuid) do update set attempt_id = excluded.attempt_id
    where c.attempt_id is null and excluded.attempt_id is not null
), cdrs as (
  insert into cdr as c (${names(cdrColumns)})
  select ${values(cdrColumns)} from l
  cross join lateral jsonb_to_record(l.cdr) as d(
    times jsonb, "billMs" bigint, cause text, q850 int, "sipCode" int, "hungUpBy" text, "callerNumber" text,
    "calledNumber" text, codec text, mos float4, "sipCallId" text, "remoteAddress" text, source text)
  cross join lateral jsonb_to_record(d.times) as t(
    "startUs" float8, "progressUs" float8, "progressMediaUs" float8, "answerUs" float8, "bridgeUs" float8, "endUs" float8)
  where l.cdr is not null
  on conflict (call_id, channel_uuid) do update set ${takeOver(cdrColumns, ['id', 'call_id', 'channel_uuid'])}, written_at = now()
    where excluded.source <> 'estimated'
      and (c.source = 'estimated' or (c.hung_up_by = 'callfabric' and excluded.hung_up_by <> 'callfabric'))
), attempts as (
  insert into call_attempt as c (${names(attemptColumns)})
  select ${values(attemptColumns)} from r cross join lateral jsonb_to_recordset(r.attempts) as a(
    "attemptId" uuid, number int, "buyerId" uuid, "endpointId" uuid, "trunkId" uuid, destination text,
    "channelUuid" text, "dialledAtUs" float8, "ringingAtUs" float8, "answeredAtUs" float8, "endedAtUs" float8,
    outcome text, cause text, "sipCode" int, "capDecision" text)
  on conflict (id) do update set ${takeOver(attemptColumns, ['id'])}
    where ${attemptToReplace}
), traces as (
  insert into call_trace (call_id, step, tenant_id, node_id, node_type, exit, entered_at, duration_ms, reason)
  select r."callId", s.step, r."tenantId", s."nodeId", s."nodeType", s.exit, ${at('s."enteredAtUs"')}, s."durationMs",
    s.reason
  from r cross join lateral jsonb_to_recordset(r.trace) as s(
    step int, "nodeId" text, "nodeType" text, exit text, "enteredAtUs" float8, "durationMs" float8, reason text)
  on conflict (call_id, step) do nothing
)
insert into recording as c (id, tenant_id, call_id, path, channels, started_at, stopped_at, duration_ms, retention_days)
select m."recordingId", r."tenantId", r."callId", m.path, m.channels, ${at('m."startedAtUs"')}, ${at('m."stoppedAtUs"')},
  m."durationMs", m."retentionDays"
from r cross join lateral jsonb_to_recordset(r.recordings) as m(
  "recordingId" uuid, path text, channels text, "startedAtUs" float8, "stoppedAtUs" float8, "durationMs" int, "retentionDays" int)
on conflict (id) do update set retention_days = coalesce(c.retention_days, excluded.retention_days),
    duration_ms = coalesce(c.duration_ms, excluded.duration_ms)
  where (c.retention_days is null and excluded.retention_days is not null)
    or (c.status = 'pending' and c.duration_ms is null and excluded.duration_ms is not null)`;
}

// A leg that was written by itself knows no more of who ended it than that its far side did not; its call does.
// An orphan's recording knows no retention and no length: a session's takes its place.

/** Writes records whose source is `session` or `leg`. */
export const writeSessions = {
  name: 'callfabric_write_sessions',
  text: statement(sessionWins, attemptFromSwitch),
} as const;
/** Writes records whose source is `switch`. */
export const writeOrphans = {
  name: 'callfabric_write_orphans',
  text: statement(orphansJoin, attemptUnknown),
} as const;

/** Keeps records whose source is `held`; the first word of a call stays. */
export const writeHeld = {
  name: 'callfabric_write_held',
  text: `insert into held_call (call_id, tenant_id, record, held_until)
select r."callId", r."tenantId", r.record, now() + r."holdMs" * interval '1 ms'
from jsonb_to_recordset($1::jsonb) as r("callId" uuid, "tenantId" uuid, record jsonb, "holdMs" int)
on conflict (call_id) do nothing`,
} as const;
