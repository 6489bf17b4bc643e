import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { encodeRecord, type RecordLine } from '../../../daemon/records/record-line.ts';
import { RecordSpool, type RecordSpoolOptions, startOf } from '../../../daemon/records/record-spool.ts';
import { encodeFrame, readFrames } from '../../../daemon/records/spool-frame.ts';
import { type CallId, newId } from '../../../daemon/telephony/ids.ts';
import { quietLog } from './quiet-log.ts';
import { sampleRecord } from './sample-record.ts';

const line = (text = '{"a":1}'): RecordLine => ({ callId: newId<'CallId'>(), source: 'session', text });
const lines = (count: number): RecordLine[] =>
  Array.from({ length: count }, () => encodeRecord(sampleRecord(newId())));
const segments = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.spool'));

/** Closed when the test is over: a process that dies gives its files back, one that only forgets them does not. */
function spoolOf(t: Test, options: RecordSpoolOptions): RecordSpool {
  const spool = new RecordSpool(options);
  t.teardown(() => spool.close());
  return spool;
}

async function readAll(spool: RecordSpool): Promise<CallId[]> {
  const ids: CallId[] = [];
  for (;;) {
    const batch = await spool.peek(7);
    if (batch.length === 0) return ids;
    ids.push(...batch.map(({ callId }) => callId));
    await spool.acknowledge(batch.length);
  }
}

void t.test('a segment cut at any byte gives back every whole record and no other', async (t) => {
  const written = [line('{"x":"é💬"}'), line('{"y":2}'), line('{}')];
  const frames = written.map(encodeFrame);
  const bytes = Buffer.concat(frames);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const read = [...readFrames(bytes.subarray(0, cut))].flatMap((piece) =>
      piece.kind === 'record' ? [piece.line] : [],
    );
    let whole = 0;
    for (let end = 0; whole < frames.length; whole += 1) {
      end += frames[whole]?.length ?? 0;
      if (end > cut) break;
    }
    t.same(read, written.slice(0, whole), `cut at ${cut}`);
  }
});

void t.test('one damaged byte costs at most the records it touches', async (t) => {
  const written = Array.from({ length: 5 }, (_, index) => line(`{"n":${index}}`));
  const bytes = Buffer.concat(written.map(encodeFrame));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      const intact = [...readFrames(damaged)].filter(
        (piece) => piece.kind === 'record' && written.some(({ text }) => text === piece.line.text),
      );
      return intact.length >= written.length - 2;
    }),
  );
  t.pass();
});

void t.test('records come back in order, over segments and a restart', async (t) => {
  const folder = t.testdir();
  const log = quietLog();
  const first = spoolOf(t, { folder, segmentBytes: 10_000, log });
  await first.open();
  const written = lines(20);
  for (let at = 0; at < 20; at += 2) t.equal(await first.append(written.slice(at, at + 2)), 2);
  t.ok(segments(folder).length > 2, 'several segments');
  t.equal(first.depth, 20);
  // No close: the process died.
  const second = spoolOf(t, { folder, log });
  await second.open();
  t.equal(second.depth, 20);
  t.same(await second.peek(3), await second.peek(3), 'the same until acknowledged');
  t.same(
    await readAll(second),
    written.map(({ callId }) => callId),
  );
  t.equal(second.depth, 0);
  t.equal(second.bytes, 0);
  t.same(segments(folder), [], 'what is written down is deleted');
});

void t.test('a death in mid-write loses only the record that was being written', async (t) => {
  const folder = t.testdir();
  const log = quietLog();
  const first = spoolOf(t, { folder, log });
  await first.open();
  const written = lines(3);
  await first.append(written);
  const path = join(folder, segments(folder)[0] ?? '');
  truncateSync(path, statSync(path).size - 10);
  const second = spoolOf(t, { folder, log });
  await second.open();
  await second.append(lines(1));
  t.equal(second.depth, 3, 'two whole ones and a new one');
  const ids = await readAll(second);
  t.same(
    ids.slice(0, 2),
    written.slice(0, 2).map(({ callId }) => callId),
  );
  t.equal(ids.length, 3);
  t.match(log.messages, [/earlier run/, /ends within a record/]);
});

void t.test('a write the disk took in spite of its error does not hide what comes after it', async (t) => {
  const folder = t.testdir({ probe: '' });
  const spool = spoolOf(t, { folder, log: quietLog() });
  await spool.open();
  const probe = await open(join(folder, 'probe'));
  await probe.close();
  const sync = t.intercept(Object.getPrototypeOf(probe) as typeof probe, 'datasync', {
    value: async () => {
      throw new Error('EIO: i/o error, fdatasync');
    },
    configurable: true,
  });
  const [refused, written] = [lines(2), lines(1)];
  await t.rejects(spool.append(refused), /EIO/);
  sync.restore();
  await spool.append(written);
  const ids = [...refused, ...written].map(({ callId }) => callId);
  t.same(await readAll(spool), ids);
  t.equal(spool.depth, 0, 'fewer than none would keep the next from being read');
});

void t.test('damage in the middle is kept aside and told', async (t) => {
  const folder = t.testdir();
  const log = quietLog();
  const spool = spoolOf(t, { folder, log });
  await spool.open();
  await spool.append(lines(1));
  await spool.close();
  appendFileSync(join(folder, segments(folder)[0] ?? ''), 'rubbish\n');
  const again = spoolOf(t, { folder, log });
  await again.open();
  t.equal((await readAll(again)).length, 1);
  t.equal(readdirSync(join(folder, 'rejected')).length, 1);
});

void t.test('a full spool refuses the newest and keeps the oldest', async (t) => {
  const written = lines(4);
  const maxBytes = written.slice(0, 2).reduce((sum, one) => sum + encodeFrame(one).length, 0);
  const spool = spoolOf(t, { folder: t.testdir(), maxBytes, log: quietLog() });
  await spool.open();
  t.equal(await spool.append(written), 2);
  t.same(
    await readAll(spool),
    written.slice(0, 2).map(({ callId }) => callId),
  );
  t.equal(await spool.append(written.slice(2)), 2, 'room again');
});

void t.test('appending goes on while the oldest are read', async (t) => {
  const spool = spoolOf(t, { folder: t.testdir(), log: quietLog() });
  await spool.open();
  const written = lines(6);
  await spool.append(written.slice(0, 3));
  t.equal((await spool.peek(2)).length, 2);
  await Promise.all([spool.append(written.slice(3)), spool.acknowledge(2)]);
  t.same(
    await readAll(spool),
    written.slice(2).map(({ callId }) => callId),
  );
});

void t.test('a folder of another running daemon is refused', async (t) => {
  const folder = t.testdir();
  const owner = join(folder, 'owner.pid');
  for (const began of ['', ` ${await startOf(process.ppid)}`]) {
    writeFileSync(owner, `${process.ppid}${began}\n`);
    await t.rejects(new RecordSpool({ folder, log: quietLog() }).open(), /belongs to the running process/);
  }
  writeFileSync(owner, '999999999\n');
  await spoolOf(t, { folder, log: quietLog() }).open();
  t.match(readFileSync(owner, 'utf8'), `${process.pid} `, 'a dead one is not');
});

void t.test(
  'after a reboot the number of the old daemon is another process: the folder is free',
  async (t) => {
    const folder = t.testdir({ 'owner.pid': `${process.ppid} 1\n` });
    await spoolOf(t, { folder, log: quietLog() }).open();
    t.match(readFileSync(join(folder, 'owner.pid'), 'utf8'), `${process.pid} `);
  },
);
