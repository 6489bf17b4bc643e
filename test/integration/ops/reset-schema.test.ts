import type { Client } from 'pg';
import t, { type Test } from 'tap';
import { resetSchema } from '../../../ops/database/reset-schema.ts';
import { knownMigrations, migrate } from '../../../orm/migrate.ts';
import { seed } from '../../../orm/seed.ts';
import { emptyDatabase, type OwnDatabase } from '../empty-database.ts';

const development = { production: false };

async function seeded(t: Test): Promise<OwnDatabase> {
  const database = await emptyDatabase(t);
  await migrate(database.url);
  await seed(database.url, development);
  return database;
}

async function tenants(client: Client): Promise<number | null> {
  return (await client.query('select from tenant')).rowCount;
}

void t.test('every row goes, the schema is as new, other schemas are left alone', async (t) => {
  const { url, client } = await seeded(t);
  await client.query(
    'create schema others; create table others.tenant (id int); insert into others.tenant values (1)',
  );
  await client.query('create table cdr_1999_01 (like cdr)');
  const { applied, dropped } = await resetSchema(url, development);
  t.same(applied, knownMigrations());
  t.ok(dropped > 20, 'with the partition that was detached');
  t.equal(await tenants(client), 0);
  t.equal((await client.query('select from others.tenant')).rowCount, 1);
  t.same((await client.query("select to_regclass('cdr_1999_01') as there")).rows, [{ there: null }]);
  await seed(url, development);
  t.equal(await tenants(client), 1, 'and it can be used');
});

void t.test('it refuses production', async (t) => {
  const { url, client } = await seeded(t);
  await t.rejects(resetSchema(url, { production: true }), {
    kind: 'refused',
    message: /^Nothing was done: NODE_ENV is production, .* drop the database by hand\.$/,
  });
  t.equal(await tenants(client), 1);
});

void t.test("it refuses where somebody else's things are", async (t) => {
  const { url, client } = await seeded(t);
  const foreign = {
    'create table ledger_of_others (id int)': /\(table ledger_of_others\)\. Move it to another schema/,
    'create view of_others as select 1': /\(view of_others\)/,
    'create function of_others() returns int language sql as $$ select 1 $$': /\(routine of_others\)/,
    "create type mood as enum ('good')": /\(type mood\)/,
    'create sequence of_others': /\(sequence of_others\)/,
    'create schema others; create view others.tenants as select id from tenant':
      /what is not CallFabric's depends on its tables .*view others\.tenants.*Drop that first/s,
  };
  for (const [sql, message] of Object.entries(foreign)) {
    await client.query('begin');
    await client.query(sql);
    await client.query('commit');
    await t.rejects(resetSchema(url, development), { kind: 'refused', message }, sql);
    t.equal(await tenants(client), 1);
    const [, kind = '', name = ''] = /create (table|view|function|type|sequence) (\w+)/.exec(sql) ?? [];
    await client.query(
      sql.startsWith('create schema') ? 'drop schema others cascade' : `drop ${kind} ${name}`,
    );
  }
  await resetSchema(url, development);
  t.equal(await tenants(client), 0);
});

void t.test('of a newer schema it drops what it knows, or says who knows the rest', async (t) => {
  const { url, client } = await seeded(t);
  await client.query("insert into mikro_orm_migrations (name) values ('Migration29990101000000_later')");
  await client.query('create table later (id int)');
  await t.rejects(resetSchema(url, development), {
    kind: 'schema_newer',
    message:
      /is newer than this code \(it has Migration29990101000000_later\), which does not know table later\. Reset it with the release that made it/,
  });
  t.equal(await tenants(client), 1);
  await client.query('drop table later; alter table tenant add column later int');
  t.same((await resetSchema(url, development)).applied, knownMigrations());
  t.equal(await tenants(client), 0);
});
