import { type HangupCause, isHangupCause } from '../../daemon/telephony/hangup-cause.ts';
import { readDigits } from './app-digits.ts';
import { executeOn, runApplication } from './application.ts';
import { markAnswered, markEarlyMedia, markRinging } from './call-progress.ts';
import type { CalleeScript } from './callee-script.ts';
import { createOutgoingLeg } from './create-leg.ts';
import type { DialLeg } from './dial-string.ts';
import type { Interruption, Leg } from './leg.ts';
import { finishLeg, hangUp } from './leg-end.ts';
import type { SwitchTimer } from './switch-clock.ts';
import type { SwitchCore } from './switch-core.ts';

/** What the one who dials hears of it. Exactly one of `onAnswered` and `onFailed` is called, at last. */
export interface OriginateProgress {
  readonly onDialled: (leg: Leg) => void;
  readonly onRinging: (leg: Leg) => void;
  /** The far side sends media before it answers. */
  readonly onEarlyMedia: (leg: Leg) => void;
  /** Answered, and accepted where that was asked. */
  readonly onAnswered: (leg: Leg) => void;
  /** `leg` undefined: it never came to be. */
  readonly onFailed: (cause: HangupCause, leg: Leg | undefined) => void;
}

/** Dials one leg and lets its callee do what its script says. `timeoutMs` runs until the answer is accepted. */
export function originate(
  core: SwitchCore,
  request: { readonly dial: DialLeg; readonly caller: Leg | undefined; readonly timeoutMs: number },
  progress: OriginateProgress,
): void {
  const { dial } = request;
  if (dial.endpoint === 'error') {
    progress.onFailed(isHangupCause(dial.destination) ? dial.destination : 'NORMAL_UNSPECIFIED', undefined);
    return;
  }
  if (!['sofia', 'user', 'loopback'].includes(dial.endpoint)) {
    progress.onFailed('CHAN_NOT_IMPLEMENTED', undefined);
    return;
  }
  const leg = createOutgoingLeg(core, dial, request.caller);
  if (leg === undefined) {
    progress.onFailed('DESTINATION_OUT_OF_ORDER', undefined);
    return;
  }
  progress.onDialled(leg);
  const timers: SwitchTimer[] = [];
  const legSeconds = Number.parseInt(dial.variables.get('leg_timeout') ?? '', 10);
  // A leg's own limit says ALLOTTED_TIMEOUT, the caller's says NO_ANSWER (switch_ivr_originate.c).
  const ownLimit = legSeconds > 0 && legSeconds * 1000 < request.timeoutMs;
  const timeout = core.clock.after(ownLimit ? legSeconds * 1000 : request.timeoutMs, () =>
    hangUp(core, leg, { cause: ownLimit ? 'ALLOTTED_TIMEOUT' : 'NO_ANSWER' }),
  );
  timers.push(timeout);
  leg.undo.push(() => {
    for (const timer of timers) timer.cancel();
  });
  let settled = false;
  const failed = () => {
    if (settled) return;
    settled = true;
    finishLeg(core, leg);
    progress.onFailed(leg.hangupCause ?? 'NORMAL_UNSPECIFIED', leg);
  };
  const ended = (why: Interruption) => {
    if (why === 'hangup') failed();
  };
  const answered = () => {
    if (leg.down || settled) return;
    settled = true;
    timeout.cancel();
    leg.interrupt = undefined;
    progress.onAnswered(leg);
  };
  leg.interrupt = ended;
  const at = (ms: number, act: () => void) => {
    if (ms <= 0) act();
    else timers.push(core.clock.after(ms, act));
  };
  const ring = () => {
    if (leg.down) return;
    markRinging(core, leg);
    progress.onRinging(leg);
  };
  playScript(core.settings.calleeFor(dial.destination), {
    at,
    ring,
    media: () => {
      if (leg.down) return;
      markEarlyMedia(core, leg);
      progress.onEarlyMedia(leg);
      // With the far side's media let through, the originate is done: its timer runs no more.
      if (dial.variables.get('ignore_early_media') !== 'true') timeout.cancel();
    },
    answer: (script) => {
      if (leg.down) return;
      markAnswered(core, leg);
      afterAnswer(core, leg, script, at);
      acceptAnswer(core, leg, timeout, () => {
        leg.interrupt = ended;
        answered();
      });
    },
    fail: (script) =>
      hangUp(core, leg, {
        cause: script.cause,
        received: 'recv_refuse',
        ...(script.sipCode === undefined ? {} : { sipCode: script.sipCode }),
        ...(script.sipPhrase === undefined ? {} : { sipPhrase: script.sipPhrase }),
      }),
  });
}

