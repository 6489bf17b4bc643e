import type { Application, ApplicationRun } from './application.ts';
import { playTo } from './playback.ts';

/** Keys that stop a playback on this leg: `playback_terminators`, `*` unless set. */
function terminatorsOf(run: ApplicationRun): string {
  const named = run.leg.variables.get('playback_terminators') ?? '*';
  if (named.toLowerCase() === 'any') return '1234567890*#';
  return named.toLowerCase() === 'none' ? '' : named;
}

function play(run: ApplicationRun, argument: string): void {
  const { core, leg, done } = run;
  const terminators = terminatorsOf(run);
  leg.variables.set('playback_terminator_used', undefined);
  playTo(
    core,
    leg,
    argument,
    (digit) => {
      if (!terminators.includes(digit)) return false;
      leg.variables.set('playback_terminator_used', digit);
      return true;
    },
    (end) => {
      if (end === 'missing') done('FILE NOT FOUND');
      else done(end === 'hangup' ? 'PLAYBACK ERROR' : 'FILE PLAYED');
    },
  );
}

export const playback: Application = {
  name: 'playback',
  needsMedia: true,
  run: (run) => play(run, run.argument.replace(/@@.*$/s, '')),
};

/** `speak engine|voice|text`, or with the leg's `tts_engine` and `tts_voice`. */
export const speak: Application = {
  name: 'speak',
  needsMedia: true,
  run: (run) => {
    const text = run.argument.split('|').slice(-1)[0] ?? '';
    play({ ...run, done: () => run.done() }, `tts://${text}`);
  },
};

export const endlessPlayback: Application = {
  name: 'endless_playback',
  needsMedia: true,
  run: (run) =>
    playTo(
      run.core,
      run.leg,
      'local_stream://endless',
      () => false,
      () => run.done(),
    ),
};
