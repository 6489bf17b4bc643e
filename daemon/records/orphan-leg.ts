import type { LegEnd } from '../channel/leg-fact.ts';
import { q850Of } from '../telephony/hangup-cause.ts';
import {
  type AttemptId,
  type BuyerId,
  type CallId,
  type CampaignId,
  type ChannelUuid,
  type DaemonId,
  type EndpointId,
  type FlowVersionId,
  isUuid,
  newId,
  type PhoneNumberId,
  type PublisherId,
  type RecordingId,
  type SwitchName,
  type TenantId,
  type TrunkId,
} from '../telephony/ids.ts';
import type { HangupSide } from '../telephony/outcome.ts';
import type { AttemptRecord, CallRecord } from './call-record.ts';

/** What the A-leg's own variables tell of its call: a CallState (call/call-state.ts) will do. */
export interface OrphanState {
  readonly campaignId?: CampaignId | undefined;
  readonly phoneNumberId?: PhoneNumberId | undefined;
  readonly publisherId?: PublisherId | undefined;
  readonly flowVersionId?: FlowVersionId | undefined;
  readonly did: string;
  readonly takeovers: number;
  readonly underWay?:
    | {
        readonly attemptId: AttemptId;
        readonly number: number;
        readonly endpointId: EndpointId | undefined;
        readonly buyerId?: BuyerId | undefined;
        readonly trunkId?: TrunkId | undefined;
        readonly destination?: string;
        readonly legUuid: ChannelUuid;
        readonly dialledAtUs: number;
      }
    | undefined;
  readonly recordings: readonly {
    readonly recordingId: RecordingId;
    readonly path: string;
    readonly startedAtUs: number;
    readonly channels: 'mono' | 'stereo';
  }[];
}

export interface OrphanContext {
  readonly switchName: SwitchName;
  /** Decoded from the A-leg's state variable; undefined on a B-leg or where it is none of ours. */
  readonly state: OrphanState | undefined;
  /** Names of the channel variables that say whose the leg is. */
  readonly variables?: { readonly call: string; readonly tenant: string; readonly daemon: string };
}

const ownVariables = { call: 'callfabric_call', tenant: 'callfabric_tenant', daemon: 'callfabric_daemon' };

/**
 * The record of a call of which only the switch can tell, its daemon having crashed: made from one leg's end as
 * mod_json_cdr posts it. Give it to the RecordWriter: legs of one call join there, the same leg twice changes nothing,
 * and where a session has written the call only a missing or estimated CDR is filled in. Undefined: no leg of ours.
 */
export function orphanRecord(end: LegEnd, context: OrphanContext): CallRecord | undefined {
  const names = context.variables ?? ownVariables;
  const callId = end.variable(names.call);
  const tenantId = end.variable(names.tenant);
  if (callId === undefined || tenantId === undefined || !isUuid(callId) || !isUuid(tenantId))
    return undefined;
  const { times } = end;
  const isA = end.side === 'A';
  const state = isA ? context.state : undefined;
  const farSide: HangupSide = isA ? 'caller' : 'callee';
  const hungUpBy: HangupSide = end.disposition?.startsWith('recv_') ? farSide : 'network';
  const attempt = state?.underWay;
  return {
    callId: callId as CallId,
    tenantId: tenantId as TenantId,
    campaignId: state?.campaignId,
    phoneNumberId: state?.phoneNumberId,
    publisherId: state?.publisherId,
    flowVersionId: state?.flowVersionId,
    switchName: context.switchName,
    daemonId: (end.variable(names.daemon) ?? '') as DaemonId,
    caller: isA ? end.callerNumber : '',
    callerName: '',
    did: isA ? (state?.did ?? end.calledNumber) : '',
    startedAtUs: times.startUs,
    answeredAtUs: isA ? times.answerUs : undefined,
    connectedAtUs: times.bridgeUs,
    endedAtUs: Math.max(times.startUs, times.endUs),
    outcome: 'interrupted',
    refusal: undefined,
    reason: 'its daemon ended before the call did: written from the record of the switch',
    cause: end.cause,
    hungUpBy,
    buyerId: undefined,
    variables: {},
    tags: [],
    takeovers: state?.takeovers ?? 0,
    source: 'switch',
    legs: [
      {
        legId: newId<'LegId'>(),
        side: end.side,
        channelUuid: end.channelUuid,
        attemptId: undefined,
        cdr: {
          times,
          billMs: Math.max(0, Math.round(end.billMs)),
          cause: end.cause,
          q850: q850Of(end.cause),
          sipCode: end.sipCode,
          hungUpBy,
          callerNumber: end.callerNumber,
          calledNumber: end.calledNumber,
          codec: end.codec,
          mos: end.mos,
          sipCallId: end.sipCallId,
          remoteAddress: end.remoteAddress,
          source: 'json_cdr',
        },
      },
    ],
    attempts: attempt === undefined ? [] : [attemptOf(attempt, end)],
    trace: [],
    recordings: (state?.recordings ?? []).map((recording) => ({
      ...recording,
      stoppedAtUs: times.endUs,
      retentionDays: undefined,
    })),
  };
}

/** The attempt that ran when the daemon died, as far as the A-leg can tell. */
function attemptOf(attempt: NonNullable<OrphanState['underWay']>, end: LegEnd): AttemptRecord {
  const joined = end.times.bridgeUs !== undefined && end.otherLegUuid === attempt.legUuid;
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
    outcome: joined ? 'connected' : 'cancelled',
    cause: end.cause,
    sipCode: undefined,
    capDecision: 'granted',
  };
}
