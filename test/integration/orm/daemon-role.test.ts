import { Client } from 'pg';
import t from 'tap';
import { apiConnections } from '../../../daemon/api-connections.ts';
import { MonthlyPartitions } from '../../../daemon/jobs/monthly-partitions.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { becomeDaemon, becomeTenant, inTenant } from '../../../orm/in-tenant.ts';
import { Publisher } from '../../../orm/index.ts';
import { checkApiRole, checkSchema } from '../../../orm/migrate.ts';
import { plainLogin } from '../../plain-login.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { emptyDatabase } from '../empty-database.ts';
import { seededDatabase } from '../seeded-database.ts';
import { fillTenant } from './fill-tenant.ts';

let database: TestDatabase;
let owner: Client;
let filled: Record<string, string>;

t.before(async () => {
  database = await seededDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  filled = await fillTenant(owner, 'filled');
});
t.teardown(async () => {
  await owner.end();
  await database.drop();
});

const whoAmI = 'select current_user::text as role';

void t.test('every connection of the daemon is callfabric_daemon from its first statement on', async (t) => {
  const orm = openOrm(database.url, { maxConnections: 3 });
  const api = apiConnections(database.url);
  t.teardown(async () => {
    await api.close();
    await closeOrm(orm);
  });
  for (const each of [orm, api.requests, api.deletion, api.health]) {
    t.same(await each.em.getConnection().execute(whoAmI), [{ role: 'callfabric_daemon' }]);
    t.same(await each.em.fork().transactional((em) => em.execute(whoAmI)), [{ role: 'callfabric_daemon' }]);
  }
  const pool = await poolOf(orm);
  // As whoever listens holds one: a new one for each.
  const held = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const client of held) t.same((await client.query(whoAmI)).rows, [{ role: 'callfabric_daemon' }]);
  for (const client of held) client.release(true);
  t.same((await pool.query(whoAmI)).rows, [{ role: 'callfabric_daemon' }], 'and one made anew');
});

void t.test('a transaction may be a tenant, and the daemon again, and never the login', async (t) => {
  const orm = openOrm(database.url, { maxConnections: 1 });
  t.teardown(() => closeOrm(orm));
  const tenant = filled['tenant'] ?? '';
  await orm.em.fork().transactional(async (em) => {
    await becomeTenant(em, tenant);
    t.same(await em.execute(whoAmI), [{ role: 'callfabric_api' }]);
    await becomeDaemon(em);
    t.same(await em.execute(whoAmI), [{ role: 'callfabric_daemon' }]);
    await becomeTenant(em, tenant);
  });
  t.same(await orm.em.getConnection().execute(whoAmI), [{ role: 'callfabric_daemon' }]);
  await inTenant(orm, tenant, (em) => em.count(Publisher));
  await t.rejects(inTenant(orm, tenant, (em) => em.execute('select 1 / 0')));
  t.same(await orm.em.getConnection().execute(whoAmI), [{ role: 'callfabric_daemon' }]);
});

void t.test('the catalogue: the daemon owns nothing and gets around nothing', async (t) => {
  const orm = openOrm(database.url, { maxConnections: 1 });
  t.teardown(() => closeOrm(orm));
  const ask = async (sql: string): Promise<unknown> => (await (await poolOf(orm)).query(sql)).rows;
  t.same(
    await ask(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
         array(select roleid::regrole::text from pg_auth_members where member = r.oid) as member_of
       from pg_roles r where rolname = current_user`,
    ),
    [
      {
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolcanlogin: false,
        rolreplication: false,
        member_of: [],
      },
    ],
  );
  t.same(
    await ask(
      `select relname as name from pg_class where pg_get_userbyid(relowner) = current_user
       union all select proname from pg_proc where pg_get_userbyid(proowner) = current_user
       union all select nspname from pg_namespace where pg_get_userbyid(nspowner) = current_user`,
    ),
    [],
    'nothing is its own',
  );
  t.same(
    await ask(
      `select relname, privilege from pg_class, unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) privilege
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and has_table_privilege(oid, privilege)`,
    ),
    [],
  );
  t.same(await ask("select has_schema_privilege('public', 'CREATE') as may"), [{ may: false }]);
  t.same(
    await ask(
      `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and not has_table_privilege(c.oid, 'DELETE')`,
    ),
    [],
    "a tenant's rows can be deleted with it, of every table",
  );
  t.same(
    await ask(
      `select relname from pg_class where relnamespace = 'public'::regnamespace and relispartition
         and has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE, REFERENCES')`,
    ),
    [],
    'partitions are reached through their tables alone',
  );
});

