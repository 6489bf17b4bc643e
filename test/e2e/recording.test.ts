import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';
import { stepsOf } from './call-row.ts';
import { file, flowOf, type Step } from './flow-plan.ts';
import { openHouse } from './house.ts';

/** Nodes one after the other, by their exits `next` and `done`. */
function inTurn(...nodes: readonly Step[]) {
  const edges = nodes.slice(1).map(([id], index) => {
    const [before = '', type] = nodes[index] ?? [];
    return `${before} ${type === 'play' ? 'done' : 'next'} ${id}`;
  });
  return flowOf(nodes, edges);
}
const record = (id: string, params: object): Step => [id, 'record', { ...params }];
const play = (id: string, ms: number): Step => [id, 'play', { prompt: file(`${id}-${ms}ms.wav`) }];

void t.test('a recording is masked, paused, stopped and begun again by its nodes', async (t) => {
  const house = await openHouse(t);
  const kept = join(house.folder, 'kept calls');
  await house.startDaemon(0, { CALLFABRIC_RECORDINGS_STORE: pathToFileURL(kept).href });
  const { did } = await house.flow(
    inTurn(
      ['hello', 'answer'],
      record('early', { action: 'mask' }),
      record('first', { channels: 'mono', retentionDays: 30 }),
      play('before', 100),
      record('hide', { action: 'mask' }),
      play('card', 300),
      record('show', { action: 'unmask' }),
      play('between', 100),
      record('leave', { action: 'pause' }),
      play('aside', 400),
      record('back', { action: 'resume' }),
      play('after', 100),
      record('enough', { action: 'stop' }),
      play('nobody', 100),
      record('second', { channels: 'mono' }),
      play('again', 200),
      record('end', { action: 'stop' }),
      record('late', { action: 'stop' }),
    ),
    { recordingRetentionDays: 90 },
  );
  const call = house.call(did);
  await call.ended;
  const row = await house.calls.row(
    call.uuid,
    ({ recordings }) => recordings.length > 0 && recordings.every(({ status }) => status !== 'pending'),
  );
  const [first, second] = row.recordings;
  if (first === undefined || second === undefined) throw new Error(`${row.recordings.length} recordings`);

  const applications = call.leg.applications.filter(({ app }) => app.includes('record_session'));
  t.same(
    applications.map(({ app, data }) => [app, data]),
    [
      ['record_session', first.path],
      ['record_session_mask', first.path],
      ['record_session_unmask', first.path],
      ['record_session_pause', first.path],
      ['record_session_resume', first.path],
      ['stop_record_session', first.path],
      ['record_session', second.path],
      ['stop_record_session', second.path],
    ],
    'by these applications, and none where no recording ran',
  );
  t.match(first.path, /-1\.wav$/);
  t.match(second.path, /-2\.wav$/);
  t.equal(stepsOf(row).length, 18);
  t.same(
    row.trace.filter(({ reason }) => reason !== null).map(({ node_id, reason }) => [node_id, reason]),
    [
      ['early', 'no recording runs'],
      ['late', 'no recording runs'],
    ],
  );
  t.match(row.recordings, [
    { status: 'stored', retention_days: 30 },
    { status: 'stored', retention_days: 90 },
  ]);

  const at = (app: string) => (applications.find((one) => one.app === app)?.atUs ?? 0) / 1000;
  const toldMs = first.duration_ms ?? 0;
  t.ok(at('stop_record_session') - at('record_session') - toldMs >= 300, 'what was paused is not in it');
  for (const { location, path, bytes, sha256 } of row.recordings) {
    const place = fileURLToPath(location ?? '');
    t.ok(place.startsWith(`${kept}/`), place);
    const wav = readFileSync(place);
    t.equal(wav.length, bytes);
    t.equal(createHash('sha256').update(wav).digest('hex'), sha256);
    t.notOk(existsSync(path), 'and no longer where the switch wrote it');
  }
  const wav = readFileSync(fileURLToPath(first.location ?? ''));
  const samples = Array.from({ length: (wav.length - 44) / 2 }, (_, index) =>
    wav.readInt16LE(44 + index * 2),
  );
  t.equal(samples.length, toldMs * 8);
  const [from, to] = [samples.indexOf(0), samples.lastIndexOf(0)];
  t.ok(from >= 400 && to < samples.length - 800, 'the voices are heard before and after');
  t.ok(to - from >= 2000 && samples.slice(from, to + 1).every((sample) => sample === 0), 'and not the card');
  await house.leaks(t);
});
