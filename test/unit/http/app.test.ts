import { once } from 'node:events';
import { connect } from 'node:net';
import { pino } from 'pino';
import t from 'tap';
import { buildApp, largestBodyBytes } from '../../../daemon/http/app.ts';
import { HttpServer } from '../../../daemon/http/http-server.ts';
import { ask, callId, fakePorts, key, settings, testApi } from './test-api.ts';

const log = pino({ level: 'silent' });
const open = ['/health/live', '/health/ready'];

interface Described {
  readonly paths: Record<string, Record<string, { security?: object[] }>>;
  readonly openapi: string;
}

void t.test('every route of the description but health and sign-in asks for a key', async (t) => {
  const app = testApi(t);
  await app.ready();
  const { paths } = app.swagger() as unknown as Described;
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ path, method })),
  );
  t.ok(found.length >= 13, 'the routes are described');
  for (const { path, method } of found) {
    if (`${method} ${path}` === 'post /session') continue; // where one comes by one's cookie
    const url = path.replace('{id}', callId).replace('{version}', '1').replace('{scope}', 'buyer:1');
    for (const authorization of [undefined, 'Bearer wrong-wrong-wrong-wrong', 'Basic eDp5', key]) {
      const answer = await app.inject({
        method: method.toUpperCase() as 'GET',
        url,
        headers: authorization === undefined ? {} : { authorization },
      });
      const expected = open.includes(path) ? 200 : 401;
      t.equal(answer.statusCode, expected, `${method} ${path} with ${authorization}`);
      if (expected === 401) t.ok(answer.headers['www-authenticate'], 'says how to sign in');
    }
  }
});

void t.test('the description is OpenAPI 3.1 and the docs are readable without a key', async (t) => {
  const app = testApi(t);
  const json = await app.inject('/docs/json');
  t.equal(json.statusCode, 200);
  const description: Described = json.json();
  t.match(description.openapi, /^3\.1\./);
  t.same(description.paths['/health/live']?.['get']?.security, []);
  t.same(description.paths['/freeswitch/cdr']?.['post']?.security, [{ cdrSecret: [] }]);
  const page = await app.inject('/docs/');
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-security-policy'], /default-src 'self'/);
});

void t.test('it refuses to be built without a key, or with one that can be guessed', async (t) => {
  for (const short of ['', 'short-key-15chr'])
    t.throws(() => buildApp({ settings: { ...settings, key: short }, ports: fakePorts(), log }), {
      message: /CALLFABRIC_API_KEY must have at least 16/,
    });
  t.throws(() => buildApp({ settings: { ...settings, cdrSecret: 'short' }, ports: fakePorts(), log }), {
    message: /CALLFABRIC_CDR_SECRET/,
  });
});

void t.test('what does not exist is a problem, and so is a body that is no JSON', async (t) => {
  const app = testApi(t);
  const nowhere = await ask(app, { url: '/nowhere' });
  t.equal(nowhere.status, 404);
  t.equal(nowhere.type, 'application/problem+json');
  t.match(nowhere.body, {
    type: 'urn:callfabric:problem:not-found',
    status: 404,
    title: String,
    requestId: String,
  });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const url = `/flows/${callId}/versions`;
  const broken = await ask(app, { method: 'POST', url, headers, payload: '{"entry":' });
  t.equal(broken.status, 400);
  t.equal(broken.body['type'], 'urn:callfabric:problem:malformed-request');
  const text = await ask(app, {
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'text/csv' },
    payload: 'a',
  });
  t.equal(text.status, 415);
  const large = await ask(app, {
    method: 'POST',
    url,
    headers,
    payload: `"${'x'.repeat(largestBodyBytes)}"`,
  });
  t.equal(large.status, 413);
  t.equal(large.body['type'], 'urn:callfabric:problem:too-large');
});

void t.test('our own failure tells nothing but a request id, which is in the log', async (t) => {
  const lines: string[] = [];
  const heard = pino({ level: 'error' }, { write: (line: string) => lines.push(line) });
  const calls = {
    list: async () => [],
    find: async () => {
      throw new Error('password of 10.1.2.3 is hunter2');
    },
  };
  const app = buildApp({ settings, ports: fakePorts({ calls }), log: heard });
  t.teardown(() => app.close());
  const answer = await ask(app, { url: `/calls/${callId}` });
  t.equal(answer.status, 500);
  t.equal(answer.body['type'], 'urn:callfabric:problem:internal');
  t.notMatch(JSON.stringify(answer.body), /hunter2|10\.1\.2\.3/);
  t.match(lines.join(''), /hunter2/);
  t.match(lines.join(''), String(answer.body['requestId']));
});

void t.test('the server listens on loopback, starts and stops as often as it is told', async (t) => {
  const server = new HttpServer({ settings, ports: fakePorts(), log }, { port: 0 });
  t.teardown(() => server.stop());
  const address = await server.start();
  t.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.equal(await server.start(), address);
  const answer = await fetch(`${address}/health/live`);
  t.same(await answer.json(), { live: true });
  const broken = await fetch(`${address}/health/live`, { headers: { 'x-long': 'x'.repeat(20_000) } });
  t.equal(broken.status, 431);
  t.equal(broken.headers.get('content-type'), 'application/problem+json');
  await server.stop();
  await server.stop();
  await t.rejects(fetch(`${address}/health/live`));
});

void t.test(
  'a connection that never asked for anything does not keep the server from stopping',
  async (t) => {
    const server = new HttpServer({ settings, ports: fakePorts(), log }, { port: 0 });
    const { port } = new URL(await server.start());
    const silent = connect(Number(port), '127.0.0.1');
    t.teardown(() => silent.destroy());
    silent.resume();
    await once(silent, 'connect');
    // Accepted before this answer.
    await (await fetch(`http://127.0.0.1:${port}/health/live`)).arrayBuffer();
    const closed = once(silent, 'close');
    await server.stop();
    await closed;
    t.pass('both ended');
  },
);
