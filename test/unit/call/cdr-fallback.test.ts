import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { CdrFallback } from '../../../daemon/call/cdr-fallback.ts';
import type { CdrVerdict } from '../../../daemon/call/cdr-inbox.ts';

/** A folder with files of an age, and an inbox that says of each record what the record itself says. */
function scene(t: Test, files: Readonly<Record<string, string>>, ageMs = 60_000) {
  const folder = t.testdir({ ...files });
  const changedAt = (Date.now() - ageMs) / 1000;
  for (const name of Object.keys(files)) utimesSync(join(folder, name), changedAt, changedAt);
  const accepted: unknown[] = [];
  const state = { safe: true };
  const fallback = new CdrFallback({
    folder,
    inbox: {
      accept: async (record) => {
        accepted.push(record['id']);
        return state.safe ? (record['verdict'] as CdrVerdict) : 'unsafe';
      },
    },
    log: { info() {}, warn() {} },
  });
  const left = (): string[] => readdirSync(folder).toSorted();
  return { folder, fallback, accepted, state, left };
}

const record = (id: number, verdict: CdrVerdict) => JSON.stringify({ id, verdict });

void t.test('records are taken in and deleted, those that are not safe wait', async (t) => {
  const { fallback, accepted, left } = scene(t, {
    'a_1.cdr.json': record(1, 'written'),
    '2.cdr.json': record(2, 'known'),
    '3.cdr.json': record(3, 'unsafe'),
    'notes.txt': 'not ours',
  });
  t.equal(await fallback.sweep(), 2);
  t.same(new Set(accepted), new Set([1, 2, 3]));
  t.same(left(), ['3.cdr.json', 'notes.txt']);
});

void t.test('what is no record of ours is moved aside, whole', async (t) => {
  const { folder, fallback, left } = scene(t, {
    'cut.cdr.json': '{"variables":',
    'null.cdr.json': 'null',
    'other.cdr.json': record(1, 'foreign'),
  });
  t.equal(await fallback.sweep(), 0);
  t.same(left(), ['rejected']);
  t.same(readdirSync(join(folder, 'rejected')).toSorted(), [
    'cut.cdr.json',
    'null.cdr.json',
    'other.cdr.json',
  ]);
});

void t.test('a file stays until its record is safe', async (t) => {
  const { fallback, state, left } = scene(t, { '1.cdr.json': record(1, 'written') });
  state.safe = false;
  t.equal(await fallback.sweep(), 0);
  t.same(left(), ['1.cdr.json']);
  state.safe = true;
  t.equal(await fallback.sweep(), 1);
  t.same(left(), []);
});

void t.test('a file that may still be written is left alone', async (t) => {
  const { folder, fallback, accepted } = scene(t, {});
  writeFileSync(join(folder, '1.cdr.json'), record(1, 'written'));
  t.equal(await fallback.sweep(), 0);
  t.same(accepted, []);
});

void t.test('a folder that is not there yet is empty', async (t) => {
  const fallback = new CdrFallback({
    folder: join(t.testdir(), 'none'),
    inbox: { accept: async () => 'written' },
    log: { info() {}, warn() {} },
  });
  t.equal(await fallback.sweep(), 0);
});
