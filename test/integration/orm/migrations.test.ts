import { Client } from 'pg';
import t, { type Test } from 'tap';
import { newId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { knownMigrations, migrate } from '../../../orm/migrate.ts';
import { emptyDatabase } from '../empty-database.ts';
import { columnsOf, fillTenant, tenantTables } from './fill-tenant.ts';

async function withMigrator(t: Test) {
  const { url, client } = await emptyDatabase(t);
  const orm = openOrm(url, { as: 'login', statementTimeoutMs: 0 });
  t.teardown(() => closeOrm(orm));
  return { url, client, migrator: orm.migrator };
}

/** Everything the catalogue knows of our schema, as text; names that PostgreSQL gives to NOT NULL are its own affair. */
const schema = `
  select 'column ' || c.oid::regclass || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
  union all select 'table ' || oid::regclass || ' ' || relkind::text || ' ' || relrowsecurity || ' ' || relforcerowsecurity || ' ' || coalesce(pg_get_expr(relpartbound, oid), '') || ' ' || coalesce(relacl::text, '')
    from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
  union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 0
  union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
  union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all select 'policy ' || tablename || ' ' || policyname || ' ' || roles::text || ' ' || cmd || coalesce(qual, '') || coalesce(with_check, '') from pg_policies
  union all select 'function ' || p.oid::regprocedure || ' ' || prosecdef || coalesce(p.proacl::text, '') || md5(prosrc) from pg_proc p
    where pronamespace = 'public'::regnamespace and not exists (select 1 from pg_depend where objid = p.oid and deptype = 'e')
  order by 1`;

async function schemaOf(client: Client): Promise<string[]> {
  const found = await client.query<{ line: string }>(schema);
  return found.rows.map(({ line }) => line);
}

void t.test('up, down and up again leaves the same schema', async (t) => {
  const { url, client, migrator } = await withMigrator(t);
  await migrate(url);
  const first = await schemaOf(client);
  t.ok(first.length > 1000);
  await migrator.down({ to: 0 });
  const { rows } = await client.query(
    `select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
  );
  t.same(rows, [{ relname: 'mikro_orm_migrations' }], 'nothing is left but the list of migrations');
  await migrate(url);
  t.same(await schemaOf(client), first);
});

void t.test('every migration on a filled database loses nothing, up and down', async (t) => {
  const { url, client, migrator } = await withMigrator(t);
  const known = knownMigrations();
  for (const level of known.slice(0, -1)) {
    await migrator.up({ to: level });
    await fillTenant(client, `filled-at-${known.indexOf(level)}`, true);
    const columns = await columnsOf(client);
    columns.delete('mikro_orm_migrations');
    const rows = async () => {
      const all: Record<string, unknown> = {};
      for (const [table, names] of columns) {
        // What the platform brings is not theirs.
        const own = names.includes('tenant_id') && ['role', 'feature_flag'].includes(table);
        const found = await client.query<{ row: string }>(
          `select jsonb_build_array(${names.join()})::text as row from ${table} ${own ? 'where tenant_id is not null' : ''} order by 1`,
        );
        all[table] = found.rows.map(({ row }) => row);
      }
      return all;
    };
    const before = await rows();
    t.ok((before['cdr'] as unknown[]).length >= 2);
    await migrate(url);
    t.same(await rows(), before, `from ${level} up`);
    const filled = await tenantTables(client);
    t.ok(filled.length > 45);
    await migrator.down({ to: level });
    t.same(await rows(), before, `and down to it`);
  }
});

void t.test('a reason that an older schema does not know becomes its nearest on the way down', async (t) => {
  const { url, client, migrator } = await withMigrator(t);
  await migrate(url);
  await fillTenant(client, 'filled');
  await client.query("update call set outcome = 'refused', refusal = 'publisher_disabled'");
  await migrator.down({ to: 'Migration20261129173750_indexes_of_lists' });
  const { rows } = await client.query<{ refusal: string }>('select distinct refusal from call');
  t.same(rows, [{ refusal: 'number_disabled' }]);
  await migrate(url);
});

void t.test(
  'a role that may not make roles is told what an administrator has to run, and then it works',
  async (t) => {
    const { url, client } = await withMigrator(t);
    const role = `owner_${newId().replaceAll('-', '')}`;
    const database = new URL(url).pathname.slice(1);
    await migrate(url); // the two roles are there now, and another's
    await client.query(`drop schema public cascade; create schema public`);
    await client.query(
      `create role ${role} login password 'secret-word'; alter database ${database} owner to ${role}; alter schema public owner to ${role}`,
    );
    t.teardown(async () => {
      await client.query(
        `alter database ${database} owner to current_user; drop owned by ${role}; drop role ${role}`,
      );
    });
    const address = new URL(url);
    address.username = role;
    address.password = 'secret-word';
    const error = await migrate(address.href).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    t.match(error, {
      kind: 'no_privilege',
      message: /^owner_\S+: The role "owner_\w+" may not .* run: CREATE ROLE callfabric_daemon NOLOGIN;/,
    });
    t.notMatch(error?.message, /secret-word/);
    await client.query(`grant callfabric_daemon, callfabric_api to ${role}`);
    await migrate(address.href);
    const owner = new Client({ connectionString: address.href });
    await owner.connect();
    t.teardown(() => owner.end());
    const ids = await fillTenant(owner, 'owned');
    t.equal((await owner.query('select 1 from call')).rowCount, 2, 'it sees every row, forced or not');
    await owner.query('begin; set local role callfabric_api');
    await owner.query("select set_config('app.tenant_id', $1, true)", [newId()]);
    t.equal((await owner.query('select 1 from call')).rowCount, 0, 'and as a tenant those of the tenant');
    await owner.query("select set_config('app.tenant_id', $1, true)", [ids['tenant']]);
    t.equal((await owner.query('select 1 from call')).rowCount, 2);
    await owner.query('rollback');
  },
);
