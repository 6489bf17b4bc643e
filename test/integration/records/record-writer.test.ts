import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { CallRecord, CdrRecord } from '../../../daemon/records/call-record.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';
import { until, writeSetup } from './write-setup.ts';

let database: TestDatabase;
t.before(async () => {
  database = await seededDatabase();
});
t.teardown(() => database.drop());

const tables = ['call', 'call_leg', 'cdr', 'call_attempt', 'call_trace', 'recording'];

void t.test('a call stands in every table, times to the microsecond', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const record = sampleRecord(tenantId, { startedAtUs: 1_795_479_786_979_885 });
  writer.write(record);
  await writer.flush();
  t.equal(writer.depth, 0);
  const count = async (table: string): Promise<unknown> => {
    const column = table === 'call' ? 'id' : 'call_id';
    return (await rows(`select count(*)::int as n from ${table} where ${column} = '${record.callId}'`))[0]?.[
      'n'
    ];
  };
  const counts = [];
  for (const table of tables) counts.push(await count(table));
  t.same(counts, [1, 2, 2, 2, 8, 1]);
  const [call] = await rows(
    `select extract(epoch from started_at) * 1000000 as us, tags::text, variables, caller_name, tenant_id from call where id = '${record.callId}'`,
  );
  t.equal(Number(call?.['us']), 1_795_479_786_979_885);
  t.same(call?.['tags'], '{test}');
  t.match(JSON.stringify(call?.['variables']), /90210/);
  const [cdr] = await rows(
    `select bill_ms::int, q850, extract(epoch from answered_at) * 1000000 as us from cdr where call_id = '${record.callId}' and side = 'A'`,
  );
  t.equal(cdr?.['bill_ms'], 3040);
  t.equal(Number(cdr?.['us']), record.legs[0]?.cdr?.times.answerUs);
  const [recording] = await rows(`select status, location from recording where call_id = '${record.callId}'`);
  t.same(recording, { status: 'pending', location: null });
});

void t.test('the same record twice changes nothing', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const record = sampleRecord(tenantId);
  const dump = async (): Promise<unknown[]> => {
    const all = [];
    for (const table of tables)
      all.push(
        await rows(`select *, xmin::text from "${table}" where tenant_id = '${tenantId}' order by 1, 2`),
      );
    return all;
  };
  writer.write(record);
  await writer.flush();
  const before = await dump();
  writer.write(record);
  writer.write({ ...record, outcome: 'error' });
  await writer.flush();
  t.same(await dump(), before);
  t.equal(writer.counts.rejected, 0);
});

void t.test("a session's record replaces the switch's, never the other way", async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const session = sampleRecord(tenantId);
  const orphan: CallRecord = {
    ...session,
    source: 'switch',
    outcome: 'interrupted',
    attempts: session.attempts
      .slice(1)
      .map((attempt) => ({ ...attempt, destination: '', outcome: 'cancelled' })),
    trace: [],
    recordings: [],
  };
  const stands = async (): Promise<unknown> =>
    (await rows(`select source, outcome from call where id = '${session.callId}'`))[0];
  writer.write(orphan);
  await writer.flush();
  t.same(await stands(), { source: 'switch', outcome: 'interrupted' });
  await rows(
    `update call set tags = array['sold', '${session.tags[0] ?? ''}'] where id = '${session.callId}'`,
  );
  writer.write(session);
  writer.write(orphan);
  await writer.flush();
  t.same(await stands(), { source: 'session', outcome: 'connected' });
  t.same(
    await rows(`select tags from call where id = '${session.callId}'`),
    [{ tags: [...session.tags, 'sold'] }],
    'what somebody called it meanwhile stays, once',
  );
  t.equal((await rows(`select 1 from call_leg where call_id = '${session.callId}'`)).length, 2);
  t.same(
    await rows(`select number, outcome from call_attempt where call_id = '${session.callId}' order by 1`),
    [
      { number: 1, outcome: 'busy' },
      { number: 2, outcome: 'connected' },
    ],
  );
});

void t.test('a true CDR replaces an estimated one, never the other way', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const record = sampleRecord(tenantId);
  const withCdr = (source: CdrRecord['source'], billMs: number): CallRecord => ({
    ...record,
    legs: record.legs.map((leg) => ({
      ...leg,
      cdr: leg.cdr === undefined ? undefined : { ...leg.cdr, source, billMs },
    })),
  });
  const seen: unknown[] = [];
  for (const [source, billMs] of [
    ['estimated', 1],
    ['json_cdr', 2],
    ['event', 3],
    ['estimated', 4],
  ] as const) {
    writer.write(withCdr(source, billMs));
    await writer.flush();
    const found = await rows(
      `select source, bill_ms::int from cdr where call_id = '${record.callId}' and side = 'A'`,
    );
    seen.push(found.map((row) => `${String(row['source'])} ${String(row['bill_ms'])}`).join());
  }
  t.same(seen, ['estimated 1', 'json_cdr 2', 'json_cdr 2', 'json_cdr 2']);
});

