import type { Channel, Media, RecordingAdjustment, Ringback } from '../channel/channel.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type {
  BuyerId,
  CallId,
  CampaignId,
  EndpointId,
  FlowVersionId,
  PhoneNumberId,
  PublisherId,
  TenantId,
} from '../telephony/ids.ts';
import type { AttemptOutcome } from '../telephony/outcome.ts';

/** What is known of a call from its admission on; never changes. */
export interface CallFacts {
  readonly callId: CallId;
  readonly tenantId: TenantId;
  readonly campaignId: CampaignId;
  readonly phoneNumberId: PhoneNumberId;
  readonly publisherId: PublisherId | undefined;
  /** E.164 where the caller sent a telephone number, else the raw text. */
  readonly caller: string;
  readonly callerName: string;
  /** The DID, E.164. */
  readonly did: string;
  readonly flowVersionId: FlowVersionId;
  readonly startedAtMs: number;
  readonly didTags: readonly string[];
}

/** The call's variables (strings), shared by its nodes; carried on the channel. At most 100, 2,000 characters each. */
export interface Variables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  entries(): IterableIterator<[string, string]>;
}

/** One endpoint that may be dialled. `rejected` is the reason it may not (product.md's reason codes). */
export interface Candidate {
  readonly buyerId: BuyerId | undefined;
  readonly buyerName: string;
  readonly endpointId: EndpointId | undefined;
  readonly label: string;
  readonly rejected: string | undefined;
}

/** Which candidates: the campaign's plan, one buyer, or one number or URI (`dial`). */
export type CandidateSource =
  | { readonly from: 'campaign' }
  | { readonly from: 'buyer'; readonly buyer: string }
  /** `trunks`: names of the trunks it may go through; absent: any of the tenant's. */
  | { readonly from: 'destination'; readonly destination: string; readonly trunks?: readonly string[] };

/**
 * What an unsuccessful cause means for the tries after it. `next`: go on, even to the same endpoint through another
 * trunk. `skipEndpoint`: final for this endpoint, the others are tried. `stop`: nobody else is tried.
 */
export type CauseRule = 'next' | 'skipEndpoint' | 'stop';

export interface AttemptOptions {
  /** The flow's wish; a buyer's or endpoint's own setting goes before it, the campaign's after it. */
  readonly ringTimeoutMs: number | undefined;
  /** Never longer than this, whoever set the ring timeout: what is left of the node's total time. */
  readonly ringAtMostMs?: number;
  /** Rules by hangup cause (`USER_BUSY`) or SIP status (`486`), before those of routing/cause-map. */
  readonly causes?: Readonly<Record<string, CauseRule>>;
  readonly ringback?: Ringback;
  readonly whisper?: Media;
  readonly accept?: { readonly digit: string; readonly timeoutMs: number };
  readonly maxDurationMs?: number;
  readonly callerId?: { readonly number: string; readonly name: string };
}
export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  readonly cause: HangupCause;
  readonly sipCode: number | undefined;
  /** The scope that refused, where outcome is `capped`. */
  readonly cappedBy: string | undefined;
  readonly hungUpBy: 'A' | 'B' | undefined;
  /** Milliseconds both talked, 0 where not connected; without word of the answer, the whole time since dialling. */
  readonly talkedMs: number;
  /** What the cause means for the tries after this one. Default `next`. */
  readonly next?: CauseRule;
}

/** Dials endpoints for a call: takes the caps, makes the attempt row, bridges, tells what became of it. */
export interface Dialing {
  /** Candidates in the order they should be tried; endpoints already tried in this call come rejected as `tried`. */
  candidates(source: CandidateSource): Promise<readonly Candidate[]>;
  attempt(candidate: Candidate, options: AttemptOptions): Promise<AttemptResult>;
}

export type QueueTurn =
  /** It is this call's turn and a candidate's caps are held for it; the next attempt dials that one first. */
  { readonly turn: 'ready' } | { readonly turn: 'full' } | { readonly turn: 'noCandidates' };

/** A place in a waiting line, kept in Redis; first come first served over all daemons. */
export interface QueuePlace {
  /** Aborts when it is this call's turn (the slot is then held), or when the place is lost (`lost`). */
  readonly ready: AbortSignal;
  /** True where `ready` fired because the queue went away (Redis lost): go on as if it were the turn, without a held slot. */
  readonly lost: boolean;
  /** 1 is the head. */
  position(): Promise<number>;
  /** Estimated wait in ms, undefined before anything is known. */
  expectedWaitMs(): Promise<number | undefined>;
  /** Gives the place up, and the slot where one is held by now. For every way out but the one by `ready`. Twice is harmless. */
  leave(): Promise<void>;
}
export interface Queues {
  join(options: {
    readonly queue: string;
    readonly priority: number;
    readonly maxSize: number;
    readonly source: CandidateSource;
  }): Promise<
    | { readonly joined: true; readonly place: QueuePlace }
    | { readonly joined: false; readonly reason: 'full' | 'noCandidates' }
  >;
}

export interface RecordingControl {
  start(options: {
    readonly channels: 'mono' | 'stereo';
    readonly retentionDays?: number;
  }): Promise<'recording' | 'storageUnavailable'>;
  /** False: none runs. */
  stop(): Promise<boolean>;
  /** False: none runs, and one that begins later begins neither masked nor paused. */
  adjust(adjustment: RecordingAdjustment): Promise<boolean>;
}

/** What a `goto` node asks the walker for. */
export interface FlowReference {
  readonly flow: string;
  readonly version: number | 'latest';
}

/** Everything a node may touch. */
export interface NodeContext {
  readonly nodeId: string;
  readonly call: CallFacts;
  readonly channel: Channel;
  readonly variables: Variables;
  readonly tags: Set<string>;
  readonly dialing: Dialing;
  readonly queues: Queues;
  readonly recording: RecordingControl;
  /** True where another daemon was here before (takeover): the node runs again. */
  readonly resumed: boolean;
  /** Milliseconds since 1970; tests set it. */
  now(): number;
  /** A number in [0, 1); tests set it. */
  random(): number;
  /** Resolves after `ms`, rejects with ChannelGone when the caller goes. */
  wait(ms: number): Promise<void>;
  /** Goes on the node's trace row: why this exit. */
  explain(reason: string): void;
  /** Enters another flow and comes back with the name it returned, `missing` where there is no such published flow. */
  enterFlow(
    flow: FlowReference,
    inputs: Readonly<Record<string, string>>,
  ): Promise<{ readonly returned: string } | { readonly missing: string }>;
  readonly log: NodeLog;
}
export interface NodeLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
