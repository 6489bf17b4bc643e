import { Client } from 'pg';
import t from 'tap';
import { checkGraph } from '../../../daemon/flow/graph-checks.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { checkSchema, knownMigrations, migrate } from '../../../orm/migrate.ts';
import { isPassword } from '../../../orm/password.ts';
import { seed, testFlow } from '../../../orm/seed.ts';
import { platformFlags, platformRoles } from '../../../orm/seed-platform.ts';
import { emptyDatabase } from '../empty-database.ts';
import { seededDatabase } from '../seeded-database.ts';

void t.test('two migrations at once: one applies, the other finds nothing to do', async (t) => {
  const { url } = await emptyDatabase(t);
  const done = await Promise.all([migrate(url), migrate(url)]);
  t.same(done.flat(), knownMigrations());
  t.same(await migrate(url), []);
});

void t.test('the migrations make the schema the entities describe', async (t) => {
  const { url } = await emptyDatabase(t);
  await migrate(url);
  const orm = openOrm(url, { as: 'login' });
  t.teardown(() => closeOrm(orm));
  t.equal(await orm.schema.getUpdateSchemaSQL({ wrap: false }), '', 'nothing to change');
});

void t.test('a schema that is newer or older than the code is named', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const orm = openOrm(url, { as: 'login' });
  t.teardown(() => closeOrm(orm));
  await t.rejects(checkSchema(orm, url), { name: 'DatabaseFault', message: /run `callfabric migrate`/ });
  await migrate(url);
  await checkSchema(orm, url);
  await client.query("insert into mikro_orm_migrations (name) values ('Migration29990101000000_later')");
  await t.rejects(migrate(url), { name: 'DatabaseFault', message: /Migration29990101000000_later/ });
  await t.rejects(checkSchema(orm, url), { name: 'DatabaseFault', message: /newer than this code/ });
});

void t.test('what is wrong with the database is said in a sentence, without the password', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const address = (change: (url: URL) => void): string => {
    const other = new URL(url);
    change(other);
    return other.href;
  };
  const role = `limited_${newId().replaceAll('-', '')}`;
  await client.query(`create role ${role} login password 'secret-word'`);
  t.teardown(async () => {
    await client.query(`drop owned by ${role}; drop role ${role}`);
  });
  const cases = [
    ['connection_refused', (u: URL) => (u.port = '1'), /start it, or correct DATABASE_URL/],
    ['wrong_password', (u: URL) => (u.password = 'secret-word'), /refuses this user or password/],
    ['no_database', (u: URL) => (u.pathname = '/not_there'), /CREATE DATABASE "not_there"/],
    [
      'no_privilege',
      (u: URL) => {
        u.username = role;
        u.password = 'secret-word';
      },
      /GRANT CREATE/,
    ],
  ] as const;
  for (const [kind, change, message] of cases) {
    const error = await migrate(address(change)).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    t.match(error, { name: 'DatabaseFault', kind, message }, kind);
    t.notMatch(error?.message, /secret-word/);
  }
});

void t.test('the roles and flags of the platform come with the schema, and a change stays', async (t) => {
  const { url, client } = await emptyDatabase(t);
  await migrate(url);
  const roles = 'select name, view, scopes, description from role where tenant_id is null order by id';
  const flags = 'select name, enabled, description from feature_flag where tenant_id is null order by id';
  t.same((await client.query(roles)).rows, platformRoles);
  t.same((await client.query(flags)).rows, platformFlags);
  await client.query("update feature_flag set enabled = true where name = 'transcription'");
  await client.query("delete from feature_flag where name = 'analytics'");
  const changed = (await client.query(flags)).rows;
  t.same(await migrate(url), []);
  t.same((await client.query(flags)).rows, changed);
  const orm = openOrm(url, { as: 'login' });
  t.teardown(() => closeOrm(orm));
  let undone: string;
  do [{ name: undone } = { name: 'nothing' }] = await orm.migrator.down();
  while (!/platform_rows|nothing/.test(undone));
  t.match(undone, /platform_rows/);
  await migrate(url);
  t.match((await client.query(flags)).rows, [
    { name: 'analytics' },
    { name: 'transcription', enabled: true },
    {},
  ]);
  t.same((await client.query(roles)).rows, platformRoles, 'and none is there twice');
});

void t.test('the seed may run again, and production gets no test data', async (t) => {
  const { url, client } = await emptyDatabase(t);
  await migrate(url);
  await seed(url, { production: true });
  const count = async (table: string) =>
    (await client.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n;
  const platform = async () => [
    await count('tenant'),
    await count('user_account'),
    await count('role'),
    await count('feature_flag'),
    await count('dnc_list'),
  ];
  t.same(await platform(), [0, 0, 3, 3, 0], 'roles and flags alone');
  await seed(url, { production: false });
  await client.query("update campaign set name = 'Test Campaign', max_calls = 5");
  await seed(url, { production: false });
  const expected = {
    tenant: 1,
    phone_number: 2,
    campaign: 1,
    buyer: 1,
    buyer_endpoint: 2,
    node: 3,
    edge: 2,
    trunk: 1,
    user_account: 1,
    membership: 1,
    role: 3,
    feature_flag: 3,
    caller_id_number: 2,
    rate: 1,
    ledger_entry: 2,
    webhook: 1,
    dnc_entry: 2,
  };
  for (const [table, rows] of Object.entries(expected)) t.equal(await count(table), rows, table);
  const balances = await client.query(
    'select a.kind, b.amount_micros from balance b join billing_account a on a.id = b.account_id order by 1',
  );
  t.same(balances.rows, [
    { kind: 'buyer', amount_micros: '1000000000' },
    { kind: 'funding', amount_micros: '-1000000000' },
  ]);
  const [admin] = (await client.query('select password_hash from user_account')).rows;
  t.ok(await isPassword('password123', admin.password_hash));
  t.equal((await client.query('select max_calls from campaign')).rows[0].max_calls, 5, 'a change is kept');
});

void t.test('the seeded flow passes the publish checks', async (t) => {
  t.same(checkGraph(testFlow, nodeTypes), []);
});

void t.test('the database refuses what must not be', async (t) => {
  const database = await seededDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  t.teardown(async () => {
    await client.end();
    await database.drop();
  });
  const refused = {
    "update phone_number set e164 = '5551234567'": '23514',
    "update phone_number set e164 = '+15551234567'": '23505',
    'update campaign_buyer set weight = -1': '23514',
    "update buyer_endpoint set destination = '1000' where kind = 'pstn'": '23514',
    "update buyer_endpoint set destination = 'sip:a b@c' where kind = 'sip'": '23514',
    "update trunk set gateway = 'a/b'": '23514',
    "update node set params = '{}'": '23001',
    'delete from edge': '23001',
    'delete from flow_version': '23001',
    "update flow_version set entry = 'line'": '23001',
    "update flow_version set status = 'draft'": '23001',
    "insert into flow_version (id, tenant_id, flow_id, number, status, entry) select gen_random_uuid(), tenant_id, flow_id, 2, 'published', entry from flow_version":
      '23505',
  };
  for (const [sql, code] of Object.entries(refused))
    await t.rejects(client.query(sql), { code }, sql.slice(0, 70));
  await client.query('delete from flow');
  t.equal((await client.query('select 1 from node')).rowCount, 0, 'a flow goes with all its versions');
  await client.query('delete from tenant');
  t.equal((await client.query('select 1 from phone_number')).rowCount, 0);
});
