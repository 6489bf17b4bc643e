/** SQL for a moment as `InstantSchema` writes it: the driver's Date would lose FreeSWITCH's microseconds. */
export function instant(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** `'key', expression` pairs of a jsonb_build_object. */
function objectOf(columns: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(columns).map(([key, expression]) => `'${key}', ${expression}`);
  return `jsonb_build_object(${pairs.join(', ')})`;
}

const summary = {
  id: 'c.id',
  state: "'ended'",
  daemonId: 'c.daemon_id',
  tenantId: 'c.tenant_id',
  campaignId: 'c.campaign_id',
  publisherId: 'c.publisher_id',
  buyerId: 'c.buyer_id',
  phoneNumberId: 'c.phone_number_id',
  flowVersionId: 'c.flow_version_id',
  switchName: 'c.switch_name',
  source: 'c.source',
  caller: 'c.caller',
  callerName: 'c.caller_name',
  did: 'c.did',
  startedAt: instant('c.started_at'),
  answeredAt: instant('c.answered_at'),
  connectedAt: instant('c.connected_at'),
  endedAt: instant('c.ended_at'),
  stage: 'null',
  nodeId: 'null',
  // Its configuration may be gone; the call remembers the id.
  buyer: 'coalesce(b.name, c.buyer_id::text)',
  outcome: 'c.outcome',
  refusal: 'c.refusal',
  reason: 'c.reason',
  cause: 'c.cause',
  hungUpBy: 'c.hung_up_by',
  takeovers: 'c.takeovers',
  tags: 'to_jsonb(c.tags)',
};
/** A `call` row `c` (left joined with its `buyer` b) as a CallSummary. */
export const summaryObject = objectOf(summary);
const callObject = objectOf({
  ...summary,
  flowId: 'v.flow_id',
  flowNumber: 'v.number',
  variables: 'c.variables',
});

const cdrObject = objectOf({
  startedAt: instant('d.started_at'),
  progressAt: instant('d.progress_at'),
  progressMediaAt: instant('d.progress_media_at'),
  answeredAt: instant('d.answered_at'),
  bridgedAt: instant('d.bridged_at'),
  endedAt: instant('d.ended_at'),
  billMs: 'd.bill_ms',
  cause: 'd.cause',
  q850: 'd.q850',
  sipCode: 'd.sip_code',
  hungUpBy: 'd.hung_up_by',
  callerNumber: 'd.caller_number',
  calledNumber: 'd.called_number',
  codec: 'd.codec',
  mos: 'd.mos',
  sipCallId: 'd.sip_call_id',
  remoteAddress: 'd.remote_address',
  source: 'd.source',
});
const legObject = objectOf({
  id: 'l.id',
  side: 'l.side',
  channelUuid: 'l.channel_uuid',
  // A leg that was written before its call does not know it.
  attemptId:
    'coalesce(l.attempt_id, (select a.id from call_attempt a where a.call_id = c.id and a.channel_uuid = l.channel_uuid limit 1))',
  cdr: `case when d.id is null then null else ${cdrObject} end`,
});
const attemptObject = objectOf({
  id: 'a.id',
  number: 'a.number',
  buyerId: 'a.buyer_id',
  endpointId: 'a.endpoint_id',
  trunkId: 'a.trunk_id',
  destination: 'a.destination',
  channelUuid: 'a.channel_uuid',
  dialledAt: instant('a.dialled_at'),
  ringingAt: instant('a.ringing_at'),
  answeredAt: instant('a.answered_at'),
  endedAt: instant('a.ended_at'),
  outcome: 'a.outcome',
  cause: 'a.cause',
  sipCode: 'a.sip_code',
  capDecision: 'a.cap_decision',
});
const stepObject = objectOf({
  step: 's.step',
  nodeId: 's.node_id',
  nodeType: 's.node_type',
  exit: 's.exit',
  enteredAt: instant('s.entered_at'),
  durationMs: 's.duration_ms',
  reason: 's.reason',
});
const recordingObject = objectOf({
  id: 'r.id',
  state: 'r.status',
  channels: 'r.channels',
  startedAt: instant('r.started_at'),
  bytes: 'r.bytes',
  durationMs: 'r.duration_ms',
  sha256: 'r.sha256',
  deletedAt: instant('r.deleted_at'),
});

function listOf(object: string, order: string, from: string): string {
  return `coalesce((select jsonb_agg(${object} order by ${order}) from ${from}), '[]')`;
}

/** A `call` row `c` (left joined with its `buyer` b and its `flow_version` v) with all that belongs to it, in one read and so of one moment. */
export const detailObject = objectOf({
  call: callObject,
  legs: listOf(
    legObject,
    'l.side, d.started_at, l.id',
    'call_leg l left join cdr d on d.call_id = l.call_id and d.channel_uuid = l.channel_uuid where l.call_id = c.id',
  ),
  attempts: listOf(attemptObject, 'a.number', 'call_attempt a where a.call_id = c.id'),
  trace: listOf(stepObject, 's.step', 'call_trace s where s.call_id = c.id'),
  recordings: listOf(recordingObject, 'r.started_at, r.id', 'recording r where r.call_id = c.id'),
});
