import type { CallerScript } from '../../ops/switch-simulator/caller-script.ts';
import { full, menu } from './exit-cases.ts';
import { type FlowPlan, file, type Step } from './flow-plan.ts';

/** A caller who hangs up while a node runs: the node is left by `hangup`, and what is wired there still happens. */
export interface HangupCase {
  readonly type: string;
  readonly exit: 'hangup';
  readonly as?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly plan?: FlowPlan;
  /** The node before, left by this exit. */
  readonly before?: { readonly step: Step; readonly exit: string };
  readonly hangUp: NonNullable<CallerScript['hangUp']>;
  readonly outcome: string;
  readonly attempts?: readonly string[];
  /** Where it is not `node:hangup`, `after:next`. */
  readonly steps?: readonly string[];
}

/** Node types that do nothing with the channel, and so never meet its end; they run after it too. */
export const cannotHangUp: Readonly<Record<string, { readonly params: object; readonly exit: string }>> = {
  condition: {
    params: { branches: [{ name: 'x', when: { path: 'caller.areaCode', op: 'eq', value: '1' } }] },
    exit: 'else',
  },
  schedule: { params: { calendar: {} }, exit: 'closed' },
  tag: { params: { add: ['seen'] }, exit: 'next' },
};

const long = file('prompt-3000ms.wav');
const answered = { step: ['picked', 'answer'] as const, exit: 'next' };
const playing = { phase: 'playing', delayMs: 100 } as const;
const ringing = { phase: 'ringing', delayMs: 150 } as const;
const bridged = { phase: 'bridged', delayMs: 150 } as const;
const to = (user: string) => ({ destination: `sip:${user}@127.0.0.1:5070` });
const hangup = 'hangup' as const;

export const hangupCases: readonly HangupCase[] = [
  {
    type: 'answer',
    exit: hangup,
    params: { delaySeconds: 5 },
    hangUp: { phase: 'idle', delayMs: 200 },
    outcome: 'abandoned',
  },
  {
    type: 'play',
    exit: hangup,
    params: { prompt: long },
    before: answered,
    hangUp: playing,
    outcome: 'abandoned',
  },
  {
    type: 'ivr',
    exit: hangup,
    params: { ...menu, prompt: long },
    hangUp: { phase: 'collecting', delayMs: 100 },
    outcome: 'abandoned',
  },
  {
    type: 'gather',
    exit: hangup,
    params: { variable: 'zip', prompt: long },
    hangUp: { phase: 'collecting', delayMs: 100 },
    outcome: 'abandoned',
  },
  {
    type: 'queue',
    exit: hangup,
    plan: full,
    hangUp: { phase: 'queue', delayMs: 100 },
    outcome: 'abandoned_in_queue',
  },
  {
    type: 'buyer',
    exit: hangup,
    as: 'while it rings',
    plan: { buyers: [{ name: 'silent' }] },
    hangUp: ringing,
    outcome: 'abandoned_ringing',
    attempts: ['cancelled'],
  },
  {
    type: 'buyer',
    exit: hangup,
    as: 'while they talk',
    plan: { buyers: [{ name: 'stays' }] },
    hangUp: bridged,
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'dial',
    exit: hangup,
    as: 'while it rings',
    params: to('silent'),
    hangUp: ringing,
    outcome: 'abandoned_ringing',
    attempts: ['cancelled'],
  },
  {
    type: 'dial',
    exit: hangup,
    as: 'while they talk',
    params: to('stays'),
    hangUp: bridged,
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'record',
    exit: hangup,
    params: { consentPrompt: long },
    before: answered,
    hangUp: playing,
    outcome: 'abandoned',
  },
  {
    type: 'goto',
    exit: hangup,
    params: { flow: 'Long' },
    before: answered,
    hangUp: playing,
    outcome: 'abandoned',
    steps: ['node:hangup', 'long:hangup', 'after:next'],
  },
  {
    type: 'hangup',
    exit: hangup,
    params: { prompt: long },
    before: answered,
    hangUp: playing,
    outcome: 'abandoned',
  },
  {
    // It takes no time, so only one that comes after the caller's end meets it, and then nothing comes after it.
    type: 'set',
    exit: hangup,
    params: { assignments: [{ scope: 'leg', name: 'mark', value: 'late' }] },
    before: { step: ['talk', 'ivr', { ...menu, prompt: long }], exit: 'hangup' },
    hangUp: { phase: 'collecting', delayMs: 100 },
    outcome: 'abandoned',
    steps: ['node:hangup'],
  },
];
