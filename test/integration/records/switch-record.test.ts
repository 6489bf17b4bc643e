import t from 'tap';
import { interruptedCall, legOfCall } from '../../../daemon/call/switch-record.ts';
import type { AnyRecord, CallRecord } from '../../../daemon/records/call-record.ts';
import { HeldCalls } from '../../../daemon/records/held-calls.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore, writable } from '../../../daemon/records/record-store.ts';
import { type Branded, newId } from '../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { legEnd } from '../../unit/call/leg-end.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';
import { writeSetup } from './write-setup.ts';

const switchName = 'fs1' as Branded<'SwitchName'>;

let database: TestDatabase;
t.before(async () => {
  database = await seededDatabase();
});
t.teardown(() => database.drop());

function made<Made>(record: Made | undefined): Made {
  if (record === undefined) throw new Error('a leg of ours');
  return record;
}

function heldOf(record: CallRecord, holdMs: number): AnyRecord {
  const { callId, tenantId } = record;
  return { source: 'held', callId, tenantId, holdMs, record };
}

void t.test('the legs of a crashed call join, in any order, any number of times', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const seen: unknown[] = [];
  for (const order of ['AB', 'BA', 'ABBA']) {
    const callId = newId<'CallId'>();
    const variables = { callfabric_call: callId, callfabric_tenant: tenantId };
    const a = made(interruptedCall(legEnd('A', variables), switchName));
    const b = made(legOfCall(legEnd('B', variables, { cause: 'USER_BUSY' }), 'json_cdr'));
    for (const side of order.split('')) writer.write(side === 'A' ? a : b);
    await writer.flush();
    t.same(writer.counts.rejected, 0);
    const [call] = await rows(
      `select caller, did, cause, source, outcome, extract(epoch from started_at) * 1000000 as s, answered_at is not null as answered from call where id = '${callId}'`,
    );
    const cdrs = await rows(`select side, source from cdr where call_id = '${callId}' order by side`);
    seen.push({ call, cdrs });
  }
  t.match(seen[0], {
    call: { caller: '+15125550100', did: '+15551234567', cause: 'NORMAL_CLEARING', answered: true },
    cdrs: [{ side: 'A' }, { side: 'B' }],
  });
  t.same(seen[1], seen[0]);
  t.same(seen[2], seen[0]);
});

void t.test("a late A-leg replaces the estimate in a session's record, and nothing else", async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const session = sampleRecord(tenantId);
  const [a] = session.legs;
  if (a?.cdr === undefined) throw new Error('a leg with its CDR');
  writer.write({ ...session, legs: [{ ...a, cdr: { ...a.cdr, source: 'estimated' } }] });
  const variables = { callfabric_call: session.callId, callfabric_tenant: tenantId };
  const late = legEnd('A', variables, { channelUuid: a.channelUuid });
  writer.write(made(interruptedCall(late, switchName)));
  await writer.flush();
  t.same(await rows(`select source, outcome from call where id = '${session.callId}'`), [
    { source: 'session', outcome: 'connected' },
  ]);
  t.same(await rows(`select source, bill_ms::int from cdr where call_id = '${session.callId}'`), [
    { source: 'json_cdr', bill_ms: 3020 },
  ]);
});

void t.test("a session's word of an attempt replaces what the switch's was taken for", async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const session = sampleRecord(tenantId);
  const guess = { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' } as const;
  const attempts = session.attempts.map((attempt) => ({ ...attempt, ...guess }));
  writer.write({ ...session, source: 'switch', outcome: 'interrupted', attempts });
  await writer.flush();
  const stands = () =>
    rows(
      `select c.outcome as call, a.outcome from call c join call_attempt a on a.call_id = c.id where c.id = '${session.callId}' order by a.number`,
    );
  t.match(await stands(), [{ call: 'interrupted', outcome: 'cancelled' }]);
  writer.write(session);
  await writer.flush();
  const known = session.attempts.map(({ outcome }) => ({ call: session.outcome, outcome }));
  t.same(await stands(), known);
  writer.write({ ...session, attempts });
  writer.write({ ...session, source: 'switch', attempts });
  await writer.flush();
  t.same(await stands(), known, 'and stays');
});

