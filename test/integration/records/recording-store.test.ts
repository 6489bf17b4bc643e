import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { RecordingStore } from '../../../daemon/records/recording-store.ts';
import { folderTarget, keepInPlace, type RecordingTarget } from '../../../daemon/records/recording-target.ts';
import { s3Target } from '../../../daemon/records/s3-target.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { fakeS3 } from '../../unit/records/fake-s3.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { wav } from '../../unit/records/wav.ts';
import { seededDatabase } from '../seeded-database.ts';
import { until, writeSetup } from './write-setup.ts';

let database: TestDatabase;
t.before(async () => {
  database = await seededDatabase();
});
t.teardown(() => database.drop());

/** Writes a call whose recording is `bytes` (none: no file), and looks after it with `target`. */
async function setup(
  t: Test,
  target: RecordingTarget,
  options: { giveUpAfterMs?: number; settledAfterMs?: number } = {},
) {
  const folder = t.testdir();
  let store: RecordingStore | undefined;
  const made = await writeSetup(database.url, folder, { onWritten: () => store?.nudge() });
  t.teardown(made.close);
  await made.rows("update recording set status = 'failed' where status = 'pending'");
  const record = (bytes: Buffer | undefined, stopped = true, durationMs?: number) => {
    const sample = sampleRecord(made.tenantId);
    const path = join(folder, 'fs', `${sample.callId}-1.wav`);
    if (bytes !== undefined) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    made.writer.write({
      ...sample,
      recordings: sample.recordings.map((one) => ({
        ...one,
        path,
        stoppedAtUs: stopped ? one.stoppedAtUs : undefined,
        durationMs,
      })),
    });
    const row = async () =>
      (await made.rows(`select * from recording where call_id = '${sample.callId}'`))[0];
    return { path, row };
  };
  const recordings = new RecordingStore({ orm: made.orm, target, log: made.log, ...options });
  const start = (): void => {
    store = recordings;
  };
  t.teardown(() => recordings.stop());
  return { ...made, record, recordings, start };
}

void t.test('a good recording is stored, an empty one is empty, a broken one failed', async (t) => {
  const { record, recordings, writer } = await setup(t, keepInPlace);
  const bytes = wav(1500);
  const good = record(bytes);
  const empty = record(wav(0));
  const broken = record(Buffer.from('no audio in here at all'));
  const absent = record(undefined);
  const growing = record(wav(100), false);
  await writer.flush();
  t.match(await good.row(), { status: 'pending', location: null });
  t.same(await recordings.sweepRecordings(), { stored: 1, empty: 1, failed: 1, pending: 2 });
  const row = await good.row();
  t.match(row, {
    status: 'stored',
    duration_ms: 1500,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });
  t.equal(Number(row?.['bytes']), bytes.length);
  t.equal(fileURLToPath(String(row?.['location'])), good.path);
  t.match(await empty.row(), { status: 'empty', location: null });
  t.match(await broken.row(), { status: 'failed', reason: 'not a WAV file' });
  t.match(await absent.row(), { status: 'pending', tries: 1, reason: /no file/ });
  t.match(await growing.row(), { status: 'pending', reason: 'it may still be written' });
  writeFileSync(absent.path, wav(200));
  t.match(await recordings.sweepRecordings(), { stored: 1 }, 'it came late');
});

void t.test('a file that cannot be read just now is tried again, not given up', async (t) => {
  const { record, recordings, writer } = await setup(t, keepInPlace);
  const { path, row } = record(undefined);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(path, path);
  await writer.flush();
  t.match(await recordings.sweepRecordings(), { pending: 1 });
  t.match(await row(), { status: 'pending', reason: /ELOOP/ });
  unlinkSync(path);
  writeFileSync(path, wav(1500));
  t.match(await recordings.sweepRecordings(), { stored: 1 });
  t.match(await row(), { status: 'stored', reason: null });
});

void t.test('a file that is shorter than its header or FreeSWITCH said is failed, not stored', async (t) => {
  const { record, recordings, writer } = await setup(t, keepInPlace, { settledAfterMs: 0 });
  const cut = record(wav(3000).subarray(0, 44 + 32_000), true);
  const short = record(wav(58_000, 1), true, 60_000);
  const none = record(wav(0), true, 60_000);
  const nearly = record(wav(1100), true, 2000);
  const untold = record(wav(1100));
  await writer.flush();
  t.match(await short.row(), { status: 'pending', duration_ms: 60_000 }, 'what FreeSWITCH said, so far');
  t.same(await recordings.sweepRecordings(), { stored: 2, empty: 0, failed: 3, pending: 0 });
  t.match(await cut.row(), {
    status: 'failed',
    location: null,
    duration_ms: 1000,
    bytes: '32044',
    reason: 'its header tells of 3000 ms, 1000 ms are there',
  });
  t.match(await short.row(), {
    status: 'failed',
    duration_ms: 58_000,
    reason: 'FreeSWITCH recorded 60000 ms, 58000 ms are there',
  });
  t.match(await none.row(), { status: 'failed', duration_ms: 0, reason: /60000 ms, 0 ms are there/ });
  t.match(await nearly.row(), { status: 'stored', duration_ms: 1100 }, 'its own length, within the second');
  t.match(await untold.row(), { status: 'stored', duration_ms: 1100 }, 'after a takeover nobody may know');
});

