import { once } from 'node:events';
import { request } from 'node:http';
import t from 'tap';
import { ask, key, tenantId, testApi } from '../test-api.ts';
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
