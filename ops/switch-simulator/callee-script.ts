import type { HangupCause } from '../../daemon/telephony/hangup-cause.ts';

/**
 * What the phone at a destination does when it rings; times in ms of the switch's clock from the INVITE,
 * or from the answer where they come after it.
 */
export type CalleeScript =
  | {
      readonly kind: 'answer';
      readonly answerAfterMs?: number;
      /** 180 Ringing after this long; undefined: at once; false: none. */
      readonly ringAfterMs?: number | false;
      /** 183 with media: the caller hears the far side before it answers. */
      readonly earlyMediaAfterMs?: number;
      /** Hangs up so long after the answer; undefined: leaves that to the caller. */
      readonly talkMs?: number;
      /** Keys pressed after the answer (press-to-accept). */
      readonly keys?: readonly { readonly digits: string; readonly afterMs: number }[];
      /** The path breaks instead of a BYE: this cause. */
      readonly endCause?: HangupCause;
    }
  | { readonly kind: 'noAnswer'; readonly ringAfterMs?: number | false }
  | {
      readonly kind: 'fail';
      readonly cause: HangupCause;
      readonly afterMs?: number;
      readonly ringAfterMs?: number | false;
      /** SIP status the far side sent; default: the one that belongs to the cause. */
      readonly sipCode?: number;
      readonly sipPhrase?: string;
    };

/** A callee by its user name or number where nobody scripted it: `busy` is busy, `noanswer` rings, others answer. */
export function calleeByName(destination: string): CalleeScript {
  const name = destination.toLowerCase();
  if (name.includes('busy')) return { kind: 'fail', cause: 'USER_BUSY', ringAfterMs: false };
  if (name.includes('noanswer')) return { kind: 'noAnswer' };
  if (name.includes('reject')) return { kind: 'fail', cause: 'CALL_REJECTED', sipCode: 603 };
  return { kind: 'answer' };
}