void t.test('what the daemon is refused, whoever signed in', async (t) => {
  const orm = openOrm(database.url, { maxConnections: 1 });
  t.teardown(() => closeOrm(orm));
  const pool = await poolOf(orm);
  const refused: Record<string, string> = {
    'drop table call': '42501',
    'drop table cdr_default': '42501',
    'alter table call add column more int': '42501',
    'alter table call no force row level security': '42501',
    'alter table ledger_entry disable trigger user': '42501',
    'drop policy tenant_own on call': '42501',
    'drop trigger immutable on audit_log': '42501',
    'drop function current_tenant_id()': '42501',
    'truncate call cascade': '42501',
    'truncate audit_log': '42501',
    'create table more (id int)': '42501',
    'create role more': '42501',
    'set session_replication_role = replica': '42501',
    "insert into mikro_orm_migrations (name) values ('more')": '42501',
    'delete from mikro_orm_migrations': '42501',
    'delete from audit_log_default': '42501',
    'update ledger_entry set amount_micros = 1': '23001',
    'delete from ledger_entry': '23001',
    'update audit_log set action = action': '23001',
    'delete from audit_log': '23001',
    "select make_partition('call', '2030-01-01')": '22023',
  };
  for (const [sql, code] of Object.entries(refused)) await t.rejects(pool.query(sql), { code }, sql);
});

void t.test('a login that is a member of both roles and no more is all that the daemon needs', async (t) => {
  const url = await plainLogin(database.url);
  const orm = openOrm(url);
  const bare = openOrm(url, { as: 'login', maxConnections: 1 });
  t.teardown(async () => {
    await closeOrm(bare);
    await closeOrm(orm);
  });
  await t.rejects(
    (await poolOf(bare)).query('select 1 from call'),
    { code: '42501' },
    'by itself it sees nothing',
  );
  await checkSchema(orm, url);
  await checkApiRole(orm, url);
  t.equal(await inTenant(orm, filled['tenant'] ?? '', (em) => em.count(Publisher)), 1);
  const keepDays = { cdr: 30, call_trace: 0, event: 0, audit_log: 0 };
  const partitions = new MonthlyPartitions({ orm, keepDays, log: quietLog() });
  // A month may have begun since the migration.
  await partitions.run();
  await owner.query("select make_partition('cdr', '2024-01-15')");
  const missing = new Date();
  missing.setUTCMonth(missing.getUTCMonth() + 2, 1);
  const name = `event_${missing.toISOString().slice(0, 7).replace('-', '_')}`;
  await owner.query(`drop table ${name}`);
  t.same(await partitions.run(), { made: [name], dropped: ['cdr_2024_01'] });
});

void t.test('a login that is no member, or of one role alone, is told what to grant', async (t) => {
  const login = `stranger_${process.pid}`;
  await owner.query(`create role ${login} login password 'stranger'`);
  t.teardown(() => owner.query(`drop role ${login}`));
  const url = new URL(database.url);
  [url.username, url.password] = [login, 'stranger'];
  const granting = {
    kind: 'no_role',
    message: new RegExp(`as an administrator run GRANT callfabric_daemon, callfabric_api TO "${login}";$`),
  };
  const orm = openOrm(url.href, { maxConnections: 1 });
  t.teardown(() => closeOrm(orm));
  await t.rejects(checkSchema(orm, url.href), granting);
  await owner.query(`grant callfabric_daemon to ${login}`);
  await checkSchema(orm, url.href);
  await t.rejects(checkApiRole(orm, url.href), granting);
  await owner.query(`grant callfabric_api to ${login}`);
  await checkApiRole(orm, url.href);
});

void t.test('a database that is not migrated says so, member or not', async (t) => {
  const { url } = await emptyDatabase(t);
  for (const each of [url, await plainLogin(url)]) {
    const orm = openOrm(each, { maxConnections: 1 });
    await t.rejects(checkSchema(orm, each), { kind: 'schema_older', message: /run `callfabric migrate`/ });
    await closeOrm(orm);
  }
});
