import type { CapLease, Caps, LeaseHolder } from '../caps/cap-lease.ts';
import type { WaitingLines } from '../caps/waiting-line.ts';
import type { Channel } from '../channel/channel.ts';
import type { NodeTypes } from '../flow/define-node.ts';
import type { NodeLog } from '../flow/node-context.ts';
import type { CallRecord, LegOfCall } from '../records/call-record.ts';
import type { SmoothWeights } from '../routing/smooth-weights.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { DaemonId } from '../telephony/ids.ts';
import type { AdmissionPolicy } from './admission.ts';
import type { CallWatch } from './call-news.ts';
import type { CallObserver } from './observer.ts';
import type { CallRegistry } from './registry.ts';

/** A channel as the session holds it: what nodes may do, and what travels with the next verb. */
export interface SessionChannel extends Channel {
  /** Variables that must be on the channel before the next verb that may wait; sent in that verb's own packet. */
  prepare(variables: Readonly<Record<string, string>>): void;
  /** Begins a recording in the next verb's packet; `onlyBridged` keeps the ringing out of it. */
  armRecording(
    path: string,
    options: { readonly channels: 'mono' | 'stereo'; readonly onlyBridged: boolean },
  ): void;
  /** Somebody else hangs up for us: an end that comes now is ours. `undo` where it did not come about. */
  expectHangup(cause: HangupCause): { undo(): void };
  /** What came with the channel has been read: `variable` is not asked any more, and its 5 to 9 KB may go. */
  forgetVariables(): void;
  /** Leaves the channel to FreeSWITCH: it goes on with its next dialplan action. */
  abandon(): void;
}

export interface CallLog extends NodeLog {
  error(facts: object, message: string): void;
  child(facts: object): CallLog;
}

/** Looks after channels that outlive their sockets until another session has them (orphan-care.ts). */
export interface ChannelCare {
  /**
   * From now on the leases follow the channel's life, and nobody else renews or releases them. `onGone` where the
   * channel is found gone before a session took it, or nobody can look any more.
   */
  adopt(leases: readonly CapLease[], holder: LeaseHolder, onGone?: () => void): void;
}

/** Everything one call needs of the daemon around it. */
export interface CallEnvironment {
  readonly daemonId: DaemonId;
  readonly admission: AdmissionPolicy;
  readonly caps: Caps;
  readonly lines: WaitingLines;
  readonly care: ChannelCare;
  readonly nodeTypes: NodeTypes;
  /** Shares of buyers and trunks, kept from call to call. */
  readonly weights: SmoothWeights;
  /** Resolves with whether the record is safe. */
  readonly writer: { keep(record: CallRecord | LegOfCall): Promise<boolean> };
  readonly registry: CallRegistry;
  readonly observer: CallObserver;
  readonly watch: CallWatch;
  readonly log: CallLog;
  readonly settings: {
    readonly whenCapsUnavailable: 'refuse' | 'admit';
    readonly recordingsFolder: string;
    readonly sipProfile: string;
    readonly stepBudget: number;
    /** How long the end of a call waits for FreeSWITCH's facts about its legs, ms. */
    readonly factsDeadlineMs: number;
  };
  /** Milliseconds since 1970. */
  now(): number;
}
