import type { Application } from './command.ts';
import type { EslEvent } from './esl-event.ts';

/** Why a socket ended. `hangup`: FreeSWITCH said the channel is over. `refused`: a bound was passed. */
export interface SocketEnd {
  readonly kind: 'hangup' | 'reset' | 'closed' | 'refused' | 'timeout';
  readonly detail: string;
  /** The CHANNEL_HANGUP event where one came. */
  readonly hangup: EslEvent | undefined;
}

/** Rejected out of `execute` when the socket ends before the application completed. */
export class SocketEnded extends Error {
  override readonly name = 'SocketEnded';
  readonly end: SocketEnd;
  constructor(end: SocketEnd) {
    // Every call ends by one: where it was made says nothing, and collecting that costs as much as parsing an event.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`event socket ended: ${end.kind}${end.detail === '' ? '' : ` (${end.detail})`}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.end = end;
  }
}

/** One call's synchronous command socket, after `connect` was answered. */
export interface OutboundSocket {
  /** FreeSWITCH's answer to `connect`: the channel with all its variables. Not to be asked for once it is forgotten. */
  readonly channelData: EslEvent;
  /** Gives up `channelData`: 5 to 9 KB that would live as long as the call. */
  forgetChannelData(): void;
  readonly remoteAddress: string;
  /** Aborts when the socket is over; the reason is a SocketEnded. Made when first asked for. */
  readonly ended: AbortSignal;
  /** Calls `listener` when the socket is over, or at once where it is. One a socket: what a signal does for a tenth of it. */
  onEnd(listener: (end: SocketEnd) => void): void;
  /**
   * Writes all applications in one packet and resolves with the CHANNEL_EXECUTE_COMPLETE of the last one.
   * Rejects with SocketEnded, or with EslReplyError where FreeSWITCH answered `-ERR` to one of them.
   */
  execute(applications: readonly Application[]): Promise<EslEvent>;
  /** Writes all applications in one packet and waits for nothing; a socket that is over takes them without a word. */
  tell(applications: readonly Application[]): void;
  /** `sendmsg hangup`; resolves when the socket is over. */
  hangup(cause: string): Promise<void>;
  /** Closes without a word: FreeSWITCH goes on with the next dialplan action. */
  close(): void;
  /** Every event that is no completion: DTMF, CHANNEL_ANSWER, CHANNEL_BRIDGE … in order. */
  onEvent(listener: (event: EslEvent) => void): void;
}
