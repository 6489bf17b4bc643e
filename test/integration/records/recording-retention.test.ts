import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import { RecordingRetention } from '../../../daemon/records/recording-retention.ts';
import { folderTarget, keepInPlace, type RecordingTarget } from '../../../daemon/records/recording-target.ts';
import { s3Target } from '../../../daemon/records/s3-target.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { poolOf } from '../../../orm/config.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';
import { writeSetup } from './write-setup.ts';

let database: TestDatabase;
t.before(async () => {
  database = await seededDatabase();
});
t.teardown(() => database.drop());

const dayUs = 86_400_000_000;
const sha256 = 'a'.repeat(64);

interface Kept {
  readonly retentionDays?: number;
  readonly ageDays: number;
  readonly status?: 'stored' | 'failed' | 'empty' | 'pending';
  /** Default: the file where FreeSWITCH wrote it. */
  readonly location?: (path: string) => string;
  readonly file?: false;
}

/** Rows of recordings, with files behind them. */
async function setup(t: Test) {
  const folder = t.testdir();
  const made = await writeSetup(database.url, folder);
  t.teardown(made.close);
  await made.rows('delete from recording');
  const warned: object[] = [];
  const log = { info() {}, warn: (facts: object) => void warned.push(facts) };
  const keep = async (kept: Kept) => {
    const sample = sampleRecord(made.tenantId);
    const path = join(folder, 'fs', made.tenantId, '2026/11/24', `${sample.callId}-1.wav`);
    mkdirSync(dirname(path), { recursive: true });
    if (kept.file !== false) writeFileSync(path, 'audio');
    const startedAtUs = Date.now() * 1000 - kept.ageDays * dayUs;
    const { retentionDays } = kept;
    made.writer.write({
      ...sample,
      recordings: sample.recordings.map((one) => ({ ...one, path, startedAtUs, retentionDays })),
    });
    await made.writer.flush();
    const location = kept.location?.(path) ?? pathToFileURL(path).href;
    const status = kept.status ?? 'stored';
    const where = `where call_id = '${sample.callId}'`;
    await made.rows(
      `update recording set status = '${status}', ${status === 'stored' ? `location = '${location}',` : ''}
       bytes = 5, duration_ms = 1500, sha256 = '${sha256}' ${where}`,
    );
    const row = async () => (await made.rows(`select * from recording ${where}`))[0];
    return { path, row, status: async () => (await row())?.['status'] };
  };
  const retention = (target: RecordingTarget, options: { batch?: number; deadlineMs?: number } = {}) =>
    new RecordingRetention({ orm: made.orm, target, log, ...options });
  return { ...made, folder, keep, retention, warned };
}

void t.test('a recording is deleted when its time is over, and what it was stays known', async (t) => {
  const { keep, retention } = await setup(t);
  const due = await keep({ retentionDays: 30, ageDays: 31 });
  const cut = await keep({ retentionDays: 1, ageDays: 2, status: 'failed' });
  const gone = await keep({ retentionDays: 7, ageDays: 8, file: false });
  const young = await keep({ retentionDays: 30, ageDays: 29 });
  const forEver = await keep({ ageDays: 4000 });
  const pending = await keep({ retentionDays: 1, ageDays: 2, status: 'pending' });
  t.same(await retention(keepInPlace).deleteDue(), { deleted: 3, kept: 0 });
  for (const one of [due, cut, gone]) {
    t.notOk(existsSync(one.path));
    t.match(await one.row(), { status: 'deleted', location: null, bytes: '5', duration_ms: 1500, sha256 });
    t.match((await one.row())?.['deleted_at'], /^20/);
  }
  for (const one of [young, forEver, pending]) {
    t.ok(existsSync(one.path));
    t.match(await one.row(), { status: /stored|pending/, deleted_at: null });
  }
  t.same(await retention(keepInPlace).deleteDue(), { deleted: 0, kept: 0 }, 'once');
});

