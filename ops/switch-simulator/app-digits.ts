import type { Application, ApplicationRun } from './application.ts';
import type { Leg } from './leg.ts';
import { listenForDigits, playTo } from './playback.ts';
import { separate } from './separate.ts';
import type { SwitchTimer } from './switch-clock.ts';
import type { SwitchCore } from './switch-core.ts';

interface ReadDigits {
  readonly minDigits: number;
  readonly maxDigits: number;
  readonly timeoutMs: number;
  readonly digitTimeoutMs: number;
  readonly terminators: string;
  readonly prompt: string;
}
interface DigitsRead {
  readonly status: 'success' | 'timeout' | 'tooSmall' | 'failure';
  readonly digits: string;
}

/** switch_ivr_read: the first key stops the prompt; then keys until there are enough, a terminator, or silence. */
export function readDigits(
  core: SwitchCore,
  leg: Leg,
  wanted: ReadDigits,
  done: (read: DigitsRead) => void,
): void {
  let digits = '';
  leg.variables.set('read_result', undefined);
  const finish = (status: DigitsRead['status'], terminator = '') => {
    if (terminator !== '') leg.variables.set('read_terminator_used', terminator);
    const short = digits.length < wanted.minDigits;
    const settled = short ? 'tooSmall' : status;
    leg.variables.set('read_result', settled === 'success' || settled === 'timeout' ? settled : 'failure');
    const onlyTerminator =
      wanted.maxDigits === 1 && digits.length === 1 && wanted.terminators.includes(digits);
    done({ status: settled, digits: onlyTerminator ? '' : digits });
  };
  const collect = () => {
    if (leg.down) {
      finish('failure');
      return;
    }
    const first = digits[0];
    if (first !== undefined && wanted.terminators.includes(first)) {
      digits = '';
      finish('success', first);
      return;
    }
    if (digits.length >= wanted.maxDigits) {
      finish('success');
      return;
    }
    let timer: SwitchTimer | undefined;
    const stop = () => {
      timer?.cancel();
      leg.onDigit = undefined;
      leg.interrupt = undefined;
    };
    const restart = (ms: number) => {
      timer?.cancel();
      timer = core.clock.after(ms, () => {
        stop();
        finish('timeout');
      });
    };
    leg.interrupt = () => {
      stop();
      finish('failure');
    };
    const enough = listenForDigits(core, leg, (digit) => {
      if (wanted.terminators.includes(digit)) {
        stop();
        finish('success', digit);
        return true;
      }
      digits += digit;
      if (digits.length >= wanted.maxDigits) {
        stop();
        finish('success');
        return true;
      }
      restart(wanted.digitTimeoutMs);
      return false;
    });
    if (!enough && timer === undefined) restart(digits === '' ? wanted.timeoutMs : wanted.digitTimeoutMs);
  };
  if (wanted.prompt === '' || wanted.prompt.toLowerCase() === 'silence') {
    collect();
    return;
  }
  playTo(
    core,
    leg,
    wanted.prompt,
    (digit) => {
      digits += digit;
      return true;
    },
    (end) => {
      // Nobody is waited for then, and `read_result` stays unset.
      if (end === 'missing' || end === 'hangup') done({ status: 'failure', digits });
      else collect();
    },
  );
}

/** `<min> <max> <tries> <timeout> <terminators> <prompt> <invalid> <variable> <regexp> <digit timeout>`. */
export const playAndGetDigits: Application = {
  name: 'play_and_get_digits',
  needsMedia: true,
  run: (run) => {
    const words = separate(run.argument);
    const number = (index: number) => Math.max(0, Number.parseInt(words[index] ?? '0', 10) || 0);
    const minDigits = number(0);
    const timeoutMs = Math.max(1000, number(3));
    run.leg.enter('collecting');
    attempt(run, {
      wanted: {
        minDigits,
        maxDigits: Math.max(number(1), minDigits),
        timeoutMs,
        digitTimeoutMs: number(9) > 0 ? number(9) : timeoutMs,
        terminators: words[4] === undefined || words[4] === '' ? '#' : words[4],
        prompt: words[5] ?? '',
      },
      invalid: words[6] ?? '',
      variable: words[7] ?? '',
      pattern: words[8] ?? '',
      triesLeft: number(2),
    });
  },
};

interface Attempt {
  readonly wanted: ReadDigits;
  readonly invalid: string;
  readonly variable: string;
  readonly pattern: string;
  readonly triesLeft: number;
}

/** switch_play_and_get_digits: tries until the digits fit, saying `invalid` in between. */
function attempt(run: ApplicationRun, now: Attempt): void {
  const { core, leg, done } = run;
  const { variable } = now;
  if (leg.down || now.triesLeft <= 0) {
    done();
    return;
  }
  if (variable !== '') {
    leg.variables.set(variable, undefined);
    if (now.pattern !== '') leg.variables.set(`${variable}_invalid`, undefined);
  }
  leg.variables.set('read_result', undefined);
  readDigits(core, leg, now.wanted, ({ status, digits }) => {
    if (variable !== '' && digits !== '') leg.variables.set(variable, digits);
    const accepted = status === 'success' || (status === 'timeout' && digits.length >= now.wanted.minDigits);
    const emptyAllowed =
      now.wanted.minDigits === 0 && digits === '' && leg.variables.get('read_terminator_used') !== undefined;
    if (emptyAllowed || (accepted && digits !== '' && matches(digits, now.pattern))) {
      done();
      return;
    }
    if (accepted && digits !== '' && variable !== '') {
      leg.variables.set(variable, undefined);
      leg.variables.set(`${variable}_invalid`, digits);
    }
    const again = () => attempt(run, { ...now, triesLeft: now.triesLeft - 1 });
    if (leg.down || now.invalid === '') again();
    else playTo(core, leg, now.invalid, () => false, again);
  });
}

function matches(digits: string, pattern: string): boolean {
  if (pattern === '') return true;
  try {
    return new RegExp(pattern).test(digits);
  } catch {
    return false;
  }
}
