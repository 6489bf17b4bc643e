import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { ExitCase } from './exit-cases.ts';
import { menu, press } from './exit-cases.ts';
import { file } from './flow-plan.ts';

/** What a param does, where the exit alone does not tell. */
export interface ParamCase extends ExitCase {
  readonly as: string;
  readonly from?: string;
  /** Sound files begun for the caller, in order. */
  readonly heard?: readonly string[];
  /** What the argument of `bridge` says. */
  readonly dialled?: RegExp;
}

export const callees: Record<string, CalleeScript> = {
  quick: { kind: 'answer', answerAfterMs: 20, talkMs: 200 },
  lasting: { kind: 'answer', answerAfterMs: 20, talkMs: 4_500 },
  stays: { kind: 'answer', answerAfterMs: 20 },
  engaged: { kind: 'fail', cause: 'USER_BUSY' },
  declines: { kind: 'fail', cause: 'CALL_REJECTED', sipCode: 603 },
  accepts: { kind: 'answer', keys: [{ digits: '5', afterMs: 300 }], talkMs: 700 },
  late: { kind: 'answer', keys: [{ digits: '1', afterMs: 2_200 }] },
  tunes: { kind: 'answer', earlyMediaAfterMs: 20, answerAfterMs: 200, talkMs: 200 },
  '+15559990051': { kind: 'answer', answerAfterMs: 20, talkMs: 200 },
};

const keys = (...entries: readonly (readonly [afterPrompt: number, digits: string])[]) => ({
  keys: entries.map(([afterPrompt, digits]) => ({ afterPrompt, delayMs: 30, digits })),
});
const asked = {
  variable: 'entry',
  prompt: file('ask.wav'),
  retries: 0,
  firstDigitTimeoutSeconds: 1,
  interDigitTimeoutSeconds: 1,
};
const sip = (user: string) => ({ destination: `sip:${user}@127.0.0.1:5070` });
const buyers = (...names: readonly string[]) => ({ buyers: names.map((name) => ({ name })) });
const whisper = file('whisper.wav');

const hourInHonolulu = Number(
  new Intl.DateTimeFormat('en-GB', { timeZone: 'Pacific/Honolulu', hour: '2-digit' }).format(new Date()),
);
const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
/** From this hour of Honolulu's to the next but one: in New York, six hours on, that is never now. */
const nowInHonolulu = {
  weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: clock(hourInHonolulu), to: clock(hourInHonolulu + 2) }],
};

