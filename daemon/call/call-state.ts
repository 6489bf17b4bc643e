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

const version = 'c2.';
/** A header longer than this is not worth its cost; FreeSWITCH itself takes more. */
const longestStateBytes = 24_576;

/** Header-safe text (base64url of shortened JSON). Throws RangeError where the call's variables have grown past the bound. */
export function encodeCallState(state: CallState): string {
  const text = version + shorten(JSON.stringify(state));
  if (text.length > longestStateBytes && state.history !== undefined) {
    const { history: _, ...rest } = state;
    return encodeCallState(rest);
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
    const state = JSON.parse(lengthen(text.slice(version.length))) as CallState;
    const whole =
      typeof state === 'object' &&
      state !== null &&
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
