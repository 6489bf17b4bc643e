import type { CapLease } from '../caps/cap-lease.ts';
import { readWalkState, type WalkState } from '../flow/walk-state.ts';
import type {
  AttemptId,
  BuyerId,
  CallId,
  CampaignId,
  ChannelUuid,
  EndpointId,
  PhoneNumberId,
  PublisherId,
  TenantId,
  TrunkId,
} from '../telephony/ids.ts';
import type { PackedHistory } from './call-history.ts';
import type { CarriedRecording } from './call-recording.ts';
import { lengthen, shorten } from './state-text.ts';

/**
 * Channel variables by which a leg says whose it is. They come back in every event and in mod_json_cdr's record,
 * so any daemon can go on with the call, or write it down, with PostgreSQL and Redis both gone.
 */
export const stateVariables = {
  call: 'callfabric_call',
  tenant: 'callfabric_tenant',
  daemon: 'callfabric_daemon',
  side: 'callfabric_side',
  state: 'callfabric_state',
  /** Why the call was turned away, where it was. */
  refusal: 'callfabric_refusal',
  /** Set by the dialplan before its second `socket` action: `takeover`. */
  entry: 'callfabric_entry',
} as const;

/** An attempt that was under way when the state was written. */
export interface AttemptUnderWay {
  readonly attemptId: AttemptId;
  readonly number: number;
  readonly endpointId: EndpointId | undefined;
  readonly buyerId?: BuyerId | undefined;
  readonly trunkId?: TrunkId | undefined;
  /** E.164 or SIP URI. */
  readonly destination?: string;
  readonly legUuid: ChannelUuid;
  readonly dialledAtUs: number;
  readonly lease: CapLease | undefined;
}

/** All that another daemon needs to go on with a call. */
export interface CallState {
  readonly callId: CallId;
  readonly tenantId: TenantId;
  readonly campaignId: CampaignId;
  readonly phoneNumberId: PhoneNumberId;
  readonly publisherId: PublisherId | undefined;
  readonly did: string;
  readonly startedAtUs: number;
  readonly takeovers: number;
  readonly attemptsMade: number;
  readonly tried: readonly EndpointId[];
  readonly underWay: AttemptUnderWay | undefined;
  readonly lease: CapLease | undefined;
  /** The slot a queue held for its caller when the state was written: the next attempt takes it. */
  readonly held?: { readonly key: string; readonly lease: CapLease };
  readonly recordings: readonly CarriedRecording[];
  /** What the call has behind it (call-history.ts); left out where the state would grow past its bound. */
  readonly history?: PackedHistory;
  readonly walk: WalkState;
}

/** What stays as it is while one daemon has the call: made into text once. */
type LastingState = Pick<
  CallState,
  | 'callId'
  | 'tenantId'
  | 'campaignId'
  | 'phoneNumberId'
  | 'publisherId'
  | 'did'
  | 'startedAtUs'
  | 'takeovers'
  | 'lease'
>;
type ChangingState = Omit<CallState, keyof LastingState>;

const version = 'c3.';
/** A header longer than this is not worth its cost; FreeSWITCH itself takes more. */
const longestStateBytes = 24_576;

/** The part of `encodeCallState` that stays. */
export function encodeLastingState(state: LastingState): string {
  const { callId, tenantId, campaignId, phoneNumberId, publisherId, did, startedAtUs, takeovers, lease } =
    state;
  const ids = { callId, tenantId, campaignId, phoneNumberId, publisherId };
  return `${version}${shorten(JSON.stringify({ ...ids, did, startedAtUs, takeovers, lease }))}.`;
}

/**
 * Header-safe text: shortened JSON in base64url, what lasts and what changes with a point in between. Throws RangeError
 * where the call's variables have grown past the bound.
 */
export function encodeCallState(changing: ChangingState, lasting: string): string {
  const { attemptsMade, tried, underWay, held, recordings, history, walk } = changing;
  const text =
    lasting + shorten(JSON.stringify({ attemptsMade, tried, underWay, held, recordings, history, walk }));
  if (text.length > longestStateBytes && history !== undefined) {
    const { history: _, ...rest } = changing;
    return encodeCallState(rest, lasting);
  }
  if (text.length > longestStateBytes)
    throw new RangeError(
      `the call's state is ${text.length} bytes, more than ${longestStateBytes}: its flow keeps too much in variables`,
    );
  return text;
}

/** Undefined where the text is none of ours: cut, hostile, or of another version. */
export function decodeCallState(text: string | undefined): CallState | undefined {
  if (text === undefined || !text.startsWith(version) || text.length > longestStateBytes) return undefined;
  try {
    const [lasting = '', changing = ''] = text.slice(version.length).split('.');
    const state = { ...JSON.parse(lengthen(lasting)), ...JSON.parse(lengthen(changing)) } as CallState;
    const whole =
      typeof state.callId === 'string' &&
      typeof state.tenantId === 'string' &&
      typeof state.campaignId === 'string' &&
      typeof state.startedAtUs === 'number' &&
      Array.isArray(state.tried) &&
      Array.isArray(state.recordings) &&
      readWalkState(state.walk).state !== undefined;
    return whole ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The leases a state names beside the call's own: of the attempt under way, and of a slot that a queue held. */
export function leasesOf(
  state: { readonly underWay: CallState['underWay']; readonly held?: CallState['held'] } | undefined,
): CapLease[] {
  return [state?.underWay?.lease, state?.held?.lease].filter((lease) => lease !== undefined);
}