interface CalleeActs {
  readonly at: (ms: number, act: () => void) => void;
  readonly ring: () => void;
  readonly media: () => void;
  readonly answer: (script: CalleeScript & { kind: 'answer' }) => void;
  readonly fail: (script: CalleeScript & { kind: 'fail' }) => void;
}

function playScript(script: CalleeScript, acts: CalleeActs): void {
  const ringAfterMs = script.ringAfterMs ?? 0;
  if (ringAfterMs !== false) acts.at(ringAfterMs, acts.ring);
  switch (script.kind) {
    case 'noAnswer':
      break;
    case 'fail':
      acts.at(script.afterMs ?? 0, () => acts.fail(script));
      break;
    case 'answer':
      if (script.earlyMediaAfterMs !== undefined) acts.at(script.earlyMediaAfterMs, acts.media);
      acts.at(script.answerAfterMs ?? 0, () => acts.answer(script));
      break;
  }
}

/** The callee's own doings from the answer on. */
function afterAnswer(
  core: SwitchCore,
  leg: Leg,
  script: CalleeScript & { kind: 'answer' },
  at: (ms: number, act: () => void) => void,
): void {
  for (const { digits, afterMs } of script.keys ?? []) at(afterMs, () => pressKeys(leg, digits));
  if (script.talkMs !== undefined)
    at(Math.max(1, script.talkMs), () =>
      hangUp(
        core,
        leg,
        script.endCause === undefined
          ? { cause: 'NORMAL_CLEARING', received: 'recv_bye' }
          : { cause: script.endCause },
      ),
    );
  executeOn(core, leg, 'execute_on_answer');
}

export function pressKeys(leg: Leg, digits: string): void {
  for (const digit of digits) {
    if (leg.down) return;
    if (leg.onDigit === undefined) leg.digits.push(digit);
    else leg.onDigit(digit);
  }
}

/** Press-to-accept (collect_thread_run): the file is played and the key read, again and again, until it comes. */
function acceptAnswer(core: SwitchCore, leg: Leg, timeout: SwitchTimer, accepted: () => void): void {
  const key = leg.variables.get('group_confirm_key');
  if (key === undefined) {
    accepted();
    return;
  }
  const file = leg.variables.get('group_confirm_file') ?? '';
  if (leg.variables.get('group_confirm_cancel_timeout') === 'true') timeout.cancel();
  const failed = leg.interrupt;
  if (key === 'exec') {
    const [app = '', ...argument] = file.split(' ');
    runApplication(core, leg, { app, argument: argument.join(' ') }, () => {
      if (leg.down) failed?.('hangup');
      else accepted();
    });
    return;
  }
  const timeoutMs = Number.parseInt(leg.variables.get('group_confirm_read_timeout') ?? '5000', 10);
  const again = () =>
    readDigits(
      core,
      leg,
      {
        minDigits: key.length,
        maxDigits: key.length,
        timeoutMs,
        digitTimeoutMs: timeoutMs,
        terminators: '',
        prompt: file,
      },
      ({ digits }) => {
        if (leg.down) failed?.('hangup');
        else if (digits === key) {
          leg.variables.set('group_confirm_key', undefined);
          leg.variables.set('group_confirm_file', undefined);
          accepted();
        } else again();
      },
    );
  again();
}