void t.test('what cannot be deleted is said, and tried again after all others', async (t) => {
  const { keep, retention, warned, folder } = await setup(t);
  const bad = await keep({ retentionDays: 1, ageDays: 9 });
  const good = [await keep({ retentionDays: 1, ageDays: 3 }), await keep({ retentionDays: 2, ageDays: 4 })];
  let broken = true;
  const asked: string[] = [];
  const target: RecordingTarget = {
    ...folderTarget(join(folder, 'kept')),
    remove: async (location) => {
      asked.push(location);
      if (broken && location.includes(bad.path)) throw new Error('EACCES');
      await keepInPlace.remove(location);
    },
  };
  t.same(await retention(target, { batch: 2 }).deleteDue(), { deleted: 2, kept: 1 });
  t.equal(await bad.status(), 'stored');
  for (const one of good) t.equal(await one.status(), 'deleted');
  t.ok(warned.length > 0);
  broken = false;
  asked.length = 0;
  const late = await keep({ retentionDays: 1, ageDays: 2 });
  t.same(await retention(target, { batch: 2 }).deleteDue(), { deleted: 2, kept: 0 });
  t.match(asked, [pathToFileURL(late.path).href, pathToFileURL(bad.path).href], 'in this order');
  t.equal(await bad.status(), 'deleted');
});

void t.test('a store that is away ends the round after one batch; so does the time', async (t) => {
  const { keep, retention } = await setup(t);
  for (let index = 0; index < 5; index += 1) await keep({ retentionDays: 1, ageDays: 2 });
  const away = { ...keepInPlace, remove: () => Promise.reject(new Error('ECONNREFUSED')) };
  t.same(await retention(away, { batch: 2 }).deleteDue(), { deleted: 0, kept: 2 });
  const mute = { ...keepInPlace, remove: () => new Promise<void>(() => {}) };
  t.same(await retention(mute, { deadlineMs: 1 }).deleteDue(), { deleted: 0, kept: 0 });
  const stopping = new AbortController();
  const stops = {
    ...keepInPlace,
    remove: () => {
      stopping.abort();
      return new Promise<void>(() => {});
    },
  };
  t.same(
    await retention(stops).deleteDue(stopping.signal),
    { deleted: 0, kept: 1 },
    'nor does it keep a stop',
  );
  t.same(await retention(keepInPlace, { batch: 2 }).deleteDue(), { deleted: 5, kept: 0 }, 'in batches');
});

void t.test('one daemon at a time; the lock ends with the round', async (t) => {
  const { keep, retention, orm } = await setup(t);
  const { status } = await keep({ retentionDays: 1, ageDays: 2 });
  const other = await (await poolOf(orm)).connect();
  await other.query("select pg_advisory_lock(hashtext('callfabric recording retention'))");
  t.same(await retention(keepInPlace).deleteDue(), { deleted: 0, kept: 0 });
  t.equal(await status(), 'stored');
  await other.query('select pg_advisory_unlock_all()');
  other.release(true);
  t.same(await retention(keepInPlace).deleteDue(), { deleted: 1, kept: 0 });
  const free = await (await poolOf(orm)).query(
    "select pg_try_advisory_xact_lock(hashtext('callfabric recording retention')) as free",
  );
  t.match(free.rows, [{ free: true }]);
});

void t.test('a disk that is not mounted is no sign that files are gone', async (t) => {
  const { keep, retention, folder } = await setup(t);
  const elsewhere = join(folder, 'not-mounted/tenant/2026/11/24/x.wav');
  const { status } = await keep({
    retentionDays: 1,
    ageDays: 2,
    location: () => pathToFileURL(elsewhere).href,
  });
  t.same(await retention(keepInPlace).deleteDue(), { deleted: 0, kept: 1 });
  t.equal(await status(), 'stored');
});

void t.test('an object goes from its S3 store, and a copy that stayed here with it', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${new URL(request.url ?? '', 'http://x').pathname}`);
    response.statusCode = 204;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const target = s3Target({
    bucket: 'calls',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { keep, retention, warned } = await setup(t);
  const ours = await keep({ retentionDays: 1, ageDays: 3, location: () => 's3://calls/rec/a.wav' });
  const before = await keep({ retentionDays: 1, ageDays: 2 });
  const foreign = await keep({ retentionDays: 1, ageDays: 4, location: () => 's3://old/rec/a.wav' });
  t.same(await retention(target).deleteDue(), { deleted: 2, kept: 1 });
  t.same(asked, ['DELETE /calls/rec/a.wav']);
  t.equal(await ours.status(), 'deleted');
  t.notOk(existsSync(ours.path));
  t.equal(await before.status(), 'deleted', 'one that was kept on disk before S3 came');
  t.equal(await foreign.status(), 'stored');
  t.match(warned, [{ location: 's3://old/rec/a.wav', error: /another store/ }]);
});
