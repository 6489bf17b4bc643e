import { readdirSync } from 'node:fs';
import t from 'tap';
import { RecordSpool } from '../../../daemon/records/record-spool.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import { RecordWriter } from '../../../daemon/records/record-writer.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { type StoppablePostgres, stoppablePostgres } from './stoppable-postgres.ts';
import { until, writeSetup } from './write-setup.ts';

let postgres: StoppablePostgres;
t.before(async () => {
  postgres = await stoppablePostgres();
});
t.teardown(() => postgres.end());

void t.test('PostgreSQL stops in the middle of writing: nothing is lost, order is kept', async (t) => {
  const folder = t.testdir();
  const { writer, spool, tenantId, rows, log, close } = await writeSetup(postgres.url, folder, {
    batchCalls: 20,
  });
  t.teardown(close);
  const written: string[] = [];
  const give = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const record = sampleRecord(tenantId);
      written.push(record.callId);
      writer.write(record);
    }
  };
  give(400);
  await until('the first batches', () => writer.counts.written >= 40);
  const stopping = postgres.stop();
  give(200);
  await until('the outage is seen', () => {
    give(1);
    return writer.away;
  });
  await stopping;
  give(200);
  await writer.flush();
  t.ok(spool.depth >= 200, 'what could not be written is on disk');
  t.equal(writer.depth, spool.depth, 'and nothing waits in memory');
  await postgres.start();
  give(10);
  await until('everything is written', () => writer.depth === 0);
  const found = await rows(`select id from call`);
  t.same(new Set(found.map((row) => row['id'])), new Set(written));
  t.equal(writer.counts.lost + writer.counts.rejected, 0);
  t.same(
    readdirSync(folder).filter((name) => name.endsWith('.spool')),
    [],
  );
  t.ok(log.messages.some((message) => /takes call records again/.test(message)));
});

void t.test('connections that break under a write cost nothing and write nothing twice', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(postgres.url, t.testdir(), { batchCalls: 10 });
  t.teardown(close);
  await rows('truncate call, call_leg, cdr cascade');
  const ids: string[] = [];
  for (let round = 0; round < 15; round += 1) {
    for (let index = 0; index < 20; index += 1) {
      const record = sampleRecord(tenantId);
      ids.push(record.callId);
      writer.write(record);
    }
    const before = writer.counts.written;
    await until('some were written', () => writer.counts.written > before || writer.depth === 0);
    postgres.cut();
  }
  await until('everything is written', () => writer.depth === 0);
  const found = await rows('select id from call');
  t.same(new Set(found.map((row) => row['id'])), new Set(ids));
  const [legs] = await rows('select count(*)::int as n, count(distinct channel_uuid)::int as d from cdr');
  t.same(legs, { n: ids.length * 2, d: ids.length * 2 });
});

void t.test('a read-only PostgreSQL is away too', async (t) => {
  const setup = await writeSetup(postgres.url, t.testdir());
  t.teardown(() => setup.close());
  const { writer, tenantId, rows } = setup;
  await rows('alter database callfabric set default_transaction_read_only = on');
  postgres.cut();
  writer.write(sampleRecord(tenantId));
  await until('it is seen', () => writer.away);
  await writer.flush();
  t.equal(setup.spool.depth, 1);
  t.equal(writer.counts.rejected, 0);
  await rows('begin read write; alter database callfabric set default_transaction_read_only = off; commit');
  postgres.cut();
  await until('it is written', () => writer.depth === 0);
  t.equal(writer.counts.written, 1);
});

void t.test('the daemon ends while PostgreSQL is away and the next one writes what it left', async (t) => {
  const folder = t.testdir();
  const { writer, tenantId, close } = await writeSetup(postgres.url, folder);
  await postgres.stop();
  const records = Array.from({ length: 25 }, () => sampleRecord(tenantId));
  for (const record of records) writer.write(record);
  await close();

  // It starts before PostgreSQL is back.
  const log = quietLog();
  const orm = openOrm(postgres.url, { connectTimeoutMs: 500 });
  const next = new RecordWriter({
    store: new PostgresRecordStore(orm),
    spool: new RecordSpool({ folder, log }),
    log,
    retryMinMs: 10,
    retryMaxMs: 20,
  });
  await next.start();
  t.teardown(async () => {
    await next.stop();
    await closeOrm(orm);
  });
  t.equal(next.depth, 25);
  const late = sampleRecord(tenantId);
  next.write(late);
  await until('it is seen', () => next.away);
  await postgres.start();
  await until('everything is written', () => next.depth === 0);
  const pool = await poolOf(orm);
  const ids = [...records, late].map(({ callId }) => callId);
  const found = await pool.query('select id from call where id = any($1)', [ids]);
  t.equal(found.rowCount, 26);
  await next.stop();
  await next.stop();
});