export const paramCases: readonly ParamCase[] = [
  {
    type: 'ivr',
    as: 'timeoutPrompt',
    exit: 'timeout',
    params: { ...menu, maxTimeouts: 2, timeoutPrompt: file('still-there.wav') },
    heard: ['menu.wav', 'still-there.wav', 'menu.wav'],
  },
  {
    type: 'ivr',
    as: 'invalidPrompt, then the right key',
    exit: 'key:1',
    params: { ...menu, maxInvalid: 2, invalidPrompt: file('wrong.wav') },
    script: keys([1, '9'], [3, '1']),
    heard: ['menu.wav', 'wrong.wav', 'menu.wav'],
  },
  {
    type: 'ivr',
    as: 'bargeIn: false forgets a key pressed into the prompt',
    exit: 'timeout',
    params: { ...menu, prompt: file('rules-400ms.wav'), bargeIn: false },
    script: press('1'),
    heard: ['rules-400ms.wav'],
  },
  {
    type: 'ivr',
    as: 'terminator ends a longer entry',
    exit: 'key:12',
    params: { ...menu, matches: [], keys: ['12'], maxDigits: 5, terminator: '*' },
    script: press('12*'),
  },
  {
    type: 'gather',
    as: 'a date that is one',
    exit: 'valid',
    params: { ...asked, minDigits: 8, maxDigits: 8, validation: { kind: 'date', when: 'past' } },
    script: press('02291996'),
    variables: { entry: '02291996' },
  },
  {
    type: 'gather',
    as: 'a date that there never was',
    exit: 'invalid',
    params: { ...asked, minDigits: 8, maxDigits: 8, validation: { kind: 'date' } },
    script: press('02291997'),
    variables: {},
  },
  {
    type: 'gather',
    as: 'a pattern, ended by the terminator',
    exit: 'valid',
    params: { ...asked, validation: { kind: 'pattern', pattern: '4[0-9]+' } },
    script: press('42#'),
    variables: { entry: '42' },
  },
  {
    type: 'gather',
    as: 'retries, with invalidPrompt and timeoutPrompt between them',
    exit: 'valid',
    params: {
      ...asked,
      maxDigits: 1,
      validation: { kind: 'pattern', pattern: '7' },
      retries: 2,
      invalidPrompt: file('wrong.wav'),
      timeoutPrompt: file('still-there.wav'),
    },
    script: keys([1, '8'], [6, '7']), // the silence after a try without a key is a prompt too
    heard: ['ask.wav', 'wrong.wav', 'ask.wav', 'still-there.wav', 'ask.wav'],
    variables: { entry: '7' },
  },
  {
    type: 'gather',
    as: 'bargeIn: false forgets a key pressed into the prompt',
    exit: 'timeout',
    params: { ...asked, prompt: file('rules-400ms.wav'), bargeIn: false },
    script: press('1'),
    heard: ['rules-400ms.wav'],
  },
  {
    type: 'schedule',
    as: 'zone caller: a caller in Honolulu',
    exit: 'open',
    params: { calendar: nowInHonolulu, zone: 'caller' },
    from: '+18085550100',
  },
  {
    type: 'schedule',
    as: 'zone caller: a caller in New York',
    exit: 'closed',
    params: { calendar: nowInHonolulu, zone: 'caller' },
    from: '+12125550100',
  },
  {
    type: 'schedule',
    as: 'zone caller: nobody knows where',
    exit: 'open',
    params: { calendar: nowInHonolulu, zone: 'caller', unknownCallerZone: 'Pacific/Honolulu' },
    from: 'anonymous',
  },
  {
    type: 'buyer',
    as: 'one by its name',
    exit: 'connectedEnded',
    params: { buyer: 'quick' },
    plan: buyers('engaged', 'quick'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'buyer',
    as: 'ringback passthrough lets the far side’s own tones through',
    exit: 'connectedEnded',
    params: { ringback: { kind: 'passthrough' } },
    plan: buyers('tunes'),
    outcome: 'connected',
    attempts: ['connected'],
    dialled: /bridge_early_media=true/,
  },
  {
    type: 'buyer',
    as: 'ringback media is heard instead of them',
    exit: 'connectedEnded',
    params: { ringback: { kind: 'media', media: file('ring.wav') } },
    plan: buyers('tunes'),
    outcome: 'connected',
    attempts: ['connected'],
    dialled: /ignore_early_media=true/,
  },
  {
    type: 'buyer',
    as: 'earlyHangup: the next buyer is tried',
    exit: 'connectedEnded',
    params: { earlyHangup: { withinSeconds: 4, recovery: 'next' } },
    plan: buyers('quick', 'lasting'),
    outcome: 'connected',
    attempts: ['connected', 'connected'],
  },
  {
    type: 'buyer',
    as: 'earlyHangup: and nobody is left',
    exit: 'buyerHungUpEarly',
    params: { earlyHangup: { withinSeconds: 4, recovery: 'next' } },
    plan: buyers('quick'),
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    type: 'buyer',
    as: 'causes: busy is final',
    exit: 'busy',
    params: { causes: { USER_BUSY: 'stop' } },
    plan: buyers('engaged', 'quick'),
    outcome: 'busy',
    attempts: ['busy'],
  },
  {
    type: 'buyer',
    as: 'causes: a SIP status is final',
    exit: 'rejected',
    params: { causes: { '603': 'stop' } },
    plan: buyers('declines', 'quick'),
    outcome: 'rejected',
    attempts: ['rejected'],
  },
  {
    type: 'buyer',
    as: 'maxDuration counts from the key that accepts',
    exit: 'maxDuration',
    params: { whisper, accept: { timeoutSeconds: 8 }, maxDurationSeconds: 1 },
    plan: buyers('late'),
    outcome: 'connected',
    attempts: ['max_duration'],
    dialled: /execute_on_pre_bridge=sched_hangup/,
  },
  {
    type: 'dial',
    as: 'accept: pressed',
    exit: 'connectedEnded',
    params: { ...sip('accepts'), whisper, accept: { digit: '5' } },
    outcome: 'connected',
    attempts: ['connected'],
    dialled: /group_confirm_key=5/,
  },
  {
    type: 'dial',
    as: 'accept: not pressed',
    exit: 'noAnswer',
    params: { ...sip('stays'), whisper, accept: { timeoutSeconds: 1 }, ringTimeoutSeconds: 1 },
    outcome: 'not_accepted',
    attempts: ['not_accepted'],
  },
  {
    type: 'dial',
    as: 'trunks: the one that is named',
    exit: 'connectedEnded',
    params: { destination: '+15559990051', trunks: ['Second Trunk'] },
    outcome: 'connected',
    attempts: ['connected'],
    dialled: /sofia\/gateway\/second-trunk\/\+15559990051/,
  },
  {
    type: 'dial',
    as: 'trunks: none of that name',
    exit: 'failed',
    params: { destination: '+15559990051', trunks: ['No Such Trunk'] },
    attempts: [],
  },
];
