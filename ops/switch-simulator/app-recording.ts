import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Application } from './application.ts';
import { encodeHeader } from './header-encoding.ts';
import type { Leg } from './leg.ts';
import type { SwitchCore } from './switch-core.ts';
import { type Silence, writeWav } from './wav-file.ts';

/** One `record_session` under way. What is written grows with the switch's time, except while it is paused. */
class RunningRecording {
  readonly silences: Silence[] = [];
  readonly #core: SwitchCore;
  #writtenMs = 0;
  /** Undefined while paused. */
  #writesSinceUs: number | undefined;
  #maskedFromMs: number | undefined;

  constructor(core: SwitchCore) {
    this.#core = core;
    this.#writesSinceUs = core.clock.nowUs();
  }

  /** How long the file is by now. */
  get ms(): number {
    const since = this.#writesSinceUs;
    return Math.floor(
      this.#writtenMs + (since === undefined ? 0 : (this.#core.clock.nowUs() - since) / 1000),
    );
  }

  pause(on: boolean): void {
    this.#writtenMs = this.ms;
    this.#writesSinceUs = on ? undefined : this.#core.clock.nowUs();
  }

  mask(on: boolean): void {
    if (on) {
      this.#maskedFromMs ??= this.ms;
    } else if (this.#maskedFromMs !== undefined) {
      this.silences.push({ fromMs: this.#maskedFromMs, toMs: this.ms });
      this.#maskedFromMs = undefined;
    }
  }
}

const running = new WeakMap<Leg, Map<string, RunningRecording>>();

function recordingsOf(leg: Leg): Map<string, RunningRecording> {
  const known = running.get(leg);
  if (known !== undefined) return known;
  const none = new Map<string, RunningRecording>();
  running.set(leg, none);
  return none;
}

/** FreeSWITCH makes the folder when a recording begins, and gives the recording up where it cannot. */
function canWrite(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** Ends one recording: the file is whole before RECORD_STOP is fired. */
function stop(core: SwitchCore, leg: Leg, path: string): void {
  const recording = recordingsOf(leg).get(path);
  if (recording === undefined) return;
  recordingsOf(leg).delete(path);
  recording.pause(true);
  recording.mask(false);
  const { ms, silences } = recording;
  const channels = leg.variables.get('RECORD_STEREO') === 'true' ? 2 : 1;
  if (core.settings.writeRecordings) {
    try {
      writeWav(path, { ms, channels, silences });
    } catch {
      leg.variables.set('record_completion_cause', 'uri-failure');
    }
  }
  leg.variables.set('record_samples', String(ms * 8));
  leg.variables.set('record_seconds', String(Math.floor(ms / 1000)));
  leg.variables.set('record_ms', String(ms));
  core.fire('RECORD_STOP', leg, { after: `Record-File-Path: ${encodeHeader(path)}\n` });
}

/** One that does something to the recording at the path; where there is none it does nothing, as FreeSWITCH's. */
function adjusting(name: string, adjust: (recording: RunningRecording) => void): Application {
  return {
    name,
    needsMedia: false,
    run: ({ leg, argument, done }) => {
      const recording = recordingsOf(leg).get(argument);
      if (recording !== undefined) adjust(recording);
      done();
    },
  };
}

export const recordingApplications: readonly Application[] = [
  {
    name: 'record_session',
    needsMedia: false,
    run: ({ core, leg, argument, done }) => {
      const path = argument.split(' +')[0] ?? argument;
      const recordings = recordingsOf(leg);
      if (path !== '' && !recordings.has(path)) {
        if (core.settings.writeRecordings && !canWrite(path)) {
          leg.variables.set('record_completion_cause', 'uri-failure');
          done();
          return;
        }
        recordings.set(path, new RunningRecording(core));
        leg.undo.push(() => stop(core, leg, path));
        core.fire('RECORD_START', leg, { after: `Record-File-Path: ${encodeHeader(path)}\n` });
      }
      done();
    },
  },
  {
    name: 'stop_record_session',
    needsMedia: false,
    run: ({ core, leg, argument, done }) => {
      for (const path of argument === 'all' ? [...recordingsOf(leg).keys()] : [argument])
        stop(core, leg, path);
      done();
    },
  },
  adjusting('record_session_mask', (recording) => recording.mask(true)),
  adjusting('record_session_unmask', (recording) => recording.mask(false)),
  adjusting('record_session_pause', (recording) => recording.pause(true)),
  adjusting('record_session_resume', (recording) => recording.pause(false)),
];
