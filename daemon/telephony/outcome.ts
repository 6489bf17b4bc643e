/**
 * What became of a call, in one closed vocabulary (the database checks it too).
 * `connected`: a buyer and the caller talked. The rest say how far it came.
 */
export const callOutcomes = [
  'connected',
  'abandoned', // the caller hung up before anything was dialled or queued (menu, announcement)
  'abandoned_in_queue',
  'abandoned_ringing', // the caller hung up while a buyer was being rung
  'no_answer',
  'busy',
  'rejected',
  'not_accepted', // answered, but nobody pressed the key to accept
  'failed', // every attempt failed for a technical cause
  'capped', // nobody could be dialled: caps
  'queue_timeout',
  'finished', // the flow came to its own end without dialling anyone
  'refused', // admission said no: the reason is in `refusal`
  'transferred',
  'interrupted', // the daemon and the switch lost each other; written from the switch's own record
  'error', // a fault of ours or of the flow; the reason is in the trace
] as const;
export type CallOutcome = (typeof callOutcomes)[number];

/** What became of one attempt on one endpoint. */
export const attemptOutcomes = [
  'connected', // answered and talked until one side hung up
  'max_duration', // answered, cut at the allowed length
  'not_accepted',
  'no_answer',
  'busy',
  'rejected',
  'failed',
  'capped', // not dialled: a cap was full
  'cancelled', // the caller hung up while it rang
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/** Who ended the call first. `network`: the switch or the path failed. */
export const hangupSides = ['caller', 'callee', 'callfabric', 'network'] as const;
export type HangupSide = (typeof hangupSides)[number];

/** Why a new call was turned away before its flow began. */
export const refusals = [
  'unknown_number',
  'number_disabled',
  'tenant_suspended',
  'publisher_disabled', // or its place in the campaign
  'no_published_flow',
  'capped',
  'caps_unavailable',
  'draining',
  'overloaded',
  'database_unavailable',
  'blocked_caller',
  'invalid_caller',
  'not_taken', // no daemon took it: none ran, or what FreeSWITCH told of it was over the limits
] as const;
export type Refusal = (typeof refusals)[number];
