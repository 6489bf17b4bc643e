import t from 'tap';
import { peopleAccess } from './access/people.ts';
import { ask, tenantId, testApi } from './test-api.ts';

const key = (text: string): string => Buffer.from(text).toString('base64url');

void t.test('moments and cursors that PostgreSQL cannot read never come to it', async (t) => {
  const reached: string[] = [];
  const note = (what: string) => async () => {
    reached.push(what);
    throw new Error('not to be asked');
  };
  const app = testApi(t, {
    access: { ...peopleAccess, audit: { list: note('audit'), note: note('audit') } },
    calls: { list: note('calls'), find: note('call') },
    reports: { calls: note('reports') },
  });
  const report = '/reports/calls?by=day&from=2026-07-01&to=2026-07-02';
  for (const [url, field] of [
    ['/calls?from=0000-01-01T00:00:00Z', '/from'],
    ['/calls?to=9999-12-31T23:59:59-14:00', '/to'],
    ['/calls?from=1969-12-31T23:59:59Z', '/from'],
    ['/calls/export?from=2201-01-01T00:00:00Z', '/from'],
    [`/calls?cursor=${key(`2026-07-17T10:00:00.000000Z|${'-'.repeat(36)}`)}`, '/cursor'],
    [`/calls?cursor=${key(`0000-07-17T10:00:00.000000Z|${tenantId}`)}`, '/cursor'],
    ['/reports/calls?by=day&from=0001-01-01&to=0001-01-02', '/from'],
    ['/reports/calls?by=day&from=9999-01-01&to=9999-01-02', '/to'],
    [`${report}&zone=%2B05:00`, '/zone'],
    [`${report}&zone=-05`, '/zone'],
    ['/audit-log?from=2026-06-30T23:59:60Z', '/from'],
    ['/audit-log?to=0000-01-01T00:00:00Z', '/to'],
  ] as const) {
    const { status, body } = await ask(app, {
      url,
      headers: {
        authorization: 'Bearer k-0123456789abcdef0123',
        'x-callfabric-tenant': tenantId,
      },
    });
    t.match({ status, faults: body['faults'] }, { status: 400, faults: [{}] }, url);
    t.match(JSON.stringify(body['faults']), `"field":"${field}"`, url);
  }
  t.same(reached, []);
});

void t.test('where a check was forgotten, a value of the wrong range is still not our failure', async (t) => {
  const app = testApi(t, {
    reports: {
      calls: async () => {
        throw Object.assign(new Error('date out of range'), { cause: { code: '22008' } });
      },
    },
  });
  const { status, body } = await ask(app, {
    url: '/reports/calls?by=day&from=2026-07-01&to=2026-07-02',
    headers: { authorization: 'Bearer k-0123456789abcdef0123', 'x-callfabric-tenant': tenantId },
  });
  t.equal(status, 422);
  t.match(body, { type: 'urn:callfabric:problem:invalid-body', detail: /out of the range/ });
});
