import type { CalleeScript } from '../switch-simulator/callee-script.ts';
import type { CallOffer } from '../switch-simulator/simulator.ts';
import { demoDids, seededDid } from './demo-seed.ts';

/** What the buyers' phones do, by SIP user or number. */
export const callees: Readonly<Record<string, CalleeScript>> = {
  buyer: { kind: 'answer', answerAfterMs: 1200, talkMs: 5000 },
  busy: { kind: 'fail', cause: 'USER_BUSY', afterMs: 150, ringAfterMs: false },
  solar: { kind: 'answer', answerAfterMs: 900, talkMs: 4000 },
  noanswer: { kind: 'noAnswer' },
  plumber: { kind: 'answer', answerAfterMs: 600, talkMs: 2500 },
};

const pressOne = { afterPrompt: 1, delayMs: 700, digits: '1' };

/** The kinds of calls the demo places, in turn. */
export const kinds: readonly {
  readonly name: string;
  readonly offer: Omit<CallOffer, 'from' | 'fromName'>;
}[] = [
  { name: 'answered, the buyer hangs up', offer: { to: seededDid, script: { keys: [pressOne] } } },
  { name: 'busy, then the next buyer', offer: { to: demoDids.busyThenNext, script: { keys: [pressOne] } } },
  {
    name: 'answered, the caller hangs up',
    offer: { to: seededDid, script: { keys: [pressOne], talkMs: 2500 } },
  },
  {
    name: 'one line: the next caller waits',
    offer: { to: demoDids.oneAtATime, script: { keys: [pressOne] } },
  },
  { name: 'nobody answers', offer: { to: demoDids.nobodyAnswers, script: { keys: [pressOne] } } },
  {
    name: 'a wrong key, then the right one',
    offer: {
      to: seededDid,
      script: {
        keys: [
          { afterPrompt: 1, delayMs: 400, digits: '9' },
          { afterPrompt: 2, delayMs: 600, digits: '1' },
        ],
      },
    },
  },
  {
    name: 'hangs up in the menu',
    offer: { to: seededDid, script: { hangUp: { afterPrompt: 1, delayMs: 900 } } },
  },
  {
    name: 'hangs up while it rings',
    offer: { to: seededDid, script: { keys: [pressOne], hangUp: { phase: 'ringing', delayMs: 500 } } },
  },
  {
    name: 'one line again: waits, then gives up',
    offer: {
      to: demoDids.oneAtATime,
      script: { keys: [pressOne], hangUp: { phase: 'queue', delayMs: 1500 } },
    },
  },
  { name: 'never presses a key', offer: { to: seededDid } },
];

const names = ['Alice', 'Bob', 'Carol', 'Dave', 'Erin', 'Frank', 'Grace', 'Heidi'];

/** The nth caller's number and name. */
export function callerOf(n: number): { from: string; fromName: string } {
  return {
    from: `+1512555${String(1000 + (n % 9000)).padStart(4, '0')}`,
    fromName: names[n % names.length] ?? 'Alice',
  };
}
