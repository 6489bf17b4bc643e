import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import Fastify from 'fastify';
import t from 'tap';
import { limitDear } from '../../../daemon/http/dear-requests.ts';
import { until } from '../../until.ts';
import { headersOf, type Person, peopleAccess } from './access/people.ts';
import { nothingCounted, testApi } from './test-api.ts';

const url = '/reports/calls?by=day&from=2026-03-01&to=2026-04-01';

void t.test('who has enough reports under way waits, and others get theirs', async (t) => {
  const waiting: (() => void)[] = [];
  const reports = {
    calls: () =>
      new Promise<{ rows: []; total: typeof nothingCounted }>((resolve) => {
        waiting.push(() => resolve({ rows: [], total: nothingCounted }));
      }),
  };
  const app = testApi(t, { access: peopleAccess, reports });
  const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const report = (person: Person) => fetch(new URL(url, address), { headers: headersOf(person) as never });
  const admins = [report('admin'), report('admin')];
  // One whose client goes away before it is answered.
  const left = request(new URL(url, address), { headers: headersOf('admin') as never }).on('error', () => {});
  left.end();
  await until('three to be under way', () => waiting.length === 3);
  const refused = await report('admin');
  t.equal(refused.status, 429);
  t.equal(refused.headers.get('retry-after'), '2');
  t.match(await refused.json(), { type: 'urn:callfabric:problem:too-many-requests' });
  const other = report('readKey');
  await until('another to have its own', () => waiting.length === 4);
  t.equal((await report('readKey')).status, 429, 'but no more than the tenant may');
  left.destroy();
  const five = until('the place of the one that left', () => waiting.length === 5);
  let next = report('admin');
  // Until its going was noticed.
  while ((await Promise.race([next.then(({ status }) => status), five])) === 429) next = report('admin');
  for (const done of waiting) done();
  for (const answer of [...admins, other, next]) t.equal((await answer).status, 200);
  const again = report('admin');
  await until('it', () => waiting.length === 6);
  waiting.at(-1)?.();
  t.equal((await again).status, 200, 'places are given back');
});

void t.test('whoever went before a place was taken takes none', async (t) => {
  const app = Fastify();
  t.teardown(() => app.close());
  app.decorateRequest('principal');
  const came = { gone: 0 };
  app.addHook('onRequest', async (request, reply) => {
    request.principal = {
      kind: 'operator',
      id: undefined,
      tenantId: undefined,
      scopes: ['*'],
      view: { of: 'tenant' },
    };
    if (request.headers['x-goes'] === undefined) return;
    // As a look-up of the key, which takes longer than the client waits.
    const closed = once(reply.raw, 'close');
    leaving.at(-1)?.destroy();
    await closed;
    came.gone += 1;
  });
  app.addHook('preHandler', limitDear());
  app.get('/report', { config: { dear: 'report' } }, async () => 'told');
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const leaving: ClientRequest[] = [];
  for (let count = 1; count <= 8; count += 1) {
    leaving.push(request(`${address}/report`, { headers: { 'x-goes': 'yes' } }).on('error', () => {}));
    leaving.at(-1)?.end();
    await until(`number ${count} to be gone`, () => came.gone === count);
  }
  t.equal((await fetch(`${address}/report`)).status, 200);
});