void t.test('a file whose rest a shared disk shows later is stored when it does', async (t) => {
  const { record, recordings, writer } = await setup(t, keepInPlace, { settledAfterMs: 60_000 });
  const { path, row } = record(wav(3000).subarray(0, 20_000), true, 3000);
  await writer.flush();
  t.match(await recordings.sweepRecordings(), { pending: 1 });
  t.match(await row(), { status: 'pending', duration_ms: 3000, reason: /tells of 3000 ms/ });
  writeFileSync(path, wav(3000));
  t.match(await recordings.sweepRecordings(), { stored: 1 });
  t.match(await row(), { status: 'stored', duration_ms: 3000, reason: null });
});

void t.test('a written call has its recording looked after by itself', async (t) => {
  const { record, start } = await setup(t, keepInPlace);
  start();
  const { row } = record(wav(300));
  await until('it is stored', async () => (await row())?.['status'] === 'stored');
});

void t.test('a file that never comes is given up', async (t) => {
  const { record, recordings, writer } = await setup(t, keepInPlace, { giveUpAfterMs: 0 });
  const { row } = record(undefined);
  await writer.flush();
  t.match(await recordings.sweepRecordings(), { failed: 1 });
  t.match(await row(), { status: 'failed', reason: /no file/ });
});

void t.test(
  'another folder: copied, verified, then the local file goes; a crash in between is made good',
  async (t) => {
    const folder = join(t.testdir(), 'kept');
    const target = folderTarget(folder);
    let dies = true;
    const { record, recordings, writer } = await setup(t, {
      ...target,
      store: async (recording) => {
        const location = await target.store(recording);
        if (dies) throw new Error('the daemon died here');
        return location;
      },
    });
    const bytes = wav(400);
    const { path, row } = record(bytes);
    await writer.flush();
    t.match(await recordings.sweepRecordings(), { pending: 1 });
    t.ok(existsSync(path), 'the local file is still there');
    dies = false;
    t.match(await recordings.sweepRecordings(), { stored: 1 });
    t.notOk(existsSync(path));
    const place = fileURLToPath(String((await row())?.['location']));
    t.ok(place.startsWith(folder));
    t.same(readFileSync(place), bytes);
  },
);

void t.test('a recording whose tenant is deleted while it is stored leaves no file', async (t) => {
  const target = folderTarget(join(t.testdir(), 'kept'));
  let place = '';
  const { record, recordings, writer, rows } = await setup(t, {
    ...target,
    store: async (recording) => {
      place = await target.store(recording);
      await rows("delete from recording where status = 'pending'");
      return place;
    },
  });
  const { path } = record(wav(100));
  await writer.flush();
  await recordings.sweepRecordings();
  t.match(place, /^file:/);
  t.notOk(existsSync(fileURLToPath(place)));
  t.notOk(existsSync(path));
});

void t.test('an S3 store: kept locally until the object was seen there', async (t) => {
  const store = await fakeS3(t);
  store.keepsHalf = true;
  const target = s3Target({ ...store.options, prefix: 'rec/' });
  const { record, recordings, writer, tenantId } = await setup(t, target);
  const bytes = wav(250);
  const { path, row } = record(bytes);
  await writer.flush();
  t.match(await recordings.sweepRecordings(), { pending: 1 }, 'half an object does not count');
  t.match(await row(), { status: 'pending', location: null, reason: /is not the file/ });
  t.ok(existsSync(path));
  store.keepsHalf = false;
  t.match(await recordings.sweepRecordings(), { stored: 1 });
  t.notOk(existsSync(path));
  const location = String((await row())?.['location']);
  t.match(location, new RegExp(`^s3://calls/rec/${tenantId}/\\d{4}/\\d\\d/\\d\\d/[0-9a-f-]{36}\\.wav$`));
  const object = store.objects.get(location.replace('s3:/', ''));
  t.same(object?.body, bytes);
  t.equal(object?.checksum, createHash('sha256').update(bytes).digest('base64'));
  await target.remove(location);
  t.equal(store.objects.size, 0);
  await target.remove(location);
  await t.rejects(target.remove('s3://another/x.wav'), /another store than CALLFABRIC_RECORDINGS_STORE/);
});
