import type { AttemptOutcome, CallOutcome, Refusal } from '../telephony/outcome.ts';

/**
 * Told what happens to calls, for figures (never for decisions). Every method is called on the hot path: it must be
 * cheap, must not throw and must not wait. `daemon/http/metrics.ts` counts them for Prometheus.
 */
export interface CallObserver {
  /** A call was admitted and enters its flow. */
  callStarted(): void;
  /** A call was turned away before its flow began. */
  callRefused(refusal: Refusal): void;
  /** `durationMs`: from the offer of the A-leg to its end. */
  callEnded(outcome: CallOutcome, durationMs: number): void;
  /** Another daemon's call was handed to this one. */
  callTakenOver(): void;
  /** From an event's arrival to the next command's leaving, in milliseconds (fractions count). */
  decisionTook(durationMs: number): void;
  /** From the caller's offer to the first ringing or answer of a callee, in milliseconds. */
  postDialDelay(durationMs: number): void;
  attemptEnded(outcome: AttemptOutcome): void;
}

function ignore(): void {}

/** Listens to nothing: for tests and tools. */
export const unobserved: CallObserver = {
  callStarted: ignore,
  callRefused: ignore,
  callEnded: ignore,
  callTakenOver: ignore,
  decisionTook: ignore,
  postDialDelay: ignore,
  attemptEnded: ignore,
};
