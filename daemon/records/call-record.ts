import type { LegTimes } from '../channel/leg-fact.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type {
  AttemptId,
  BuyerId,
  CallId,
  CampaignId,
  ChannelUuid,
  DaemonId,
  EndpointId,
  FlowVersionId,
  LegId,
  PhoneNumberId,
  PublisherId,
  RecordingId,
  SwitchName,
  TenantId,
  TrunkId,
} from '../telephony/ids.ts';
import type { AttemptOutcome, CallOutcome, HangupSide, Refusal } from '../telephony/outcome.ts';

/** Everything that is written down of one call, in one transaction, once. Times are FreeSWITCH's where it told them. */
export interface CallRecord {
  readonly callId: CallId;
  readonly tenantId: TenantId;
  readonly campaignId: CampaignId | undefined;
  readonly phoneNumberId: PhoneNumberId | undefined;
  readonly publisherId: PublisherId | undefined;
  readonly flowVersionId: FlowVersionId | undefined;
  readonly switchName: SwitchName;
  readonly daemonId: DaemonId;
  readonly caller: string;
  readonly callerName: string;
  readonly did: string;
  readonly startedAtUs: number;
  readonly answeredAtUs: number | undefined;
  /** When the first buyer and the caller were joined. */
  readonly connectedAtUs: number | undefined;
  readonly endedAtUs: number;
  readonly outcome: CallOutcome;
  readonly refusal: Refusal | undefined;
  /** One sentence for the person who asks why. */
  readonly reason: string | undefined;
  readonly cause: HangupCause;
  readonly hungUpBy: HangupSide;
  readonly buyerId: BuyerId | undefined;
  readonly variables: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** How often another daemon went on with this call. */
  readonly takeovers: number;
  /** `session`: written by the daemon that ran the call. `switch`: made from mod_json_cdr's record after a crash; a session's record replaces it. */
  readonly source: 'session' | 'switch';
  readonly legs: readonly LegRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly trace: readonly TraceRecord[];
  readonly recordings: readonly RecordingRecord[];
}

/** One leg that ended before its call: it is written at once, and the call's own record finds it there. */
export interface LegOfCall {
  readonly source: 'leg';
  readonly callId: CallId;
  readonly tenantId: TenantId;
  readonly legs: readonly [LegRecord];
}

/**
 * What the switch alone tells of a call (`record.source` is `switch`), which may run at another daemon: kept aside in
 * PostgreSQL for `holdMs`, and then (held-calls.ts) the call's record where no session's has come.
 */
export interface HeldCallRecord {
  readonly source: 'held';
  readonly callId: CallId;
  readonly tenantId: TenantId;
  readonly holdMs: number;
  readonly record: CallRecord;
}

/** All that is written down. */
export type AnyRecord = CallRecord | LegOfCall | HeldCallRecord;

export interface LegRecord {
  readonly legId: LegId;
  readonly side: 'A' | 'B';
  readonly channelUuid: ChannelUuid;
  readonly attemptId: AttemptId | undefined;
  /** Undefined where FreeSWITCH never told its end: the leg row then has no CDR yet. */
  readonly cdr: CdrRecord | undefined;
}

/** One leg, normalised; exactly one a leg that FreeSWITCH ended (P3). Key: channelUuid. */
export interface CdrRecord {
  readonly times: LegTimes;
  /** Whole milliseconds from answer to end, FreeSWITCH's own figure (`billmsec`). */
  readonly billMs: number;
  readonly cause: HangupCause;
  readonly q850: number;
  readonly sipCode: number | undefined;
  readonly hungUpBy: HangupSide;
  readonly callerNumber: string;
  readonly calledNumber: string;
  readonly codec: string | undefined;
  readonly mos: number | undefined;
  readonly sipCallId: string | undefined;
  readonly remoteAddress: string | undefined;
  /** `event`: CHANNEL_HANGUP_COMPLETE. `json_cdr`: mod_json_cdr. `estimated`: neither came in time; our own clock. A later true one replaces an estimate. */
  readonly source: 'event' | 'json_cdr' | 'estimated';
}

export interface AttemptRecord {
  readonly attemptId: AttemptId;
  /** 1, 2, 3 … within the call. */
  readonly number: number;
  readonly buyerId: BuyerId | undefined;
  readonly endpointId: EndpointId | undefined;
  readonly trunkId: TrunkId | undefined;
  readonly destination: string;
  readonly channelUuid: ChannelUuid;
  readonly dialledAtUs: number;
  readonly ringingAtUs: number | undefined;
  readonly answeredAtUs: number | undefined;
  readonly endedAtUs: number;
  readonly outcome: AttemptOutcome;
  readonly cause: HangupCause;
  readonly sipCode: number | undefined;
  /** `granted`, or `refused:<scope>`. */
  readonly capDecision: string;
}

export interface TraceRecord {
  /** 1, 2, 3 … within the call. */
  readonly step: number;
  readonly nodeId: string;
  readonly nodeType: string;
  readonly exit: string;
  readonly enteredAtUs: number;
  readonly durationMs: number;
  readonly reason: string | undefined;
}

export interface RecordingRecord {
  readonly recordingId: RecordingId;
  /** Absolute, on the disk FreeSWITCH writes to. */
  readonly path: string;
  readonly channels: 'mono' | 'stereo';
  readonly startedAtUs: number;
  /** From RECORD_STOP; undefined where it never came. */
  readonly stoppedAtUs: number | undefined;
  /** What FreeSWITCH counted into the file, from RECORD_STOP: less than the time between where it was paused. */
  readonly durationMs: number | undefined;
  readonly retentionDays: number | undefined;
}
