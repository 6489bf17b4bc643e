import { nodeTypes } from '../../daemon/nodes/index.ts';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { CallerScript } from '../../ops/switch-simulator/caller-script.ts';
import { type FlowPlan, file, type PlannedBuyer } from './flow-plan.ts';

/** People who answer, or do not, in the cases below. */
export const callees: Record<string, CalleeScript> = {
  talks: { kind: 'answer', answerAfterMs: 50, talkMs: 200 },
  stays: { kind: 'answer', answerAfterMs: 50 },
  silent: { kind: 'noAnswer' },
  engaged: { kind: 'fail', cause: 'USER_BUSY' },
  declines: { kind: 'fail', cause: 'CALL_REJECTED', sipCode: 603 },
  broken: { kind: 'fail', cause: 'DESTINATION_OUT_OF_ORDER' },
  accepts: { kind: 'answer', talkMs: 1500, keys: [{ digits: '1', afterMs: 300 }] },
};

/** One way out of one node: what it takes, and what the record then says. */
export interface ExitCase {
  readonly type: string;
  readonly exit: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly plan?: FlowPlan;
  readonly script?: CallerScript;
  readonly outcome?: string;
  /** More words for the case's name. */
  readonly as?: string;
  readonly attempts?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  /** Of the flow, before the node. */
  readonly given?: Readonly<Record<string, string>>;
}

/** The most that a call may carry: not one variable more has room. */
const crammed = { a: 'x'.repeat(1990), b: 'x'.repeat(1990) };

export const press = (digits: string): CallerScript => ({ keys: [{ afterPrompt: 1, delayMs: 30, digits }] });
export const menu = {
  prompt: file('menu.wav'),
  keys: ['1'],
  matches: [{ name: 'extension', pattern: '[2-4]' }],
  firstDigitTimeoutSeconds: 1,
  maxTimeouts: 1,
  maxInvalid: 1,
};
const zip = {
  variable: 'zip',
  prompt: file('zip.wav'),
  minDigits: 5,
  maxDigits: 5,
  validation: { kind: 'zip' },
  retries: 0,
  firstDigitTimeoutSeconds: 1,
  interDigitTimeoutSeconds: 1,
};
const always = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' };
const dayOf = (offset: number) => ({
  date: new Date(Date.now() + offset * 86_400_000).toISOString().slice(5, 10),
});
const one = (user: string, more: Partial<PlannedBuyer> = {}): FlowPlan => ({
  buyers: [{ name: user, ...more }],
});
export const full = one('full', { maxCalls: 0 });
const to = (user: string) => ({ destination: `sip:${user}@127.0.0.1:5070` });
const queue = { maxWaitSeconds: 1 };

