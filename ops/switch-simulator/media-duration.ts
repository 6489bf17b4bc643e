import type { SwitchSettings } from './switch-core.ts';

/** How long an argument of `playback` is heard, ms; `endless`, or `missing` where there is no such file. */
export type MediaDuration = number | 'endless' | 'missing';

const perCharacterMs = 60;

export function mediaDuration(argument: string, settings: SwitchSettings): MediaDuration {
  const known = settings.files.get(argument);
  if (known !== undefined) return known;
  const [scheme, rest] = splitScheme(argument);
  switch (scheme) {
    case 'silence_stream': {
      const ms = Number.parseInt(rest, 10);
      return ms < 0 ? 'endless' : Number.isNaN(ms) ? 'missing' : ms;
    }
    case 'tone_stream':
      return toneDuration(rest);
    case 'local_stream':
    case 'shout':
      return 'endless';
    case 'file_string':
      return sum(rest.split('!').map((part) => mediaDuration(part, settings)));
    case 'say':
    case 'tts':
      return rest.length * perCharacterMs;
    default:
      break;
  }
  if (argument === '' || /missing|not-?found|no-?such/i.test(argument)) return 'missing';
  const named = /(\d+)ms(?:\.\w+)?$/.exec(argument)?.[1];
  return named === undefined ? settings.fileMs : Number(named);
}

function splitScheme(argument: string): [string, string] {
  const at = argument.indexOf('://');
  if (at < 0) return argument.startsWith('say:') ? ['say', argument.slice(4)] : ['', argument];
  return [argument.slice(0, at), argument.slice(at + 3)];
}

function sum(parts: readonly MediaDuration[]): MediaDuration {
  let total = 0;
  for (const part of parts) {
    if (typeof part !== 'number') return part;
    total += part;
  }
  return total;
}

/** TGML: `%(on,off,freq…)` pieces, `;loops=n` (−1: without end). */
function toneDuration(tone: string): MediaDuration {
  const loops = Number(/[;,]loops=(-?\d+)/.exec(tone)?.[1] ?? 1);
  if (loops < 0) return 'endless';
  let once = 0;
  for (const [, on = '0', off = '0'] of tone.matchAll(/%\((\d+),(\d+)/g)) once += Number(on) + Number(off);
  return once * Math.max(loops, 1);
}
