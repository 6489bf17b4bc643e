import type { CauseRule } from '../flow/node-context.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { AttemptOutcome } from '../telephony/outcome.ts';

const outcomes: Partial<Record<HangupCause, AttemptOutcome>> = {
  USER_BUSY: 'busy',
  BUSY_EVERYWHERE: 'busy',
  NO_ANSWER: 'no_answer',
  NO_USER_RESPONSE: 'no_answer', // mod_sofia's reading of 480
  PROGRESS_TIMEOUT: 'no_answer',
  ALLOTTED_TIMEOUT: 'no_answer',
  NO_PICKUP: 'no_answer',
  CALL_REJECTED: 'rejected',
  DECLINE: 'rejected',
  REJECT_ALL: 'rejected',
  UNWANTED: 'rejected',
  NOT_ACCEPTABLE: 'rejected',
  ORIGINATOR_CANCEL: 'cancelled',
};

/** What became of an attempt that nobody answered. Every cause not named here is a technical failure. */
export function attemptOutcomeOf(cause: HangupCause): AttemptOutcome {
  return outcomes[cause] ?? 'failed';
}

/**
 * Causes that are the callee's own word: another trunk to the same endpoint would bring the same answer.
 * 486 and 603 are among them (USER_BUSY, CALL_REJECTED or DECLINE).
 */
const finalForEndpoint: ReadonlySet<HangupCause> = new Set([
  'USER_BUSY',
  'BUSY_EVERYWHERE',
  'CALL_REJECTED',
  'DECLINE',
  'REJECT_ALL',
  'UNWANTED',
  'NO_ANSWER',
  'NO_USER_RESPONSE',
  'PROGRESS_TIMEOUT',
  'ALLOTTED_TIMEOUT',
  'NO_PICKUP',
  'UNALLOCATED_NUMBER',
  'DOES_NOT_EXIST_ANYWHERE',
  'NUMBER_CHANGED',
  'INVALID_NUMBER_FORMAT',
]);

/** What an unsuccessful cause means for the tries after it; the flow's own rules come first, by SIP status, then by cause. */
export function ruleOf(
  cause: HangupCause,
  sipCode: number | undefined,
  rules: Readonly<Record<string, CauseRule>> = {},
): CauseRule {
  const own = (name: string) => (Object.hasOwn(rules, name) ? rules[name] : undefined);
  return (
    (sipCode === undefined ? undefined : own(String(sipCode))) ??
    own(cause) ??
    (finalForEndpoint.has(cause) ? 'skipEndpoint' : 'next')
  );
}
