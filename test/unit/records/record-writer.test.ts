import t, { type Test } from 'tap';
import type { RecordLine } from '../../../daemon/records/record-line.ts';
import { RecordSpool } from '../../../daemon/records/record-spool.ts';
import type { RecordStore } from '../../../daemon/records/record-store.ts';
import { RecordWriter, type RecordWriterOptions } from '../../../daemon/records/record-writer.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { quietLog } from './quiet-log.ts';
import { sampleRecord } from './sample-record.ts';

/** A started writer whose PostgreSQL is `store`. */
async function writerTo(
  t: Test,
  store: RecordStore,
  options: Partial<RecordWriterOptions> = {},
  maxBytes = 1e9,
) {
  const log = quietLog();
  const spool = new RecordSpool({ folder: t.testdir(), maxBytes, log });
  const writer = new RecordWriter({
    store,
    spool,
    log,
    lingerMs: 1,
    patienceMs: 20,
    retryMinMs: 5,
    ...options,
  });
  await writer.start();
  return { writer, spool };
}

void t.test('a record is safe when it is in PostgreSQL itself, whatever comes behind it', async (t) => {
  const batches: RecordLine[][] = [];
  const second = Promise.withResolvers<void>();
  const store: RecordStore = {
    write: async (lines) => {
      batches.push([...lines]);
      if (batches.length > 1) await second.promise;
    },
  };
  const { writer } = await writerTo(t, store, { patienceMs: 60_000 });
  t.teardown(() => writer.stop());
  t.equal(await writer.keep(sampleRecord(newId())), true);
  const later = writer.keep(sampleRecord(newId()));
  t.equal(writer.depth, 1);
  second.resolve();
  t.equal(await later, true);
});

void t.test('a PostgreSQL that does not answer keeps nobody waiting: the record goes to disk', async (t) => {
  const answer = Promise.withResolvers<void>();
  const written: string[] = [];
  const store: RecordStore = {
    write: async (lines) => {
      await answer.promise;
      written.push(...lines.map(({ callId }) => callId));
    },
  };
  const { writer, spool } = await writerTo(t, store);
  t.teardown(() => writer.stop());
  const records = Array.from({ length: 3 }, () => sampleRecord(newId()));
  const inFlight = writer.keep(records[0] as (typeof records)[0]);
  t.equal(await inFlight, true);
  const behind = records.slice(1).map((record) => writer.keep(record));
  t.same(await Promise.all(behind), [true, true]);
  t.equal(spool.depth, 3, 'all are on disk, and none in PostgreSQL');
  t.same(written, []);
  answer.resolve();
  await writer.flush();
  t.same(new Set(written), new Set(records.map(({ callId }) => callId)));
});

void t.test('where neither takes it, it is not safe', async (t) => {
  const store: RecordStore = {
    write: async () => {
      throw new Error('connect ECONNREFUSED');
    },
  };
  const { writer } = await writerTo(t, store, {}, 10);
  t.equal(await writer.keep(sampleRecord(newId()), 60), false);
  await writer.stop();
});
