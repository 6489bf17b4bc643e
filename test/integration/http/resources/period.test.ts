import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type ResourceHouse, resourceHouse } from './resource-house.ts';

let house: ResourceHouse;
const tenant = newId();
const call = newId();

t.before(async () => {
  house = resourceHouse(await seededDatabase(), tenant);
  await house.sql('insert into tenant (id, slug, name) values (?, ?, ?)', [tenant, 'one', 'One']);
  await house.sql(
    `insert into call (id, tenant_id, switch_name, daemon_id, caller, caller_name, did, started_at, ended_at, outcome, cause, hung_up_by, variables, tags, takeovers, source)
     values (?, ?, 'fs1', ?, '', '', '', now(), now(), 'connected', 'NORMAL_CLEARING', 'caller', '{}', '{}', 0, 'session')`,
    [call, tenant, newId()],
  );
});
t.teardown(() => house.close());

/** By when they began, first to last; their ids were made in another order, and two began at once. */
const began = [
  '2026-11-01T10:00:00.000001Z',
  '2026-11-01T10:00:00.000002Z',
  '2026-11-01T10:00:00.000002Z',
  '2026-11-01T10:00:00.000003Z',
  '2026-11-02T00:00:00.000000Z',
];
const ids = [4, 1, 3, 0, 2].map((n) => `01981234-0000-7000-8000-00000000000${n}`);

async function record(): Promise<void> {
  for (const [at, id] of ids.entries())
    await house.sql(
      "insert into recording (id, tenant_id, call_id, path, channels, started_at) values (?, ?, ?, '/x', 'mono', ?)",
      [id, tenant, call, began[at]],
    );
}

/** Ids of all pages. */
async function paged(url: string, key: string): Promise<unknown[]> {
  const seen: unknown[] = [];
  let next: unknown = '';
  for (let pages = 0; next !== null && pages < 20; pages += 1) {
    const { status, body, text } = await house.ask(
      'GET',
      `${url}${next === '' ? '' : `&cursor=${String(next)}`}`,
    );
    if (status !== 200) throw new Error(text);
    seen.push(...(body[key] as { id: string }[]).map(({ id }) => id));
    next = body['next'];
  }
  return seen;
}

void t.test('rows of a period come by when they happened, page by page, to the microsecond', async (t) => {
  await record();
  for (const limit of [1, 2, 3]) {
    t.same(await paged(`/recordings?limit=${limit}&sort=oldest`, 'recordings'), ids, `oldest, by ${limit}`);
    t.same(await paged(`/recordings?limit=${limit}`, 'recordings'), ids.toReversed(), `newest, by ${limit}`);
  }
  const within = 'from=2026-11-01T10:00:00.000002Z&to=2026-11-02T00:00:00Z';
  t.same(await paged(`/recordings?sort=oldest&limit=2&${within}`, 'recordings'), ids.slice(1, 4));
  t.same(await paged('/recordings?sort=oldest&to=2026-11-01T11:00:00.000001%2B01:00', 'recordings'), []);
  t.same(
    await paged('/recordings?sort=oldest&to=2026-11-01T11:00:00.000002%2B01:00', 'recordings'),
    ids.slice(0, 1),
  );
  const page = await house.ask('GET', '/recordings?limit=1&fields=bytes');
  t.same(page.body['recordings'], [{ bytes: null }]);
  t.equal((await house.ask('GET', `/recordings?limit=1&cursor=${String(page.body['next'])}`)).status, 200);
});

void t.test('a moment that is none is told, and a cursor that is none of ours', async (t) => {
  for (const [query, field] of [
    ['from=2026-13-01T00:00:00Z', '/from'],
    ['to=0001-01-01T00:00:00Z', '/to'],
    ['from=2026-11-01', '/from'],
    ['from=2026-11-01T00:00:00', '/from'],
  ] as const)
    t.match(
      await house.ask('GET', `/recordings?${query}`),
      { status: 400, body: { faults: [{ field }] } },
      query,
    );
  for (const value of [
    '9999-99-99T99:99:99.000000Z',
    '2026-02-30T00:00:00.000000Z',
    'yesterday',
    null,
    '2026-11-01T10:00:00Z',
  ]) {
    const cursor = Buffer.from(JSON.stringify(['newest', value, ids[0]])).toString('base64url');
    t.equal((await house.ask('GET', `/recordings?cursor=${cursor}`)).status, 400, String(value));
  }
});

void t.test('what is exported is of the same period and in the same order', async (t) => {
  const versions = ids.map((id, at) => ({ id, at: began[at] }));
  for (const [n, { id, at }] of versions.entries())
    await house.sql(
      "insert into conversion (id, tenant_id, call_id, version, rule, status, currency, price_micros, payout_micros, created_at) values (?, ?, ?, ?, 'connect', 'duplicate', 'USD', 0, 0, ?)",
      [id, tenant, call, n + 1, at],
    );
  const { text } = await house.ask(
    'GET',
    '/conversions/export?from=2026-11-01T10:00:00.000002Z&to=2026-11-02T00:00:00Z',
  );
  const exported = text
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(',')[0]);
  t.same(exported, ids.slice(1, 4).toReversed());
});

void t.test('all that happens can be asked for by its period, and nothing else', async (t) => {
  const webhook = await house.make('/webhooks', { name: 'Hook', url: 'https://hooks.example.com/x' });
  const since = 'from=2026-11-01T00:00:00Z&to=2099-01-01T00:00:00Z';
  for (const path of [
    '/recordings',
    '/conversions',
    '/events',
    '/ledger-entries',
    `/webhooks/${webhook.id}/deliveries`,
  ]) {
    const oldest = await house.ask('GET', `${path}?${since}&sort=oldest`);
    t.equal(oldest.status, 200, `${path}: ${oldest.text.slice(0, 200)}`);
  }
  t.equal((await house.ask('GET', `/buyers?${since}`)).status, 400);
});
