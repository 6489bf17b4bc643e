import { type RecordingAdjustment, recordingFilePattern } from '../telephony/media.ts';
import { matching } from './checked-text.ts';
import type { Application } from './command.ts';

export const answer: Application = { app: 'answer', arg: '' };
/** 183 with media. */
export const preAnswer: Application = { app: 'pre_answer', arg: '' };
/** 180. */
export const ringReady: Application = { app: 'ring_ready', arg: '' };
/** Forgets digits that were pressed before somebody asked for them. */
export const flushDtmf: Application = { app: 'flush_dtmf', arg: '' };

/** Records until `stopRecording` or the end of the channel; `path` is absolute, on FreeSWITCH's disk. */
export function startRecording(path: string): Application {
  return { app: 'record_session', arg: recordingPath(path) };
}

export function stopRecording(path: string): Application {
  return { app: 'stop_record_session', arg: recordingPath(path) };
}

/** `pause` and `resume` are FreeSWITCH's from 1.11.2 on (mod_dptools.c); none of the four says whether it did anything. */
export function adjustRecording(path: string, adjustment: RecordingAdjustment): Application {
  return { app: `record_session_${adjustment}`, arg: recordingPath(path) };
}

const recordingFile = new RegExp(recordingFilePattern);

function recordingPath(path: string): string {
  return matching(path, 'recording path', recordingFile, 'an absolute path without spaces');
}
