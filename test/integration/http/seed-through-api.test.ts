import { pino } from 'pino';
import t from 'tap';
import { postgresAccess } from '../../../daemon/http/access/postgres-access.ts';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { knownMigrations, migrate } from '../../../orm/migrate.ts';
import { testFlow } from '../../../orm/seed.ts';
import { seededDatabase } from '../seeded-database.ts';
import { Browser } from './access/access-api.ts';
import { type ResourceHouse, resourceHouse } from './resources/resource-house.ts';

/** Tables of what was done, not of what there is. */
const elsewhere = ['mikro_orm_migrations', 'audit_log', 'idempotency_key', 'session'];

type Sql = ResourceHouse['sql'];

/** Every table's rows as text, with each id replaced by the name of what it is the id of; times left out. */
async function contentsOf(sql: Sql): Promise<Record<string, string[]>> {
  const tables = await sql<{ name: string }>(
    "select c.relname as name from pg_class c where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace order by 1",
  );
  const rows: Record<string, Record<string, unknown>[]> = {};
  const names = new Map<string, string>();
  for (const { name } of tables) {
    if (elsewhere.includes(name)) continue;
    const found = await sql<{ row: Record<string, unknown> }>(`select to_jsonb(t) as row from "${name}" t`);
    rows[name] = found.map(({ row }) => row);
    for (const { row } of found) {
      const own = row['name'] ?? row['label'] ?? row['e164'] ?? row['key'] ?? row['number'];
      if (typeof row['id'] === 'string') names.set(row['id'], `${name} ${String(own)}`);
    }
  }
  const plain = (column: string, value: unknown): unknown => {
    if (column === 'last_sign_in_at') return 'some'; // only the one had to sign in
    if (column.endsWith('_at') || column === 'id') return value === null ? null : 'some';
    if (column === 'transaction_id' || column === 'password_hash') return 'some';
    return typeof value === 'string' ? (names.get(value) ?? value) : value;
  };
  return Object.fromEntries(
    Object.entries(rows).map(([name, found]) => [
      name,
      found
        .map((row) =>
          JSON.stringify(Object.entries(row).map(([column, value]) => [column, plain(column, value)])),
        )
        .toSorted(),
    ]),
  );
}

void t.test('the development seed can be rebuilt through the API alone', async (t) => {
  const seeded = await seededDatabase();
  const seededOrm = openOrm(seeded.url);
  // A fresh installation, as the migrations leave it.
  const bare = await createTestDatabase({
    template: {
      name: `bare_${knownMigrations().at(-1) ?? ''}`.toLowerCase(),
      async prepare(url) {
        await migrate(url);
      },
    },
  });
  const house = resourceHouse(bare, '', true, (orm) => ({
    access: postgresAccess({
      orm,
      target: keepInPlace,
      recordingsFolder: '/nowhere',
      log: pino({ level: 'silent' }),
    }),
  }));
  t.teardown(async () => {
    await house.close();
    await closeOrm(seededOrm);
    await seeded.drop();
  });
  const { id: tenant } = await house.make('/tenants', { slug: 'test-org', name: 'Test Organization' }, null);
  const make = (url: string, body: object, of: string | null = tenant) => house.make(url, body, of);
  const ask = (method: 'GET' | 'POST', url: string, body?: object) =>
    house.ask(method, url, { tenant, ...(body === undefined ? {} : { body }) });

  const global = await make('/dnc-lists', { name: 'Global' }, null);
  for (const e164 of ['+15550000001', '+15550000002'])
    await make(`/dnc-lists/${global.id}/entries`, { e164, reason: 'test data' }, null);

  const carrier = await make('/carriers', { name: 'Test Carrier' });
  await make('/trunks', { carrierId: carrier.id, name: 'Test Trunk', gateway: 'test-trunk' });
  const publisher = await make('/publishers', { name: 'Test Publisher' });
  const buyer = await make('/buyers', { name: 'Test Buyer' });
  const endpoints = `/buyers/${buyer.id}/endpoints`;
  await make(endpoints, { label: 'SIP', kind: 'sip', destination: 'sip:buyer@127.0.0.1:5070', priority: 0 });
  await make(endpoints, { label: 'PSTN', kind: 'pstn', destination: '+15555550123', priority: 1 });
  const flow = await make('/flows', { name: 'IVR, queue, buyer failover' });
  t.equal((await ask('POST', `/flows/${flow.id}/versions`, testFlow)).status, 201);
  t.equal((await ask('POST', `/flows/${flow.id}/versions/1/publish`)).status, 200);
  const campaign = await make('/campaigns', { name: 'Test Campaign', flowId: flow.id, record: 'stereo' });
  await make(`/campaigns/${campaign.id}/buyers`, { buyerId: buyer.id });
  await make(`/campaigns/${campaign.id}/publishers`, { publisherId: publisher.id });
  for (const e164 of ['+15551234567', '+15559876543'])
    await make(`/campaigns/${campaign.id}/numbers`, { e164, publisherId: publisher.id });
  const pool = await make('/caller-id-pools', { name: 'Default' });
  for (const e164 of ['+15551230001', '+15551230002'])
    await make(`/caller-id-pools/${pool.id}/numbers`, { e164 });
  const card = await make('/rate-cards', { name: 'Test Rates', kind: 'price', currency: 'USD' });
  const rate = { pricePerMinuteMicros: '50000', validFrom: '2026-01-01T00:00:00Z' };
  await make(`/rate-cards/${card.id}/rates`, rate);
  const account = await make('/billing-accounts', {
    name: 'Test Buyer',
    kind: 'buyer',
    currency: 'USD',
    buyerId: buyer.id,
    rateCardId: card.id,
    prepaid: true,
  });
  const deposit = { amountMicros: '1000000000', note: 'test data' };
  t.match(await ask('POST', `/billing-accounts/${account.id}/deposits`, deposit), {
    status: 201,
    body: { balanceMicros: '1000000000' },
  });
  await make('/webhooks', {
    name: 'Test Webhook',
    url: 'http://127.0.0.1:8099/callfabric',
    secret: 'test-webhook-secret',
  });
  const { roles } = (await ask('GET', '/roles')).body as { roles: { id: string; name: string }[] };
  const roleId = roles.find(({ name }) => name === 'admin')?.id;
  const admin = { email: 'admin@test.callfabric.local', password: 'given by the operator' };
  await make('/users', { ...admin, name: 'Test Admin', roleId });
  // A password that somebody else gave is to be chosen anew, with the first sign-in.
  const browser = new Browser(house.app);
  t.equal((await browser.signIn(admin)).statusCode, 200, 'the admin signs in');
  const chosen = { current: admin.password, new: 'password123' };
  t.equal((await browser.send('PUT', '/session/password', chosen)).statusCode, 200);

  const made = await contentsOf(house.sql);
  const expected = await contentsOf((query, values = []) =>
    seededOrm.em.getConnection().execute(query, [...values]),
  );
  t.ok(Object.values(expected).flat().length > 30, 'the seed was found');
  for (const [table, rows] of Object.entries(expected)) t.same(made[table], rows, table);
  t.match((await ask('GET', `/billing-accounts/${account.id}`)).body, { balanceMicros: '1000000000' });
});
