import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t, { type Test } from 'tap';
import {
  fileSource,
  RecordingNotRead,
  type RecordingSource,
} from '../../../daemon/records/recording-source.ts';
import { s3Source } from '../../../daemon/records/s3-target.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { key } from '../../unit/http/test-api.ts';
import { fakeS3 } from '../../unit/records/fake-s3.ts';
import { wav } from '../../unit/records/wav.ts';
import { until } from '../../until.ts';
import { seededDatabase } from '../seeded-database.ts';
import { type Headers, type ResourceHouse, resourceHouse } from './resources/resource-house.ts';

const one = newId();
const other = newId();
const audio = wav(500);
let house: ResourceHouse;
let folder: string;
let origin: string;
/** What reads; a test puts another in its place. */
let source: RecordingSource;
let files: RecordingSource;

t.before(async () => {
  folder = t.testdir({});
  files = fileSource([folder]);
  source = files;
  const recordings: RecordingSource = { read: (recording) => source.read(recording) };
  house = resourceHouse(await seededDatabase(), one, false, () => ({ recordings }));
  for (const [id, slug] of [
    [one, 'one'],
    [other, 'other'],
  ])
    await house.sql('insert into tenant (id, slug, name) values (?, ?, ?)', [id, slug, slug]);
  origin = await house.app.listen({ port: 0, host: '127.0.0.1' });
});
t.teardown(() => house.close());

