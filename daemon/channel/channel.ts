import type { DialRequest } from '../esl/dial-string.ts';
import type { DigitsRequest } from '../esl/media-argument.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid, SwitchName } from '../telephony/ids.ts';
import type { Media, RecordingAdjustment } from '../telephony/media.ts';

export type { DialDestination } from '../telephony/dial-destination.ts';
export type { Media, RecordingAdjustment, Ringback } from '../telephony/media.ts';

export interface PlayOptions {
  /** Digits that stop the playback. Default: none. */
  readonly terminators?: string;
  /** Stops the playback from outside (a freed slot, an operator): costs one `uuid_break`. */
  readonly until?: AbortSignal;
}
/** `interrupted`: `until` fired. `failed`: FreeSWITCH could not play it; `detail` is its own word. */
export type PlayResult =
  | { readonly end: 'finished' }
  | { readonly end: 'digit'; readonly digit: string }
  | { readonly end: 'interrupted' }
  | { readonly end: 'failed'; readonly detail: string };

/** See esl/media-argument. */
export interface CollectDigitsOptions extends Omit<DigitsRequest, 'forgetEarlier'> {
  /** False: the prompt is heard to its end, and keys pressed during it do not count. */
  readonly bargeIn: boolean;
}
export type CollectedDigits =
  | { readonly end: 'digits'; readonly digits: string; readonly terminator: string }
  | { readonly end: 'timeout' }
  /** The prompt could not be played; FreeSWITCH waits for no key then. */
  | { readonly end: 'failed'; readonly detail: string };

/** See esl/dial-string. */
export interface BridgeRequest extends DialRequest {
  /** Chosen by us, so that the leg has one name everywhere before it exists. FreeSWITCH refuses one it knows. */
  readonly legUuid: ChannelUuid;
}
/**
 * How a bridge ended. `answered`: the two talked; `cause` is why it ended and `hungUpBy` who did so.
 * Otherwise `cause` is why the leg never came to be.
 */
export type BridgeResult =
  | { readonly end: 'answered'; readonly cause: HangupCause; readonly hungUpBy: 'A' | 'B' }
  | { readonly end: 'notAccepted'; readonly cause: HangupCause }
  | { readonly end: 'notAnswered'; readonly cause: HangupCause; readonly sipCode: number | undefined };

export interface RecordingOptions {
  readonly channels: 'mono' | 'stereo';
}

/** How the A-leg ended, as far as its own socket told. */
export interface ChannelEnd {
  readonly cause: HangupCause;
  /** `caller`: a BYE or CANCEL came. `callfabric`: we hung up. `lost`: the socket broke without a word. */
  readonly by: 'caller' | 'callfabric' | 'lost';
  /** The leg it was joined with last (`last_bridge_to`), as the channel itself said when it ended. */
  readonly bridgedTo?: ChannelUuid | undefined;
}

/** Thrown out of any verb when the channel is no more. Only the walker catches it. */
export class ChannelGone extends Error {
  override readonly name = 'ChannelGone';
  readonly end: ChannelEnd;
  constructor(end: ChannelEnd) {
    // Every call ends by one: a stack would cost much and say nothing.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`channel gone: ${end.cause} (${end.by})`);
    Error.stackTraceLimit = stackTraceLimit;
    this.end = end;
  }
}

/**
 * A live A-leg and what may be done to it. Every verb rejects with ChannelGone once the leg is gone;
 * any other rejection is a fault (FreeSWITCH did not keep its side, or the text could not be sent).
 */
export interface Channel {
  readonly uuid: ChannelUuid;
  readonly switchName: SwitchName;
  /** Caller's number and name as they arrived: raw, hostile. */
  readonly callerNumber: string;
  readonly callerName: string;
  /** The dialled number as it arrived. */
  readonly calledNumber: string;
  readonly answered: boolean;
  /** Aborts when the leg is gone; the reason is a ChannelGone. */
  readonly hungUp: AbortSignal;
  /** When it was last joined with another leg before the socket was opened, by FreeSWITCH's clock. */
  readonly bridgedAtUs?: number | undefined;
  /** A channel variable as it stood when the socket was opened. */
  variable(name: string): string | undefined;
  /**
   * Text that must be on the channel before the next verb that may wait: sent in that verb's own packet. `answer`,
   * `setVariables` and the recording verbs return at once and leave it for the next one. Asked for only then: most
   * steps of a flow never wait.
   */
  carry(state: () => string): void;
  answer(): Promise<void>;
  /** Early media (183) without answering. */
  preAnswer(): Promise<void>;
  /** 180 Ringing. */
  ringReady(): Promise<void>;
  setVariables(variables: Readonly<Record<string, string>>): Promise<void>;
  play(media: Media, options?: PlayOptions): Promise<PlayResult>;
  collectDigits(options: CollectDigitsOptions): Promise<CollectedDigits>;
  bridge(request: BridgeRequest): Promise<BridgeResult>;
  /** `path`: absolute, on FreeSWITCH's disk. Rejects where FreeSWITCH cannot write there. */
  startRecording(path: string, options: RecordingOptions): Promise<void>;
  stopRecording(path: string): Promise<void>;
  /** For what must not be kept (card numbers). */
  adjustRecording(path: string, adjustment: RecordingAdjustment): Promise<void>;
  hangup(cause: HangupCause): Promise<void>;
}
