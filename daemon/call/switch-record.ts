import type { LegEnd } from '../channel/leg-fact.ts';
import type { AttemptRecord, CallRecord, LegOfCall, LegRecord } from '../records/call-record.ts';
import type { Route } from '../routing/route.ts';
import {
  type AttemptId,
  type CallId,
  type DaemonId,
  isUuid,
  newId,
  type SwitchName,
  type TenantId,
} from '../telephony/ids.ts';
import type { HangupSide } from '../telephony/outcome.ts';
import { cdrOf } from './assemble-record.ts';
import { readHistory } from './call-history.ts';
import { type AttemptUnderWay, type CallState, decodeCallState, stateVariables } from './call-state.ts';
import { resultOfInterrupted } from './takeover.ts';

/** Whose the leg is, by its own variables; undefined: it is no leg of a call of ours. */
function ownerOf(end: LegEnd): { readonly callId: CallId; readonly tenantId: TenantId } | undefined {
  const callId = end.variable(stateVariables.call);
  const tenantId = end.variable(stateVariables.tenant);
  if (callId === undefined || tenantId === undefined || !isUuid(callId) || !isUuid(tenantId))
    return undefined;
  return { callId: callId as CallId, tenantId: tenantId as TenantId };
}

function legOf(
  end: LegEnd,
  source: 'event' | 'json_cdr',
  otherwise: HangupSide,
  attemptId?: AttemptId,
): LegRecord {
  return {
    legId: newId<'LegId'>(),
    side: end.side,
    channelUuid: end.channelUuid,
    attemptId,
    cdr: cdrOf(end, source, otherwise),
  };
}

/**
 * One leg by itself, as its call's record would have it. A B-leg may end long before its call; what FreeSWITCH told of
 * it must outlive the daemon that was told. Undefined: no leg of ours.
 */
export function legOfCall(
  end: LegEnd,
  source: 'event' | 'json_cdr',
  attemptId?: AttemptId,
): LegOfCall | undefined {
  const owner = ownerOf(end);
  if (owner === undefined) return undefined;
  return { source: 'leg', ...owner, legs: [legOf(end, source, 'callfabric', attemptId)] };
}

/**
 * What every record made from the switch's own word of an A-leg has in common. `otherwise`: who hung up where the far
 * side did not.
 */
function switchCall(end: LegEnd, switchName: SwitchName, otherwise: HangupSide = 'network') {
  const { times } = end;
  const leg = legOf(end, 'json_cdr', otherwise);
  return {
    publisherId: undefined,
    flowVersionId: undefined,
    switchName,
    daemonId: (end.variable(stateVariables.daemon) ?? '') as DaemonId,
    caller: end.callerNumber,
    callerName: '',
    startedAtUs: times.startUs,
    answeredAtUs: times.answerUs,
    connectedAtUs: times.bridgeUs,
    endedAtUs: Math.max(times.startUs, times.endUs),
    cause: end.cause,
    hungUpBy: leg.cdr?.hungUpBy ?? otherwise,
    buyerId: undefined,
    variables: {},
    tags: [],
    takeovers: 0,
    source: 'switch',
    legs: [leg],
    attempts: [],
    trace: [],
    recordings: [],
  } as const;
}

/**
 * The record of a call of which only the switch can tell, its daemon having crashed: from the end of its A-leg as
 * mod_json_cdr posts it, and the state the channel carried. Where a session has written the call, only a missing or
 * estimated CDR is filled in. Undefined: no A-leg of ours.
 */
export function interruptedCall(end: LegEnd, switchName: SwitchName): CallRecord | undefined {
  const owner = ownerOf(end);
  if (owner === undefined || end.side !== 'A') return undefined;
  const state = decodeCallState(end.variable(stateVariables.state));
  const known = switchCall(end, switchName);
  const told = state === undefined ? { did: end.calledNumber } : carriedBy(state, end);
  return {
    ...known,
    campaignId: undefined,
    phoneNumberId: undefined,
    ...owner,
    ...told,
    outcome: 'interrupted',
    refusal: undefined,
    reason: 'its daemon ended before the call did: written from the record of the switch',
  };
}

function carriedBy(state: CallState, end: LegEnd) {
  const { campaignId, phoneNumberId, publisherId, did, takeovers, underWay, walk } = state;
  const history = readHistory(state.history, state.startedAtUs);
  const attempts = [...history.attempts, ...(underWay === undefined ? [] : [attemptOf(underWay, end)])];
  return {
    campaignId,
    phoneNumberId,
    publisherId,
    did,
    takeovers,
    flowVersionId: walk.frames[0]?.flowVersionId,
    variables: walk.variables,
    tags: walk.tags,
    buyerId: attempts.find(talked)?.buyerId,
    attempts,
    trace: history.trace,
    recordings: recordingsOf(state, attempts, end.times.endUs),
  };
}

