import { once } from 'node:events';
import { request } from 'node:http';
import t from 'tap';
import { until } from '../../../until.ts';
import { ask, fakeAccess, key, tenantId, testApi } from '../test-api.ts';
import { FakeBus, feedOn } from './fake-bus.ts';
import { started } from './news.ts';

const headers = { authorization: `Bearer ${key}`, 'x-callfabric-tenant': tenantId };

void t.test('the stream over HTTP: events as they happen, and an end with the server', async (t) => {
  const live = feedOn(new FakeBus());
  const app = testApi(t, { live });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${address}/live`, { headers });
  t.equal(answer.status, 200);
  t.match(answer.headers.get('content-type'), /^text\/event-stream/);
  t.equal(answer.headers.get('cache-control'), 'no-store');
  const chunks = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const has = async (what: string): Promise<void> => {
    while (!text.includes(what)) {
      const chunk = await chunks?.read();
      if (chunk === undefined || chunk.done) throw new Error(`ended before ${what}`);
      text += chunk.value;
    }
  };
  await has('retry: 2000');
  live.tell(started());
  await has('event: call.started');
  await has('\n\n');
  await app.close();
  t.ok((await chunks?.read())?.done, 'it ended as a stream ends');
});

void t.test('the stream ends with the right to read it', async (t) => {
  const live = feedOn(new FakeBus());
  const scopes = ['calls:read'];
  const ofKey = async () => (scopes.length === 0 ? undefined : { keyId: 'k', tenantId, scopes });
  const access = fakeAccess({
    identities: { ofKey, ofSession: async () => undefined, forget: () => {} },
  });
  const address = await testApi(t, { live, access }).listen({ host: '127.0.0.1', port: 0 });
  const bearer = { authorization: 'Bearer cf_0123456789ab_0000000000' };
  for (const left of [['flows:read'], []]) {
    scopes.splice(0, 2, 'calls:read');
    const answer = await fetch(`${address}/live`, { headers: bearer });
    await live.check();
    t.equal(live.readers, 1, 'it may read');
    scopes.splice(0, 2, ...left);
    await live.check();
    t.match(await answer.text(), /retry: 2000/, 'and is at its end');
    await until('the stream to be gone', () => live.readers === 0);
  }
});

void t.test('under pressure that lasts, streams end too', async (t) => {
  const live = feedOn(new FakeBus());
  let nowMs = 0;
  const app = testApi(t, { live }, {}, () => nowMs);
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${address}/live`, { headers });
  app.isUnderPressure = () => true;
  for (const at of [0, 1500, 3000]) {
    nowMs = at;
    await ask(app, { url: '/calls' });
  }
  t.match(await answer.text(), /retry: 2000/, 'ended properly');
  t.equal((await fetch(`${address}/live`, { headers })).status, 503);
});

void t.test('a reader that does not read is cut off, and nothing of it is left', async (t) => {
  const live = feedOn(new FakeBus(), { mostBytes: 64 * 1024 });
  const app = testApi(t, { live });
  const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const asked = request({ host: address.hostname, port: address.port, path: '/live', headers });
  asked.on('error', () => {}); // it is cut off
  asked.end();
  const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
  answer.pause();
  answer.on('error', () => {});
  // As much as every buffer between here and there may take.
  for (let n = 0; n < 100_000 && live.readers > 0; n += 1) {
    live.tell(started(n % 10_000));
    if (n % 50 === 0) await new Promise((next) => setImmediate(next));
  }
  t.equal(live.readers, 0);
});

void t.test('who asks too much, or for nobody, is told so', async (t) => {
  const app = testApi(t, { live: feedOn(new FakeBus(), { mostOfOne: 0 }) });
  t.match(await ask(app, { url: '/live', headers }), {
    status: 429,
    body: { type: 'urn:callfabric:problem:too-many-requests' },
  });
  t.match(await ask(app, { url: '/live' }), { status: 400 });
});
