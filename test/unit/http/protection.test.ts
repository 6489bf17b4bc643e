import { pino } from 'pino';
import t from 'tap';
import { buildApp } from '../../../daemon/http/app.ts';
import { peopleAccess } from './access/people.ts';
import { ask, cdrSecret, fakePorts, key, settings, testApi } from './test-api.ts';

const bearer = { authorization: `Bearer ${key}` };

void t.test(
  'answers tell browsers to do nothing with them; only the docs may run their own scripts',
  async (t) => {
    const app = testApi(t);
    const answer = await app.inject({ url: '/calls', headers: bearer });
    t.match(answer.headers, {
      'content-security-policy': "default-src 'none';frame-ancestors 'none';base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'strict-transport-security': /max-age=\d+/,
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
    });
    const docs = await app.inject('/docs/');
    t.match(docs.headers['content-security-policy'], /default-src 'self'.*script-src 'self'/);
    t.equal((await app.inject('/nowhere')).headers['x-content-type-options'], 'nosniff');
  },
);

void t.test("another origin's page is told nothing it may read", async (t) => {
  const app = testApi(t);
  const headers = { ...bearer, origin: 'https://evil.example' };
  const asked = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };
  for (const method of ['GET', 'OPTIONS'] as const) {
    const answer = await app.inject({ method, url: '/calls', headers: { ...headers, ...asked } });
    t.same(
      Object.keys(answer.headers).filter((name) => name.startsWith('access-control-')),
      [],
      method,
    );
  }
});

void t.test(
  'under pressure that lasts, the API turns requests away, and what calls need goes on',
  async (t) => {
    const taken: object[] = [];
    let now = 0;
    const ports = {
      access: peopleAccess,
      cdrs: { accept: async (record: object) => void taken.push(record) },
    };
    const app = testApi(t, ports, {}, () => now);
    await app.ready();
    let pressure = true;
    app.isUnderPressure = () => pressure;
    const status = async (at: number): Promise<number> => {
      now = at;
      return (await app.inject({ url: '/calls', headers: bearer })).statusCode;
    };
    for (const at of [0, 1500, 2900]) t.equal(await status(at), 200, `${at} ms: it may pass`);
    t.equal(await status(3000), 503);
    for (const [method, url] of [
      ['GET', '/session'],
      ['POST', '/session'],
      ['GET', '/docs/json'],
      ['GET', '/docs/'],
    ] as const) {
      const answer = await ask(app, { method, url, headers: bearer });
      t.match(answer, { status: 503, body: { detail: /busy with calls/ } }, `${method} ${url}`);
    }
    for (const url of ['/health/live', '/health/ready', '/metrics'])
      t.equal((await app.inject({ url, headers: bearer })).statusCode, 200, url);
    const cdr = await app.inject({
      method: 'POST',
      url: '/freeswitch/cdr',
      headers: { authorization: `Basic ${Buffer.from(`fs:${cdrSecret}`).toString('base64')}` },
      payload: { variables: {} },
    });
    t.equal(cdr.statusCode, 204);
    t.equal(taken.length, 1);
    pressure = false;
    t.equal(await status(3100), 200);
    pressure = true;
    t.equal(await status(3200), 200, 'another bad second is only one');
    t.equal(await status(9000), 200, 'and so is one long after');
  },
);

void t.test('an event loop that is really blocked is seen', async (t) => {
  let now = 0;
  // Not one of ours, which are calm.
  const app = buildApp({ settings, ports: fakePorts(), log: pino({ level: 'silent' }), now: () => now });
  t.teardown(() => app.close());
  // The first request takes longest: those that count come soon after the sample.
  await app.inject({ url: '/calls', headers: bearer });
  const block = new Int32Array(new SharedArrayBuffer(4));
  // However long its own sample takes to come.
  while (!app.isUnderPressure()) {
    Atomics.wait(block, 0, 0, 600);
    await new Promise((next) => setTimeout(next, 1));
  }
  for (const at of [0, 1500]) {
    now = at;
    await app.inject({ url: '/calls', headers: bearer });
  }
  now = 3000;
  t.equal((await app.inject({ url: '/calls', headers: bearer })).statusCode, 503);
});

void t.test('the address of whoever asks is believed from a trusted proxy alone', async (t) => {
  const seen = async (trustedProxies: string[], remoteAddress: string): Promise<string> => {
    const app = testApi(t, {}, { trustedProxies });
    let ip = '';
    app.addHook('onRequest', async (request) => {
      ip = request.ip;
    });
    await app.inject({ url: '/health/live', remoteAddress, headers: { 'x-forwarded-for': '192.0.2.7' } });
    return ip;
  };
  t.equal(await seen([], '127.0.0.1'), '127.0.0.1');
  t.equal(await seen(['127.0.0.1'], '127.0.0.1'), '192.0.2.7');
  t.equal(await seen(['10.0.0.0/8'], '10.1.2.3'), '192.0.2.7');
  t.equal(await seen(['127.0.0.1'], '198.51.100.4'), '198.51.100.4');
});