/** Every exit but `hangup`, which is in hangup-cases.ts, and those node-exits.test.ts has tests of their own for. */
export const cases: readonly ExitCase[] = [
  { type: 'answer', exit: 'next' },
  { type: 'answer', exit: 'next', as: 'with early media', params: { earlyMediaOnly: true } },
  { type: 'answer', exit: 'next', as: 'after ringing', params: { delaySeconds: 0.1 } },
  { type: 'play', exit: 'done', params: { prompt: file('hello.wav'), loops: 2 } },
  {
    type: 'play',
    exit: 'key:5',
    params: { prompt: file('long-3000ms.wav'), terminators: '5' },
    script: press('5'),
  },
  { type: 'play', exit: 'error', params: { prompt: file('missing.wav') } },
  { type: 'ivr', exit: 'error', params: { ...menu, prompt: file('missing.wav') } },
  {
    type: 'ivr',
    exit: 'error',
    as: 'without barge-in',
    params: { ...menu, prompt: file('missing.wav'), bargeIn: false },
  },
  { type: 'gather', exit: 'error', params: { ...zip, prompt: file('missing.wav') } },
  { type: 'ivr', exit: 'key:1', params: menu, script: press('1') },
  { type: 'ivr', exit: 'match:extension', params: menu, script: press('3') },
  { type: 'ivr', exit: 'timeout', params: menu },
  { type: 'ivr', exit: 'invalid', params: menu, script: press('9') },
  { type: 'gather', exit: 'valid', params: zip, script: press('90210'), variables: { zip: '90210' } },
  { type: 'gather', exit: 'invalid', params: zip, script: press('00000'), variables: {} },
  { type: 'gather', exit: 'timeout', params: zip },
  ...[
    ['branch:texas', '512'],
    ['else', '213'],
  ].map(
    ([exit = '', value]): ExitCase => ({
      type: 'condition',
      exit,
      params: { branches: [{ name: 'texas', when: { path: 'caller.areaCode', op: 'eq', value } }] },
    }),
  ),
  { type: 'schedule', exit: 'open', params: { calendar: { weekly: [always] } } },
  { type: 'schedule', exit: 'closed', params: { calendar: {} } },
  {
    type: 'schedule',
    exit: 'holiday',
    params: { calendar: { weekly: [always], holidays: [dayOf(0), dayOf(1)] } },
  },
  {
    type: 'set',
    exit: 'next',
    params: {
      assignments: [
        { name: 'who', value: 'caller {{call.caller}}' },
        { scope: 'leg', name: 'mark', value: 'yes' },
      ],
    },
  },
  { type: 'tag', exit: 'next', params: { add: ['vip'] } },
  { type: 'queue', exit: 'ready', plan: one('talks') },
  { type: 'queue', exit: 'timeout', params: queue, plan: full, outcome: 'queue_timeout' },
  { type: 'queue', exit: 'noAgents', params: queue },
  {
    type: 'queue',
    exit: 'exitKey:9',
    params: { exitKeys: '9' },
    plan: full,
    script: { keys: [{ phase: 'queue', delayMs: 100, digits: '9' }] },
  },
  {
    type: 'queue',
    exit: 'callback',
    params: { callbackKey: '7' },
    plan: full,
    script: { keys: [{ phase: 'queue', delayMs: 100, digits: '7' }] },
  },
  {
    type: 'buyer',
    exit: 'connectedEnded',
    plan: one('talks'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'buyer',
    exit: 'connectedEnded',
    as: 'after failover',
    plan: { buyers: [{ name: 'engaged' }, { name: 'declines' }, { name: 'talks' }] },
    outcome: 'connected',
    attempts: ['busy', 'rejected', 'connected'],
  },
  {
    type: 'buyer',
    exit: 'connectedEnded',
    as: 'after whisper and accept',
    params: { whisper: file('whisper.wav'), accept: { digit: '1' } },
    plan: one('accepts'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'buyer',
    exit: 'buyerHungUpEarly',
    params: { earlyHangup: { recovery: 'exit' } },
    plan: one('talks'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'buyer',
    exit: 'noAnswer',
    params: { ringTimeoutSeconds: 1 },
    plan: one('silent'),
    outcome: 'no_answer',
    attempts: ['no_answer'],
  },
  { type: 'buyer', exit: 'busy', plan: one('engaged'), outcome: 'busy', attempts: ['busy'] },
  { type: 'buyer', exit: 'rejected', plan: one('declines'), outcome: 'rejected', attempts: ['rejected'] },
  { type: 'buyer', exit: 'failed', plan: one('broken'), outcome: 'failed', attempts: ['failed'] },
  { type: 'buyer', exit: 'allCapped', plan: full, outcome: 'capped', attempts: ['capped'] },
  {
    type: 'buyer',
    exit: 'notAccepted',
    params: { whisper: file('whisper.wav'), accept: { timeoutSeconds: 1 }, ringTimeoutSeconds: 1 },
    plan: one('stays'),
    outcome: 'not_accepted',
    attempts: ['not_accepted'],
  },
  {
    type: 'buyer',
    exit: 'maxDuration',
    params: { maxDurationSeconds: 1 },
    plan: one('stays'),
    outcome: 'connected',
    attempts: ['max_duration'],
  },
  {
    type: 'dial',
    exit: 'connectedEnded',
    params: to('talks'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'dial',
    exit: 'noAnswer',
    params: { ...to('silent'), ringTimeoutSeconds: 1 },
    outcome: 'no_answer',
    attempts: ['no_answer'],
  },
  { type: 'dial', exit: 'busy', params: to('engaged'), outcome: 'busy', attempts: ['busy'] },
  { type: 'dial', exit: 'rejected', params: to('declines'), outcome: 'rejected', attempts: ['rejected'] },
  { type: 'dial', exit: 'failed', params: to('broken'), outcome: 'failed', attempts: ['failed'] },
  { type: 'record', exit: 'next', params: { consentPrompt: file('consent.wav') } },
  { type: 'record', exit: 'error', params: { consentPrompt: file('missing.wav') } },
  {
    type: 'goto',
    exit: 'return:sold',
    params: { flow: 'Inner', returns: ['sold'], inputs: { from: 'outer' } },
  },
  { type: 'goto', exit: 'missing', params: { flow: 'Nowhere' } },
  {
    type: 'ivr',
    exit: 'error',
    as: 'where the digits have no room',
    params: { ...menu, variable: 'choice' },
    given: crammed,
    script: press('1'),
  },
  {
    type: 'gather',
    exit: 'error',
    as: 'where the digits have no room',
    params: zip,
    given: crammed,
    script: press('90210'),
  },
  {
    type: 'set',
    exit: 'error',
    as: 'where the value has no room',
    params: { assignments: [{ name: 'c', value: '{{variables.a}}' }] },
    given: crammed,
  },
  {
    type: 'tag',
    exit: 'error',
    as: 'where the tags have no room',
    params: { add: Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(64, 'x')) },
  },
  { type: 'queue', exit: 'error', as: 'where the wait has no room', plan: one('talks'), given: crammed },
  {
    type: 'goto',
    exit: 'error',
    as: 'where the inputs have no room',
    params: { flow: 'Inner', inputs: { c: '{{variables.a}}' } },
    given: crammed,
  },
  ...[...nodeTypes.keys()].map(
    (type): ExitCase => ({
      type,
      exit: 'error',
      as: 'with params of another release',
      params: { paramOfAnotherRelease: true },
      plan: { unchecked: true },
    }),
  ),
];