void t.test('a leg that ends before its call has its CDR at once, and the call no row', async (t) => {
  const { writer, tenantId, rows, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const session = sampleRecord(tenantId);
  const b = session.legs.find(({ side }) => side === 'B');
  if (b === undefined) throw new Error('a B-leg');
  const variables = { callfabric_call: session.callId, callfabric_tenant: tenantId };
  const end = legEnd('B', variables, { channelUuid: b.channelUuid, disposition: 'send_bye' });
  t.equal(await writer.keep(made(legOfCall(end, 'json_cdr'))), true);
  const stands = () =>
    rows(
      `select source, hung_up_by, (select count(*)::int from call c where c.id = d.call_id) as calls from cdr d where channel_uuid = '${b.channelUuid}'`,
    );
  t.same(await stands(), [{ source: 'json_cdr', hung_up_by: 'callfabric', calls: 0 }]);
  writer.write(session);
  writer.write(made(legOfCall(end, 'json_cdr')));
  await writer.flush();
  t.same(await stands(), [{ source: 'event', hung_up_by: 'caller', calls: 1 }], 'one CDR, by the session');
  t.same(await rows(`select attempt_id from call_leg where channel_uuid = '${b.channelUuid}'`), [
    { attempt_id: b.attemptId },
  ]);
});

void t.test('many legs beside the records of their calls go in few transactions', async (t) => {
  let transactions = 0;
  const { writer, tenantId, rows, close, orm } = await writeSetup(database.url, t.testdir(), {
    lingerMs: 50,
  });
  t.teardown(close);
  const store = new PostgresRecordStore(orm);
  const records = Array.from({ length: 50 }, () => sampleRecord(tenantId));
  const lines = records.flatMap((session) => {
    const variables = { callfabric_call: session.callId, callfabric_tenant: tenantId };
    const b = session.legs.find(({ side }) => side === 'B');
    const leg = legEnd('B', variables, b === undefined ? {} : { channelUuid: b.channelUuid });
    return [encodeRecord(made(legOfCall(leg, 'json_cdr'))), encodeRecord(session)];
  });
  for (const piece of writable(lines)) {
    transactions += 1;
    await store.write(piece);
  }
  t.equal(transactions, 2);
  const ids = records.map(({ callId }) => `'${callId}'`).join();
  t.same(await rows(`select count(*)::int as n from cdr where call_id in (${ids})`), [{ n: 100 }]);
  t.equal(writer.counts.rejected, 0);
});

void t.test('the word of the switch becomes a call only where no session writes it in time', async (t) => {
  const { writer, tenantId, rows, orm, log, close } = await writeSetup(database.url, t.testdir());
  t.teardown(close);
  const held = new HeldCalls({ orm, writer, log });
  const record = (callId = newId<'CallId'>()): CallRecord =>
    made(interruptedCall(legEnd('A', { callfabric_call: callId, callfabric_tenant: tenantId }), switchName));
  const stands = async (id: string) => (await rows(`select source, outcome from call where id = '${id}'`))[0];
  const [waiting, due, told] = [record(), record(), sampleRecord(tenantId)];
  await Promise.all([
    writer.keep(heldOf(waiting, 60_000)),
    writer.keep(heldOf(due, 0)),
    writer.keep(heldOf(record(told.callId), 0)),
    writer.keep(told),
  ]);
  t.same(await stands(due.callId), undefined, 'nothing shows yet');
  t.equal(await held.release(), 1, 'the other is told by its session');
  t.same(await stands(waiting.callId), undefined);
  t.same(await stands(due.callId), { source: 'switch', outcome: 'interrupted' });
  t.same(await stands(told.callId), { source: 'session', outcome: 'connected' });
  t.equal((await rows(`select 1 from cdr where call_id = '${due.callId}'`)).length, 1);
  t.same(await rows('select call_id from held_call'), [{ call_id: waiting.callId }]);
  t.equal(await held.release(), 0);
});
