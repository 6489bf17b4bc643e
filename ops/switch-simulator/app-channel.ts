import { toHangupCause } from '../../daemon/telephony/hangup-cause.ts';
import type { Application } from './application.ts';
import { markAnswered, markEarlyMedia, markRinging } from './call-progress.ts';
import type { Leg } from './leg.ts';
import { hangUp } from './leg-end.ts';
import { listenForDigits } from './playback.ts';
import type { SwitchCore } from './switch-core.ts';

function instant(name: string, act: (core: SwitchCore, leg: Leg, argument: string) => void): Application {
  return {
    name,
    needsMedia: false,
    run: ({ core, leg, argument, done }) => {
      act(core, leg, argument);
      done();
    },
  };
}

/** `sched_hangup [+]<seconds> [cause]`. */
export function scheduleHangup(core: SwitchCore, leg: Leg, argument: string): void {
  const [time = '', cause] = argument.trim().split(/\s+/);
  const inSeconds = time.startsWith('+') ? Number(time.slice(1)) : Number(time) - core.clock.nowUs() / 1e6;
  const named = cause === undefined ? 'ALLOTTED_TIMEOUT' : toHangupCause(cause.toUpperCase());
  const end = () => hangUp(core, leg, { cause: named });
  if (!(inSeconds > 0)) {
    end();
    return;
  }
  const timer = core.clock.after(inSeconds * 1000, end);
  leg.undo.push(() => timer.cancel());
}

/** Waits until the time is up or the leg is broken off; keys are taken and lost. */
function wait(name: string, ms: (argument: string) => number): Application {
  return {
    name,
    needsMedia: false,
    run: ({ core, leg, argument, done }) => {
      const length = ms(argument);
      if (length === 0) {
        done();
        return;
      }
      const stop = () => {
        timer?.cancel();
        leg.interrupt = undefined;
        leg.onDigit = undefined;
        done();
      };
      const timer = Number.isFinite(length) ? core.clock.after(length, stop) : undefined;
      leg.interrupt = stop;
      listenForDigits(core, leg, () => false);
    },
  };
}

const sipCauses: Readonly<Record<string, string>> = {
  '403': 'OUTGOING_CALL_BARRED',
  '404': 'UNALLOCATED_NUMBER',
  '480': 'NO_USER_RESPONSE',
  '486': 'USER_BUSY',
  '503': 'NORMAL_TEMPORARY_FAILURE',
  '603': 'CALL_REJECTED',
};

/** Applications about the channel itself. */
export const channelApplications: readonly Application[] = [
  instant('answer', markAnswered),
  instant('pre_answer', markEarlyMedia),
  instant('ring_ready', markRinging),
  instant('hangup', (core, leg, argument) =>
    hangUp(core, leg, { cause: argument === '' ? 'NORMAL_CLEARING' : toHangupCause(argument) }),
  ),
  instant('respond', (core, leg, argument) =>
    hangUp(core, leg, { cause: toHangupCause(sipCauses[argument.slice(0, 3)] ?? 'NORMAL_CLEARING') }),
  ),
  instant('sched_hangup', scheduleHangup),
  instant('sched_cancel', () => undefined),
  instant('flush_dtmf', (_, leg) => {
    leg.digits.length = 0;
  }),
  instant('start_dtmf', () => undefined),
  instant('log', () => undefined),
  instant('info', () => undefined),
  instant('event', () => undefined),
  instant('privacy', () => undefined),
  wait('sleep', (argument) => Math.max(0, Number.parseInt(argument, 10) || 0)),
  wait('park', () => Number.POSITIVE_INFINITY),
];
