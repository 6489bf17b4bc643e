import type { Leg } from './leg.ts';
import { mediaDuration } from './media-duration.ts';
import type { SwitchTimer } from './switch-clock.ts';
import type { SwitchCore } from './switch-core.ts';

/** How hearing something ended. */
export type PlaybackEnd = 'finished' | 'digit' | 'break' | 'hangup' | 'missing';

/** Fires the DTMF event of a key that is taken from the leg. */
export function takeDigit(core: SwitchCore, leg: Leg, digit: string): void {
  core.fire('DTMF', leg, {
    withVariables: false,
    after: `DTMF-Digit: ${digit === '#' ? '%23' : digit}\nDTMF-Duration: 1280\nDTMF-Source: ENDPOINT\n`,
  });
}

/**
 * Lets keys go to `take` until it says true; keys that wait are taken first. Returns true when it has had enough
 * already.
 */
export function listenForDigits(core: SwitchCore, leg: Leg, take: (digit: string) => boolean): boolean {
  for (let digit = leg.digits.shift(); digit !== undefined; digit = leg.digits.shift()) {
    takeDigit(core, leg, digit);
    if (take(digit)) return true;
  }
  leg.onDigit = (digit) => {
    takeDigit(core, leg, digit);
    take(digit);
  };
  return false;
}

/** Plays one argument of `playback` to a leg. `onDigit` returns true to stop. Nothing to play ends in the same tick. */
export function playTo(
  core: SwitchCore,
  leg: Leg,
  argument: string,
  onDigit: (digit: string) => boolean,
  done: (end: PlaybackEnd) => void,
): void {
  const duration = mediaDuration(argument, core.settings);
  if (duration === 'missing') {
    done('missing');
    return;
  }
  if (leg.down) {
    done('hangup');
    return;
  }
  const startedUs = core.clock.nowUs();
  let timer: SwitchTimer | undefined;
  let over = false;
  const end = (how: PlaybackEnd) => {
    if (over) return;
    over = true;
    timer?.cancel();
    leg.onDigit = undefined;
    leg.interrupt = undefined;
    const ms =
      how === 'finished' && typeof duration === 'number'
        ? duration
        : Math.floor((core.clock.nowUs() - startedUs) / 1000);
    leg.variables.set('playback_last_offset_pos', String(ms * 8));
    leg.variables.set('playback_seconds', String(Math.floor(ms / 1000)));
    leg.variables.set('playback_ms', String(ms));
    leg.variables.set('playback_samples', String(ms * 8));
    done(how);
  };
  leg.interrupt = end;
  if (duration === 'endless') leg.enter('queue');
  else if (leg.phase !== 'collecting') leg.enter('playing');
  else {
    leg.promptsBegun++;
    leg.onPhase?.();
  }
  if (over) return;
  const enough = listenForDigits(core, leg, (digit) => {
    if (!onDigit(digit)) return false;
    end('digit');
    return true;
  });
  if (enough || over || duration === 'endless') return;
  if (duration === 0) end('finished');
  else timer = core.clock.after(duration, () => end('finished'));
}
