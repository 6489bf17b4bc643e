import { mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import {
  fileSource,
  type RecordingSource,
  type RecordingToRead,
} from '../../../daemon/records/recording-source.ts';
import { s3Source } from '../../../daemon/records/s3-target.ts';
import { until } from '../../until.ts';
import { fakeS3 } from './fake-s3.ts';

const bytes = Buffer.from('RIFF of a recording');
const signal = new AbortController().signal;

async function heard(source: RecordingSource, of: Partial<RecordingToRead> & { location: string }) {
  const recording = { bytes: bytes.length, range: undefined, signal, ...of };
  return (await buffer(await source.read(recording))).toString();
}

/** A folder of recordings with one, and beside it what is nobody's business. */
function house(t: Test) {
  const root = t.testdir({ kept: { tenant: { 'a.wav': bytes } }, other: { 'b.wav': bytes } });
  const at = (...path: string[]): string => pathToFileURL(join(root, ...path)).href;
  return { root, at, source: fileSource([join(root, 'kept')]) };
}

void t.test('a file of the recordings folder is read, whole or in part', async (t) => {
  const { at, source } = house(t);
  const location = at('kept', 'tenant', 'a.wav');
  t.equal(await heard(source, { location }), 'RIFF of a recording');
  t.equal(await heard(source, { location, range: { from: 5, to: 6 } }), 'of');
  t.equal(await heard(source, { location, range: { from: 18, to: 18 } }), 'g');
});

void t.test('nothing outside of the recordings folders is read, whatever a row names', async (t) => {
  const { root, at, source } = house(t);
  const kept = join(root, 'kept');
  symlinkSync(join(root, 'other', 'b.wav'), join(kept, 'link.wav'));
  symlinkSync(join(root, 'other'), join(kept, 'folder'));
  mkdirSync(join(root, 'kept-too'));
  writeFileSync(join(root, 'kept-too', 'c.wav'), bytes);
  for (const location of [
    at('other', 'b.wav'),
    `${at('kept')}/../other/b.wav`,
    `${at('kept')}/%2e%2e/other/b.wav`,
    at('kept', 'link.wav'),
    at('kept', 'folder', 'b.wav'),
    at('kept-too', 'c.wav'),
    at('kept'),
    `${at('kept')}/%2fx`,
    'file://elsewhere/a.wav',
    'file:///etc/hostname',
    's3://calls/a.wav',
    'nonsense',
  ])
    await t.rejects(heard(source, { location }), { name: 'RecordingNotRead', kind: 'missing' }, location);
});

void t.test('the folder itself may be a link, and links within it are followed', async (t) => {
  const { root, at } = house(t);
  symlinkSync(join(root, 'kept'), join(root, 'mounted'));
  symlinkSync(join(root, 'kept', 'tenant'), join(root, 'kept', 'renamed'));
  const source = fileSource([join(root, 'nowhere'), join(root, 'mounted')]);
  for (const location of [at('mounted', 'tenant', 'a.wav'), at('kept', 'renamed', 'a.wav')])
    t.equal(await heard(source, { location }), 'RIFF of a recording', location);
});

void t.test(
  'what is gone or another file is missing, and it is said on whose disk; no path is told',
  async (t) => {
    const { root, at, source } = house(t);
    mkdirSync(join(root, 'kept', 'folder.wav'));
    for (const [location, size] of [
      [at('kept', 'tenant', 'gone.wav'), bytes.length],
      [at('kept', 'tenant', 'a.wav', 'x'), bytes.length],
      [at('kept', 'tenant', 'a.wav'), bytes.length + 1],
      [at('kept', 'folder.wav'), statSync(join(root, 'kept', 'folder.wav')).size],
    ] as const) {
      const error: unknown = await heard(source, { location, bytes: size }).catch((error: unknown) => error);
      t.match(error, { kind: 'missing' }, location);
      t.match(String(error), hostname());
      t.notMatch(String(error), root);
    }
  },
);

void t.test('a file that was opened is closed when nobody listens', async (t) => {
  const { root, at, source } = house(t);
  truncateSync(join(root, 'kept', 'tenant', 'a.wav'), 1_000_000);
  const going = new AbortController();
  const location = at('kept', 'tenant', 'a.wav');
  const reading = { location, bytes: 1_000_000, range: undefined, signal: going.signal };
  const stream = await source.read(reading);
  stream.on('error', () => {});
  const closed = new Promise((resolve) => stream.once('close', resolve));
  going.abort();
  await closed;
  t.ok(stream.destroyed);
  await t.rejects(source.read(reading), { name: 'AbortError' }, 'nor is it opened for nobody');
});

/** A store with one object. */
async function storeWithOne(t: Test, deadlineMs?: number) {
  const store = await fakeS3(t);
  store.objects.set('/calls/rec/a.wav', { body: bytes, sha256: '', checksum: '' });
  const { at, source: files } = house(t);
  const source = s3Source({ ...store.options, ...(deadlineMs === undefined ? {} : { deadlineMs }) }, files);
  return { store, source, location: 's3://calls/rec/a.wav', at };
}

void t.test('an object of the store is read, whole or in part; the store sends no more', async (t) => {
  const { store, source, location, at } = await storeWithOne(t);
  t.equal(await heard(source, { location }), 'RIFF of a recording');
  t.equal(await heard(source, { location, range: { from: 5, to: 6 } }), 'of');
  t.same(store.ranges, [undefined, 'bytes=5-6']);
  t.equal(
    await heard(source, { location: at('kept', 'tenant', 'a.wav') }),
    'RIFF of a recording',
    'a file from before',
  );
});

void t.test('what is not in the store is missing; a store that is away is unreachable', async (t) => {
  const { store, source, location } = await storeWithOne(t, 5_000);
  const missing = { name: 'RecordingNotRead', kind: 'missing' };
  const unreachable = { name: 'RecordingNotRead', kind: 'unreachable' };
  await t.rejects(heard(source, { location: 's3://calls/rec/b.wav' }), missing);
  await t.rejects(heard(source, { location: 's3://elsewhere/rec/a.wav' }), missing);
  await t.rejects(heard(source, { location, bytes: 1 }), missing, 'of another size');
  await t.rejects(
    heard(source, { location, bytes: 99, range: { from: 1, to: 2 } }),
    missing,
    'of another size',
  );
  await t.rejects(heard(source, { location, range: { from: 50, to: 60 } }), missing, 'shorter than it was');
  store.answers = 403;
  await t.rejects(heard(source, { location }), unreachable, 'not ours to read');
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
  await new Promise((resolve) => nobody.close(resolve));
  await t.rejects(heard(s3Source({ ...store.options, endpoint }, source), { location }), unreachable, 'away');
});

void t.test(
  'a store that does not answer is not waited for, and what it sends ends with its listener',
  async (t) => {
    const never = await storeWithOne(t, 100);
    never.store.answers = 'never';
    const asked = heard(never.source, { location: never.location });
    await t.rejects(asked, { name: 'RecordingNotRead', kind: 'unreachable' });
    const { store, source, location } = await storeWithOne(t);
    store.answers = 'half';
    const going = new AbortController();
    const stream = await source.read({
      location,
      bytes: bytes.length,
      range: undefined,
      signal: going.signal,
    });
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.resume();
    going.abort();
    t.match(await failed, { name: 'AbortError' });
    await until('the store is told', () => store.abandoned > 0);
  },
);