/** A recording of a tenant, as a sweep leaves it. `of`: columns that are otherwise. */
async function recorded(of: Readonly<Record<string, unknown>> = {}, body = audio, tenant = one) {
  const [call, id] = [newId(), newId()];
  const path = join(folder, tenant, `${id}.wav`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  await house.sql(
    `insert into call (id, tenant_id, switch_name, daemon_id, caller, caller_name, did, started_at, ended_at, outcome, cause, hung_up_by, variables, tags, takeovers, source)
     values (?, ?, 'fs1', ?, '', '', '', now(), now(), 'connected', 'NORMAL_CLEARING', 'caller', '{}', '{}', 0, 'session')`,
    [call, tenant, newId()],
  );
  const sha256 = createHash('sha256').update(body).digest('hex');
  const row: Record<string, unknown> = {
    id,
    tenant_id: tenant,
    call_id: call,
    path,
    channels: 'stereo',
    started_at: '2026-11-01',
    status: 'stored',
    location: pathToFileURL(path).href,
    bytes: body.length,
    duration_ms: 500,
    sha256,
    ...of,
  };
  const columns = Object.keys(row);
  await house.sql(
    `insert into recording (${columns.join()}) values (${columns.map(() => '?').join()})`,
    Object.values(row),
  );
  return { id, call, path, etag: `"${sha256}"`, url: `/recordings/${id}/content` };
}

/** Over a socket, where bytes are bytes. */
async function listen(url: string, headers: Headers = {}, method = 'GET') {
  const answer = await fetch(`${origin}${url}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'x-callfabric-tenant': one, ...headers },
  });
  const body = Buffer.from(await answer.arrayBuffer());
  const problem = answer.headers.get('content-type')?.includes('problem+json') === true;
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body,
    problem: problem && method !== 'HEAD' ? (JSON.parse(body.toString()) as Record<string, unknown>) : {},
  };
}

function heardOf(id: string) {
  return house.sql<Record<string, unknown>>(
    "select actor_kind, tenant_id, after from audit_log where action = 'recording.listen' and subject = 'recording' and subject_id = ?",
    [id],
  );
}

void t.test('a recording is heard, whole or in parts', async (t) => {
  const { id, etag, url } = await recorded();
  const whole = await listen(url);
  t.match(whole, {
    status: 200,
    headers: {
      'content-type': 'audio/wav',
      'content-length': String(audio.length),
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-disposition': `inline; filename="recording-${id}.wav"`,
      etag,
    },
  });
  t.ok(whole.body.equals(audio));
  const part = await listen(url, { range: 'bytes=44-1043' });
  t.match(part, {
    status: 206,
    headers: { 'content-length': '1000', 'content-range': `bytes 44-1043/${audio.length}`, etag },
  });
  t.ok(part.body.equals(audio.subarray(44, 1044)));
  t.match((await listen(url, { range: 'bytes=-4' })).headers, {
    'content-range': `bytes ${audio.length - 4}-${audio.length - 1}/${audio.length}`,
  });
  t.match(await listen(url, { range: `bytes=${audio.length}-` }), {
    status: 416,
    headers: { 'content-range': `bytes */${audio.length}` },
    problem: { type: 'urn:callfabric:problem:range-not-satisfiable' },
  });
  t.equal((await listen(url, { range: 'bytes=0-1,8-9' })).status, 200, 'several parts: all of it');
  t.equal((await listen(url, { range: 'bytes=0-9', 'if-range': etag })).status, 206);
  t.equal((await listen(url, { range: 'bytes=0-9', 'if-range': '"before"' })).status, 200);
  const known = await listen(url, { 'if-none-match': etag });
  t.match(known, { status: 304, headers: { etag } });
  t.equal(known.body.length, 0);
  const saved = await listen(`${url}?download=true`);
  t.equal(saved.headers['content-disposition'], `attachment; filename="recording-${id}.wav"`);
  const head = await listen(url, { range: 'bytes=0-9' }, 'HEAD');
  t.match(head, { status: 200, headers: { 'content-length': String(audio.length), etag } });
  t.equal(head.body.length, 0);
});

void t.test("another tenant's recording is not there", async (t) => {
  const theirs = await recorded({}, audio, other);
  t.match(await listen(theirs.url), { status: 404, problem: { type: 'urn:callfabric:problem:not-found' } });
  t.equal((await listen(theirs.url, {}, 'HEAD')).status, 404);
  t.equal((await listen(theirs.url, { 'if-none-match': theirs.etag })).status, 404);
  t.equal((await listen(`/recordings/${newId()}/content`)).status, 404);
  t.equal((await listen(theirs.url, { 'x-callfabric-tenant': other })).status, 200);
  t.same(await heardOf(theirs.id), [
    { actor_kind: 'operator', tenant_id: other, after: { callId: theirs.call } },
  ]);
});

void t.test('each hearing is in the audit log once, wherever it begins', async (t) => {
  const { id, call, url, etag } = await recorded();
  await listen(url, {}, 'HEAD');
  await listen(url, { 'if-none-match': etag });
  await listen(url, { range: 'bytes=999999-' });
  t.same(await heardOf(id), [], 'nothing was heard so far');
  await listen(url, { range: 'bytes=1-' });
  t.same(await heardOf(id), [{ actor_kind: 'operator', tenant_id: one, after: { callId: call } }]);
  await listen(url, { range: 'bytes=500-' });
  await listen(url, { range: 'bytes=-500' });
  t.equal((await heardOf(id)).length, 1, 'the rest of the same hearing');
  await listen(url, { range: 'bytes=0-' });
  await listen(url, { range: 'bytes=0-1' });
  await listen(url);
  t.equal((await heardOf(id)).length, 1, 'players ask for the beginning twice, and a loop fills no log');
});

void t.test('where there is nothing to hear it is said why', async (t) => {
  const none = { location: null, sha256: null };
  for (const [of, status, type] of [
    [{ ...none, status: 'pending' }, 409, 'audio-pending'],
    [{ ...none, status: 'failed', reason: 'not a WAV file' }, 409, 'no-audio'],
    [{ ...none, status: 'empty' }, 409, 'no-audio'],
    [{ location: null, status: 'deleted', deleted_at: '2026-11-02' }, 410, 'audio-deleted'],
    [{ location: 'file:///etc/hostname' }, 409, 'audio-missing'],
  ] as const) {
    const { url, id } = await recorded(of);
    const answer = await listen(url);
    t.match(answer, { status, problem: { type: `urn:callfabric:problem:${type}`, detail: /\w+ \w+/ } }, type);
    t.same(await heardOf(id), [], 'nothing was heard');
  }
  const failed = await recorded({ ...none, status: 'failed', reason: 'not a WAV file' });
  t.match((await listen(failed.url)).problem, { detail: 'it could not be kept: not a WAV file' });
  const lost = await recorded();
  rmSync(lost.path);
  const { problem } = await listen(lost.url);
  t.match(problem, { status: 409, type: 'urn:callfabric:problem:audio-missing' });
  t.match(problem['detail'], hostname());
  t.notMatch(problem['detail'], folder, 'no path is told');
});

void t.test('a store that is away is 503, and one that is there is read', async (t) => {
  t.teardown(() => {
    source = files;
  });
  const store = await fakeS3(t);
  source = s3Source({ ...store.options, deadlineMs: 5_000 }, files);
  store.objects.set('/calls/rec/x.mp3', { body: audio, sha256: '', checksum: '' });
  const { id, url } = await recorded({ location: 's3://calls/rec/x.mp3' });
  const part = await listen(url, { range: 'bytes=10-19' });
  t.match(part, {
    status: 206,
    headers: {
      'content-type': 'audio/mpeg',
      'content-disposition': `inline; filename="recording-${id}.mp3"`,
    },
  });
  t.ok(part.body.equals(audio.subarray(10, 20)));
  t.same(store.ranges, ['bytes=10-19'], 'no more than that is asked of the store');
  store.answers = 403;
  t.match(await listen(url), {
    status: 503,
    headers: { 'retry-after': '2' },
    problem: { type: 'urn:callfabric:problem:unavailable' },
  });
  store.objects.clear();
  store.answers = 'well';
  t.match(await listen(url), { status: 409, problem: { type: 'urn:callfabric:problem:audio-missing' } });
});

/** An answer that has begun, and whose rest nobody has read yet. */
function begun(url: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${key}`, 'x-callfabric-tenant': one };
  return new Promise((resolve, reject) => {
    get(`${origin}${url}`, { headers, agent: false }, resolve).on('error', reject);
  });
}

/** A source whose streams a test holds in its hands. */
function held(t: Test, stream: () => Readable): Readable[] {
  const open: Readable[] = [];
  t.teardown(() => {
    source = files;
  });
  source = {
    read: async ({ signal }) => {
      const one = stream();
      signal.addEventListener('abort', () => one.destroy());
      open.push(one);
      return one;
    },
  };
  return open;
}

void t.test('a recording is never in memory as a whole, nor read for nobody', async (t) => {
  const chunk = Buffer.alloc(65_536);
  const size = 4096 * chunk.length;
  let read = 0;
  const open = held(t, () => {
    let left = 4096;
    return new Readable({
      read() {
        read += 1;
        left -= 1;
        this.push(left < 0 ? null : chunk);
      },
    });
  });
  const { url } = await recorded({ bytes: size });
  const answer = await begun(url);
  t.equal(answer.headers['content-length'], String(size));
  let before = -1;
  // What the sockets between take is taken, and then it stands still.
  await until('it waits for its reader', () => {
    const still = read === before;
    before = read;
    return still && read > 0;
  });
  t.ok(read < 1000, `${read} of 4096 chunks were read for a client that reads none`);
  answer.destroy();
  await until('it is closed when the client goes', () => open[0]?.destroyed);
});

void t.test('an answer that stands still is cut, and its file closed', async (t) => {
  t.equal(house.app.server.timeout, 30_000, 'the deadline of whoever reads nothing');
  const open = held(t, () => new Readable({ read() {} }));
  const { url } = await recorded();
  house.app.server.once('connection', (socket) => socket.setTimeout(50));
  await t.rejects(
    begun(url).then((answer) => buffer(answer)),
    /aborted|hang up/,
  );
  await until('its source is closed', () => open[0]?.destroyed);
});

void t.test('audio that ends too soon is a failure: half of it is never taken for the whole', async (t) => {
  const open = held(t, () => new Readable({ read() {} }));
  const { url } = await recorded();
  const answering = begun(url);
  const first = await until('it is opened', () => open[0]);
  first.push(audio.subarray(0, 100));
  const answer = await answering;
  t.equal(answer.statusCode, 200);
  first.push(null);
  await t.rejects(buffer(answer), /aborted/, 'the connection is cut');
  const empty = listen(url);
  (await until('it is opened', () => open[1])).push(null);
  t.match(await empty, { status: 500, problem: { status: 500 } }, 'nothing was sent so far');
});

void t.test('what was opened is closed where the hearing cannot be written down', async (t) => {
  const open = held(t, () => new Readable({ read() {} }));
  const { url, id } = await recorded();
  await house.sql('alter table audit_log rename to audit_log_away');
  try {
    t.equal((await listen(url)).status, 500);
  } finally {
    await house.sql('alter table audit_log_away rename to audit_log');
  }
  t.same(await heardOf(id), []);
  await until('its source is closed', () => open[0]?.destroyed);
});

void t.test('a source that does not answer is given up with the request', async (t) => {
  t.teardown(() => {
    source = files;
  });
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<AbortSignal>();
  source = {
    read: ({ signal }) => {
      isAsked(signal);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new RecordingNotRead('unreachable', 'nobody waits')));
      });
    },
  };
  const { url } = await recorded();
  const going = new AbortController();
  const answer = fetch(`${origin}${url}`, {
    headers: { authorization: `Bearer ${key}`, 'x-callfabric-tenant': one },
    signal: going.signal,
  });
  const signal = await asked;
  going.abort();
  await t.rejects(answer, { name: 'AbortError' });
  await until('the source is told', () => signal.aborted);
});
