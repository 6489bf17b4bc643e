import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type ResourceHouse, resourceHouse } from './resource-house.ts';

let house: ResourceHouse;
const tenant = newId();

t.before(async () => {
  house = resourceHouse(await seededDatabase(), tenant);
  await house.sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenant]);
});
t.teardown(() => house.close());

const post = (key: string, body: object, url = '/publishers') =>
  house.ask('POST', url, { body, headers: { 'idempotency-key': key } });
const count = async (name: string): Promise<number> =>
  (await house.sql('select 1 from publisher where name = ?', [name])).length;

void t.test('a request sent again gets the first answer, and is not done again', async (t) => {
  const first = await post('again', { name: 'Again', enabled: false });
  t.equal(first.status, 201);
  t.notOk('idempotency-replayed' in first.headers);
  const second = await post('again', { enabled: false, name: 'Again' });
  t.same(second.body, first.body);
  t.match(second, {
    status: 201,
    headers: {
      'idempotency-replayed': 'true',
      etag: first.headers['etag'],
      location: first.headers['location'],
    },
  });
  t.equal(await count('Again'), 1);
});

void t.test('a key is good for one request alone', async (t) => {
  t.equal((await post('one', { name: 'One' })).status, 201);
  t.match(await post('one', { name: 'Two' }), {
    status: 422,
    body: { type: 'urn:callfabric:problem:key-reused' },
  });
  t.equal((await post('one', { name: 'One' }, '/carriers')).status, 422, 'the same body elsewhere');
  t.equal((await post('a b', { name: 'x' })).status, 400);
  t.equal((await post('x'.repeat(201), { name: 'x' })).status, 400);
});

void t.test(
  'many at once make one row; whoever is not first gets its answer or is told to ask again',
  async (t) => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('storm', { name: 'Storm' })));
    for (const answer of answers)
      if (answer.status === 409)
        t.match(answer, {
          headers: { 'retry-after': '2' },
          body: { type: 'urn:callfabric:problem:still-running' },
        });
      else t.equal(answer.status, 201);
    t.equal(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body['id'])).size, 1);
    t.equal(await count('Storm'), 1);
    t.equal((await post('storm', { name: 'Storm' })).status, 201);
  },
);

void t.test('while the first is at work the second is told so', async (t) => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: waiting, resolve: isWaiting } = Promise.withResolvers<void>();
  // The first waits for this row: its name is not yet free or taken.
  const blocking = house.orm.em.fork().transactional(async (em) => {
    await em.execute("insert into publisher (id, tenant_id, name) values (?, ?, 'Slow')", [newId(), tenant]);
    isWaiting();
    await held;
    throw new Error('taken back');
  });
  await waiting;
  const first = post('slow', { name: 'Slow' });
  await house.untilWaiting(1);
  t.match(await post('slow', { name: 'Slow' }), { status: 409, headers: { 'retry-after': '2' } });
  release();
  await t.rejects(blocking, { message: 'taken back' });
  t.equal((await first).status, 201);
  t.match(await post('slow', { name: 'Slow' }), { status: 201, headers: { 'idempotency-replayed': 'true' } });
});

void t.test('what failed is not kept: the same key may try again', async (t) => {
  t.equal((await post('later', { name: 'Again' })).status, 409, 'the name is taken');
  const [kept] = await house.sql("select 1 from idempotency_key where key like '%:later'");
  t.equal(kept, undefined);
});

void t.test('a key is forgotten after a day', async (t) => {
  t.equal((await post('old', { name: 'Old' })).status, 201);
  t.match(
    await house.sql(
      "select round(extract(epoch from expires_at - created_at) / 3600)::int as hours from idempotency_key where key like '%:old'",
    ),
    [{ hours: 24 }],
  );
  await house.sql(
    "update idempotency_key set expires_at = now() - interval '1 second' where key like '%:old'",
  );
  t.equal((await post('old', { name: 'New' })).status, 201);
});

void t.test("the platform's own rows have keys too, which are no tenant's", async (t) => {
  const headers = { 'idempotency-key': 'fs9' };
  const body = { name: 'fs9', host: 'h', port: 1 };
  const ask = () => house.ask('POST', '/freeswitch-nodes', { body, headers, tenant: null });
  const first = await ask();
  t.equal(first.status, 201);
  const second = await ask();
  t.same(second.body, first.body);
  t.equal(second.headers['idempotency-replayed'], 'true');
  t.match(await house.sql("select tenant_id from idempotency_key where key like '%:fs9'"), [
    { tenant_id: null },
  ]);
});

void t.test('a secret is told once: the answer that is kept and given again has none', async (t) => {
  const hook = { name: 'Hook', url: 'https://hooks.example/x', events: ['call.ended'] };
  const first = await post('hook', hook, '/webhooks');
  t.equal(first.status, 201, first.text);
  const secret = String(first.body['secret']);
  t.match(secret, /^whsec_/);
  t.notMatch(JSON.stringify(await house.sql('select * from idempotency_key')), secret);
  const second = await post('hook', hook, '/webhooks');
  t.match(second, { status: 201, headers: { 'idempotency-replayed': 'true' } });
  t.same(second.body, { ...first.body, secret: null });
});

void t.test('a secret is rotated once, however often it is asked for, and is told once', async (t) => {
  const made = await house.ask('POST', '/webhooks', {
    body: { name: 'Rotated', url: 'https://hooks.example/y', events: ['call.ended'] },
  });
  const at = `/webhooks/${String(made.body['id'])}`;
  const rotate = (key: string) =>
    house.ask('POST', `${at}/rotate-secret`, {
      headers: { 'idempotency-key': key, 'if-match': String(made.headers['etag']) },
    });
  const kept = () => house.sql("select secret from webhook where name = 'Rotated'");
  const first = await rotate('rotation');
  t.equal(first.status, 200, first.text);
  const secret = String(first.body['secret']);
  t.match(secret, /^whsec_/);
  t.not(secret, made.body['secret']);
  t.notMatch(JSON.stringify(await house.sql('select * from idempotency_key')), secret);
  const second = await rotate('rotation');
  t.match(second, {
    status: 200,
    headers: { 'idempotency-replayed': 'true', etag: first.headers['etag'] },
  });
  t.same(second.body, { ...first.body, secret: null });
  t.same(await kept(), [{ secret }]);
  t.equal((await rotate('another')).status, 412, 'another rotation saw the row as it was before');
  t.same(await kept(), [{ secret }]);
});
