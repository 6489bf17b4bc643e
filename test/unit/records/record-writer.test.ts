import t, { type Test } from 'tap';
import type { RecordLine } from '../../../daemon/records/record-line.ts';
import { RecordSpool } from '../../../daemon/records/record-spool.ts';
import type { RecordStore } from '../../../daemon/records/record-store.ts';
import { RecordWriter, type RecordWriterOptions } from '../../../daemon/records/record-writer.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { until } from '../../until.ts';
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
  return { writer, spool, log };
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

void t.test(
  'what went to disk while PostgreSQL took its time is written too, with nothing coming after',
  async (t) => {
    const answer = Promise.withResolvers<void>();
    const disk = Promise.withResolvers<void>();
    const toDisk = Promise.withResolvers<void>();
    const written: string[] = [];
    const store: RecordStore = {
      write: async (lines) => {
        await answer.promise;
        written.push(...lines.map(({ callId }) => callId));
      },
    };
    const { writer, spool } = await writerTo(t, store);
    t.teardown(() => writer.stop());
    const append = spool.append.bind(spool);
    spool.append = async (lines) => {
      toDisk.resolve();
      await disk.promise;
      return append(lines);
    };
    const first = writer.keep(sampleRecord(newId()));
    await toDisk.promise; // it is on its way to both
    answer.resolve();
    t.equal(await first, true);
    disk.resolve();
    // It is written twice, which changes nothing; left lying it would keep every later record on disk.
    await until('the spool is read', () => written.length === 2);
    const later = sampleRecord(newId());
    t.equal(await writer.keep(later), true);
    await until('the next one is in PostgreSQL', () => written.includes(later.callId));
  },
);

void t.test(
  'a record that PostgreSQL refuses and no disk takes stands in the log whole, and counts as lost',
  async (t) => {
    const refusal = Object.assign(new Error('invalid input syntax'), { code: '22P02' });
    const { writer, spool, log } = await writerTo(t, { write: () => Promise.reject(refusal) });
    t.teardown(() => writer.stop());
    spool.reject = () => Promise.reject(new Error('ENOSPC: no space left on device'));
    const record = sampleRecord(newId());
    t.equal(await writer.keep(record), false);
    t.match(writer.counts, { lost: 1, rejected: 0 });
    t.match(log.facts.at(-1), { callId: record.callId, record: JSON.stringify(record) });
  },
);
