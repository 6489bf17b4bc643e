import { readFile } from 'node:fs/promises';
import t from 'tap';
import type { RecordingRow } from '../e2e/call-row.ts';
import { flowOf, type Step } from '../e2e/flow-plan.ts';
import { dialEventSocket, eventName } from './event-socket.ts';
import { live } from './find-freeswitch.ts';
import { went } from './house.ts';
import { placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

const tone = (id: string, ms: number): Step => [
  id,
  'play',
  { prompt: { kind: 'tone', tone: `%(${ms},0,300)` } },
];
const record = (id: string, action: string): Step => [id, 'record', { action, channels: 'mono' }];

/** Of each 20 ms of a mono WAV file whether there is anything to hear in it. */
async function audible(path: string): Promise<boolean[]> {
  const wav = await readFile(path);
  const at = wav.indexOf('data', 12, 'latin1') + 8;
  const frame = wav.readUInt32LE(28) / 50;
  return Array.from({ length: Math.floor((wav.length - at) / frame) }, (_, index) =>
    wav.subarray(at + index * frame, at + (index + 1) * frame).some((byte) => byte !== 0),
  );
}

const tookMs = ({ started_at, stopped_at }: RecordingRow) =>
  Date.parse(stopped_at ?? '') - Date.parse(started_at);

void t.test('recordings of a real FreeSWITCH', { skip: live.skip }, async (t) => {
  const house = await openWholeHouse(t);
  const { eslPort, eslPassword } = house.freeswitch;
  const facts = await dialEventSocket(eslPort, eslPassword);
  t.teardown(() => facts.close());
  facts.send('event plain RECORD_STOP\n\n');
  const toldMs = async (path: string): Promise<number> => {
    const told = await facts.next(
      (frame) => eventName(frame) === 'RECORD_STOP' && frame.event.get('Record-File-Path') === path,
      5_000,
      `RECORD_STOP of ${path}`,
    );
    return Number(told.event.get('variable_record_ms'));
  };

  await t.test('masked is silent, paused is missing, and the row is as long as the file', async (t) => {
    const nodes = [
      ['hello', 'answer'],
      record('first', 'start'),
      tone('before', 1500),
      record('hide', 'mask'),
      tone('card', 1500),
      record('show', 'unmask'),
      tone('between', 1500),
      record('leave', 'pause'),
      tone('aside', 3000),
      record('back', 'resume'),
      tone('after', 1500),
      record('enough', 'stop'),
      // The end of the call ends this one, in its pause.
      record('second', 'start'),
      tone('again', 1500),
      record('leave_again', 'pause'),
      tone('aside_again', 3000),
    ] as const satisfies Step[];
    const edges = nodes.slice(1).map(([id], index) => {
      const [before, type] = nodes[index] ?? [];
      return `${before} ${type === 'play' ? 'done' : 'next'} ${id}`;
    });
    const { did } = await house.flow(flowOf(nodes, edges));
    const caller = await placeCall('caller-stays', house.freeswitch.sipPort, did);
    await went(t, caller, 'the caller talked until the flow was over');
    const { recordings } = await house.writtenWithRecording(did);
    const [first, second] = recordings;
    if (first === undefined || second === undefined) throw new Error(`${recordings.length} recordings`);
    for (const recording of [first, second]) {
      t.match(recording, { status: 'stored', reason: null });
      const missing = tookMs(recording) - (recording.duration_ms ?? 0);
      t.ok(missing >= 2800, `${missing} ms were paused`);
      t.equal(await toldMs(recording.path), recording.duration_ms, 'FreeSWITCH counts what is in the file');
    }

    const heard = await audible(first.path);
    t.ok(Math.abs(heard.length * 20 - (first.duration_ms ?? 0)) <= 20);
    // The tone starts and ends with a cycle that may begin at zero: what counts is the long silence.
    const [from, to] = longestSilence(heard);
    t.comment(`silent from ${from * 20} to ${to * 20} ms of ${heard.length * 20}`);
    t.ok((to - from) * 20 >= 1300, 'the mask');
    const before = heard.slice(5, from - 1);
    const after = heard.slice(to + 1, -5);
    t.ok(before.length >= 50 && before.every(Boolean), 'heard before it');
    t.ok(after.length >= 100 && after.every(Boolean), 'heard after it');
  });
});

function longestSilence(heard: readonly boolean[]): [number, number] {
  let best: [number, number] = [0, 0];
  let from = 0;
  for (let index = 0; index <= heard.length; index += 1)
    if (heard[index] !== false) {
      if (index - from > best[1] - best[0]) best = [from, index];
      from = index + 1;
    }
  return best;
}