void t.test(
  'a channel has one CDR, whatever month an estimate, its leg or another call would put it in',
  async (t) => {
    const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
    t.teardown(close);
    const record = sampleRecord(tenantId);
    const [leg] = record.legs;
    const cdr = leg?.cdr;
    if (leg === undefined || cdr === undefined) throw new Error('the sample has a CDR');
    const cdrFrom = (startUs: number, source: CdrRecord['source'], callId = record.callId): CallRecord => ({
      ...record,
      callId,
      legs: [{ ...leg, legId: newId(), cdr: { ...cdr, source, times: { ...cdr.times, startUs } } }],
      attempts: [],
      recordings: [],
    });
    const monthUs = 31 * 86_400e6;
    writer.write(cdrFrom(cdr.times.startUs, 'estimated'));
    await writer.flush();
    writer.write(cdrFrom(cdr.times.startUs - monthUs, 'json_cdr'));
    await writer.flush();
    writer.write(
      cdrFrom(
        cdr.times.startUs - 2 * monthUs,
        'event',
        '0166d8a0-0000-7000-8000-000000000001' as CallRecord['callId'],
      ),
    );
    await writer.flush();
    t.equal(writer.counts.rejected, 0);
    const found = await rows(`select call_id, source from cdr where channel_uuid = '${leg.channelUuid}'`);
    t.same(found, [{ call_id: record.callId, source: 'json_cdr' }]);
  },
);

void t.test('a call of no month we know is written like any other, and once', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const callIds = ['0166d8a0-0000-7000-8000-000000000002', 'ffffffff-ffff-4fff-bfff-fffffffffff0'];
  for (const callId of callIds) {
    const record = sampleRecord(tenantId, { callId: callId as CallRecord['callId'] });
    writer.write(record);
    await writer.flush();
    writer.write(record);
    await writer.flush();
    t.equal((await rows(`select 1 from cdr_default where call_id = '${callId}'`)).length, 2);
    t.equal((await rows(`select 1 from call_trace where call_id = '${callId}'`)).length, 8);
  }
  t.equal(writer.counts.rejected, 0);
});

void t.test('poisoned records are put aside and their neighbours written', async (t) => {
  const folder = t.testdir();
  const { writer, tenantId, rows, log, close } = await writeSetup(database.url, folder, { lingerMs: 50 });
  t.teardown(close);
  const good = Array.from({ length: 30 }, () => sampleRecord(tenantId));
  const poisoned = [
    sampleRecord(newId()), // no such tenant
    sampleRecord(tenantId, { outcome: 'unheard of' as 'connected' }),
    sampleRecord(tenantId, { endedAtUs: 5 }),
  ];
  for (const [index, record] of good.entries()) {
    writer.write(record);
    const bad = index % 10 === 5 ? poisoned[Math.trunc(index / 10)] : undefined;
    if (bad !== undefined) writer.write(bad);
  }
  await writer.flush();
  t.same(writer.counts, { written: 30, rejected: 3, lost: 0 });
  const ids = good.map(({ callId }) => `'${callId}'`).join();
  t.equal((await rows(`select 1 from call where id in (${ids})`)).length, 30);
  const aside = readdirSync(join(folder, 'rejected'));
  t.equal(aside.length, 3);
  const first = aside.find((name) => name.startsWith(poisoned[0]?.callId ?? ''));
  t.match(JSON.parse(readFileSync(join(folder, 'rejected', first ?? ''), 'utf8')), {
    reason: /_tenant_id_foreign/,
    record: { callId: poisoned[0]?.callId },
  });
  t.ok(log.messages.some((message) => /put aside/.test(message)));
});

void t.test('hostile text is written, not refused', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const record = sampleRecord(tenantId, {
    callerName: "\0'; drop table call; -- \ud83d \\u0000",
    tags: ['{"'],
  });
  writer.write(record);
  await writer.flush();
  t.same(writer.counts, { written: 1, rejected: 0, lost: 0 });
  const [call] = await rows(`select caller_name from call where id = '${record.callId}'`);
  t.equal(call?.['caller_name'], "\uFFFD'; drop table call; -- \uFFFD \\u0000");
});

void t.test('deleting the tenant removes its calls', async (t) => {
  const { writer, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const id = newId();
  await rows(`insert into tenant (id, slug, name) values ('${id}', 'leaving', 'Leaving')`);
  const record = sampleRecord(id);
  writer.write(record);
  await writer.flush();
  await rows(`delete from tenant where id = '${id}'`);
  for (const table of tables) t.same(await rows(`select 1 from "${table}" where tenant_id = '${id}'`), []);
});

void t.test('a connection that lost its prepared statement costs no record', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const records = [sampleRecord(tenantId), sampleRecord(tenantId)] as const;
  writer.write(records[0]);
  await writer.flush();
  await rows('deallocate all'); // as a pooler between the two does, or DISCARD ALL
  writer.write(records[1]);
  await until('the second is written', () => writer.counts.written + writer.counts.rejected === 2);
  t.same(writer.counts, { written: 2, rejected: 0, lost: 0 });
  t.same(await rows(`select count(*)::int as n from call where id = '${records[1].callId}'`), [{ n: 1 }]);
});
