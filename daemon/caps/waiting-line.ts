import type { CallId } from '../telephony/ids.ts';
import type { CapClaim, CapLease, LeaseHolder } from './cap-lease.ts';

/** A call's place in a line. Woken by released slots (pub/sub), never by polling. */
export interface WaitingPlace {
  /** Aborts when it is this call's turn (see `grant`), or when the line was lost (`grant` stays undefined). */
  readonly ready: AbortSignal;
  /** The lease that was taken together with leaving the line, and which of the options it is for. */
  readonly grant: { readonly lease: CapLease; readonly option: number } | undefined;
  /** 1 is the head; 0 when it is no longer in the line. */
  position(): Promise<number>;
  /** From this line's recent rate of turns; undefined before the first one. Rejects while Redis is away, as position() does. */
  expectedWaitMs(): Promise<number | undefined>;
  /** Gives the place up, and the grant where there is one by now; who passes the grant on does not call it. Twice is harmless; never rejects. */
  leave(): Promise<void>;
}

/** Waiting lines in Redis: first come first served within a priority, over all daemons. */
export interface WaitingLines {
  join(request: {
    readonly line: string;
    readonly callId: CallId;
    /** Whole, −400 to 400. Lower waits less long; within one priority the order of joining counts. */
    readonly priority: number;
    readonly maxSize: number;
    /** What would do: each option is one candidate's claims, in order of preference. */
    readonly options: readonly (readonly CapClaim[])[];
    /** Of the lease it gets. */
    readonly holder?: LeaseHolder;
  }): Promise<
    | { readonly joined: true; readonly place: WaitingPlace }
    | { readonly joined: false; readonly reason: 'full' }
    | { readonly joined: 'unavailable'; readonly reason: string }
  >;
}
