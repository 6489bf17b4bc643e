import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../fixtures/transcripts/', import.meta.url);

interface RecordedLine {
  readonly t: number;
  readonly conn?: number;
  readonly dir: string;
  readonly data?: string;
}

const recordingsOf = (mode: string): readonly string[] =>
  readdirSync(new URL(`${mode}/`, folder))
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => `${mode}/${file}`);

/** The names of all recordings, `sync/…` and `async/…`. */
export const recordings: readonly string[] = ['sync', 'async'].flatMap(recordingsOf);
/** Those of single questions to FreeSWITCH, with its inbound connection too. */
export const liveRecordings: readonly string[] = recordingsOf('live');

export function recordedLines(recording: string): readonly RecordedLine[] {
  return readFileSync(new URL(recording, folder), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): RecordedLine => JSON.parse(line));
}

/** The sockets of a recording FreeSWITCH sent anything on. */
export function connectionsOf(recording: string): readonly number[] {
  const sent = recordedLines(recording).filter(({ dir }) => dir === 'freeswitch>daemon');
  return [...new Set(sent.map(({ conn }) => conn ?? 1))];
}

/** All bytes FreeSWITCH sent on one socket of a recording. */
export function bytesFromSwitch(recording: string, conn = 1): Buffer {
  const sent = recordedLines(recording).filter(
    (line) => line.dir === 'freeswitch>daemon' && line.conn === conn,
  );
  return Buffer.from(sent.map((line) => line.data ?? '').join(''), 'latin1');
}

export function jsonCdr(name: 'a_leg' | 'b_leg'): unknown {
  return JSON.parse(readFileSync(new URL(`json_cdr/${name}.cdr.json`, folder), 'utf8'));
}
