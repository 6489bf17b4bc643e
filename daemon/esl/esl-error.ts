/** A bound of the frame parser was passed, or a head made no sense. The socket it came from is closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly bound: 'head' | 'body' | 'headers' | 'content-length';
  constructor(bound: FrameError['bound'], detail: string) {
    super(`event socket frame refused (${bound}): ${detail}`);
    this.bound = bound;
  }
}

/** Text that must not reach FreeSWITCH: `field` says which piece. A fault of the caller or of the flow, never of the call. */
export class UnsafeText extends Error {
  override readonly name = 'UnsafeText';
  readonly code = 'ESL_UNSAFE_TEXT';
  readonly field: string;
  constructor(field: string, why: string) {
    super(`${field} cannot be sent to FreeSWITCH: ${why}`);
    this.field = field;
  }
}

/** FreeSWITCH answered `-ERR …` (`reply` is its own text). */
export class EslReplyError extends Error {
  override readonly name = 'EslReplyError';
  readonly code = 'ESL_REPLY';
  readonly command: string;
  readonly reply: string;
  constructor(command: string, reply: string) {
    super(`FreeSWITCH refused ${command}: ${reply}`);
    this.command = command;
    this.reply = reply;
  }
}

/** The inbound connection is away, went away before the answer came, or did not answer within the deadline. */
export class EslUnavailable extends Error {
  override readonly name = 'EslUnavailable';
  readonly code = 'ESL_UNAVAILABLE';
}
