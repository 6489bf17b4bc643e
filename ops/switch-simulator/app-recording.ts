import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Application } from './application.ts';
import { encodeHeader } from './header-encoding.ts';
import type { Leg } from './leg.ts';
import type { SwitchCore } from './switch-core.ts';
import { writeWav } from './wav-file.ts';

const running = new WeakMap<Leg, Map<string, { readonly startedUs: number }>>();

function recordingsOf(leg: Leg): Map<string, { readonly startedUs: number }> {
  const known = running.get(leg);
  if (known !== undefined) return known;
  const none = new Map<string, { readonly startedUs: number }>();
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
  const ms = Math.floor((core.clock.nowUs() - recording.startedUs) / 1000);
  const channels = leg.variables.get('RECORD_STEREO') === 'true' ? 2 : 1;
  if (core.settings.writeRecordings) {
    try {
      writeWav(path, { ms, channels });
    } catch {
      leg.variables.set('record_completion_cause', 'uri-failure');
    }
  }
  leg.variables.set('record_samples', String(ms * 8));
  leg.variables.set('record_seconds', String(Math.floor(ms / 1000)));
  leg.variables.set('record_ms', String(ms));
  core.fire('RECORD_STOP', leg, { after: `Record-File-Path: ${encodeHeader(path)}\n` });
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
        recordings.set(path, { startedUs: core.clock.nowUs() });
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
  { name: 'record_session_mask', needsMedia: false, run: ({ done }) => done() },
  { name: 'record_session_unmask', needsMedia: false, run: ({ done }) => done() },
];