function talked({ outcome }: AttemptRecord): boolean {
  return outcome === 'connected' || outcome === 'max_duration';
}

/** Those of a conversation alone are files only where there was one, or where that is not known any more. */
function recordingsOf(
  state: CallState,
  attempts: readonly AttemptRecord[],
  endUs: number,
): CallRecord['recordings'] {
  const filled = attempts.length < state.attemptsMade || attempts.some(talked);
  return state.recordings
    .filter(({ onlyBridged }) => filled || onlyBridged !== true)
    .map(({ recordingId, path, channels, startedAtUs, retentionDays, stoppedAtUs, durationMs }) => ({
      recordingId,
      path,
      channels,
      startedAtUs,
      retentionDays,
      stoppedAtUs: stoppedAtUs ?? endUs,
      durationMs,
    }));
}

/** The attempt that ran when the daemon died, as far as the A-leg can tell. */
function attemptOf(attempt: AttemptUnderWay, end: LegEnd): AttemptRecord {
  const result = resultOfInterrupted(attempt, end, end.times.endUs / 1000);
  const joined = end.times.bridgeUs !== undefined && end.otherLegUuid === attempt.legUuid;
  const outcome = joined ? 'connected' : (result?.outcome ?? 'cancelled');
  return {
    attemptId: attempt.attemptId,
    number: attempt.number,
    buyerId: attempt.buyerId,
    endpointId: attempt.endpointId,
    trunkId: attempt.trunkId,
    destination: attempt.destination ?? '',
    channelUuid: attempt.legUuid,
    dialledAtUs: attempt.dialledAtUs,
    ringingAtUs: undefined,
    answeredAtUs: joined ? end.times.bridgeUs : undefined,
    endedAtUs: Math.max(attempt.dialledAtUs, end.times.endUs),
    outcome,
    cause: result?.cause ?? end.cause,
    sipCode: undefined,
    capDecision: 'granted',
  };
}

/**
 * A call that was offered to every daemon and taken by none: they were away, or FreeSWITCH told more of it than one
 * socket takes (esl/frame-parser). It has no id of ours; its channel's serves, so that it is written once.
 */
export function callNotTaken(
  end: LegEnd,
  switchName: SwitchName,
  route: Route,
  did: string,
): CallRecord | undefined {
  if (!isUuid(end.channelUuid)) return undefined;
  return {
    ...switchCall(end, switchName),
    callId: end.channelUuid as string as CallId,
    ...turnedAway(route, did),
    refusal: 'not_taken',
    reason: 'no daemon took the call: none was there, or what FreeSWITCH told of it was over the limits',
  };
}

/** A call whose daemon refused it (`refusedUnread`) before it knew whose it was. */
export function callRefusedUnread(
  end: LegEnd,
  switchName: SwitchName,
  route: Route,
  did: string,
): CallRecord | undefined {
  const refusal = refusedUnread(end);
  const callId = end.variable(stateVariables.call);
  if (refusal === undefined || callId === undefined || !isUuid(callId)) return undefined;
  return {
    ...switchCall(end, switchName, 'callfabric'),
    callId: callId as CallId,
    ...turnedAway(route, did),
    refusal,
    reason: unreadBecause[refusal],
  };
}

function turnedAway(route: Route, did: string) {
  return {
    tenantId: route.tenant.tenantId,
    campaignId: route.campaign.campaignId,
    phoneNumberId: route.number.phoneNumberId,
    publisherId: route.publisher?.publisherId,
    did,
    outcome: 'refused',
  } as const;
}

/** Refusals of a daemon that could not, or did not, read the route of the number. */
const unreadBecause = {
  database_unavailable: 'the route of the number could not be read: PostgreSQL was away or too slow',
  draining: 'its daemon took no new calls: it was stopping',
  overloaded: 'its daemon took no new calls: it had as many as it may have',
} as const;

/**
 * Why a call was refused whose daemon did not know whose it was, and so wrote nothing: it can be looked up later.
 * Undefined for any other.
 */
export function refusedUnread(end: LegEnd): keyof typeof unreadBecause | undefined {
  const refusal = end.variable(stateVariables.refusal);
  if (end.side !== 'A' || end.variable(stateVariables.tenant) !== undefined) return undefined;
  return refusal !== undefined && Object.hasOwn(unreadBecause, refusal)
    ? (refusal as keyof typeof unreadBecause)
    : undefined;
}

/** True for a call the dialplan offered to the daemons, to no avail so far: nobody has put its name on it. */
export function offeredInVain(end: LegEnd): boolean {
  return (
    end.side === 'A' &&
    end.variable(stateVariables.call) === undefined &&
    end.variable(stateVariables.entry) === 'takeover'
  );
}
