import { Client } from 'pg';
import t from 'tap';
import { newId } from '../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { inTenant } from '../../../orm/in-tenant.ts';
import { AuditLog, Campaign, DncList, Publisher, Role, Tenant, User } from '../../../orm/index.ts';
import { seededDatabase } from '../seeded-database.ts';
import { fillTenant, tenantTables } from './fill-tenant.ts';

let database: TestDatabase;
let client: Client;
let one: Record<string, string>;
let other: Record<string, string>;

t.before(async () => {
  database = await seededDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  one = await fillTenant(client, 'one');
  other = await fillTenant(client, 'other');
});
t.teardown(async () => {
  await client.end();
  await database.drop();
});

/** Runs statements as the API's role for a tenant; what they changed is taken back. */
async function asTenant<T>(tenantId: string | undefined, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query('set local role callfabric_api');
    if (tenantId !== undefined)
      await client.query("select set_config('app.tenant_id', $1, true)", [tenantId]);
    return await work();
  } finally {
    await client.query('rollback');
  }
}

void t.test(
  'every table with a tenant has its row-level security forced and a policy for the API',
  async (t) => {
    const { rows } = await client.query<{ name: string; whole: boolean; own: boolean; all: boolean }>(
      `select c.oid::regclass::text as name, c.relrowsecurity and c.relforcerowsecurity as whole,
       exists (select 1 from pg_policies p where p.tablename = c.relname and 'callfabric_api' = any(p.roles)
         and p.cmd = 'ALL' and p.qual = '(tenant_id = current_tenant_id())' and p.with_check = p.qual) as own,
       exists (select 1 from pg_policies p where p.tablename = c.relname and p.roles = '{callfabric_daemon}' and p.cmd = 'ALL') as all
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`,
    );
    t.ok(rows.length > 50, 'partitions among them');
    for (const { name, ...guarded } of rows) t.same(guarded, { whole: true, own: true, all: true }, name);
    const { rows: bare } = await client.query(
      `select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
       and not (relrowsecurity and relforcerowsecurity) order by 1`,
    );
    t.same(bare, [{ relname: 'mikro_orm_migrations' }], 'and so has every other table of ours');
  },
);

void t.test(
  'nobody but the owner is granted anything on a partition, and nothing is granted to everybody',
  async (t) => {
    const { rows } = await client.query(
      `select table_name, grantee from information_schema.role_table_grants g
     where table_schema = 'public' and grantee <> (select rolname from pg_roles where oid = (select relowner from pg_class where oid = 'tenant'::regclass))
       and (grantee = 'PUBLIC' or table_name in (select relname from pg_class where relispartition))`,
    );
    t.same(rows, []);
    for (const table of ['cdr_default', 'audit_log_default'])
      await t.rejects(
        asTenant(one['tenant'], () => client.query(`select * from ${table}`)),
        { code: '42501' },
        table,
      );
  },
);

void t.test('a tenant sees its own rows alone, in every table it may read', async (t) => {
  const unreadable = ['held_call'];
  for (const table of await tenantTables(client)) {
    const read = () => client.query<{ tenant_id: string | null }>(`select tenant_id from ${table}`);
    if (unreadable.includes(table)) {
      await t.rejects(asTenant(one['tenant'], read), { code: '42501' }, table);
      continue;
    }
    const { rows } = await asTenant(one['tenant'], read);
    const seen = new Set(rows.map((row) => row.tenant_id));
    t.ok(seen.delete(one['tenant'] ?? ''), `its own of ${table}`);
    seen.delete(null);
    t.same([...seen], [], `and of nobody else: ${table}`);
    const nobody = await asTenant(undefined, read);
    t.same(
      nobody.rows.filter((row) => row.tenant_id !== null),
      [],
      `none without a tenant: ${table}`,
    );
  }
  const audit = await asTenant(one['tenant'], () =>
    client.query('select 1 from audit_log where tenant_id is null'),
  );
  t.equal(audit.rowCount, 0, "the platform's own log is nobody's");
});

void t.test(
  'a tenant cannot write into another, lean on its rows, or touch what is written once',
  async (t) => {
    const id = newId();
    const mine = one['tenant'];
    const refused: Record<string, string> = {
      [`insert into publisher (id, tenant_id, name) values ('${id}', '${other['tenant']}', 'x')`]: '42501',
      [`update publisher set tenant_id = '${other['tenant']}'`]: '42501',
      [`insert into feature_flag (id, name) values ('${id}', 'x')`]: '42501',
      [`insert into dnc_list (id, name) values ('${id}', 'x')`]: '42501',
      [`insert into dnc_entry (id, tenant_id, list_id, e164) select '${id}', '${mine}', id, '+15550001111' from dnc_list where tenant_id is null`]:
        '23503',
      [`insert into campaign_buyer (id, tenant_id, campaign_id, buyer_id) values ('${id}', '${mine}', '${one['campaign']}', '${other['buyer']}')`]:
        '23503',
      [`update phone_number set campaign_id = '${other['campaign']}'`]: '23503',
      'update ledger_entry set amount_micros = 1': '42501',
      'delete from ledger_entry': '42501',
      'update audit_log set action = action': '42501',
      'delete from audit_log': '42501',
      'delete from event': '42501',
      'delete from call': '42501',
      'update cdr set bill_ms = 0': '42501',
      'update call_leg set side = side': '42501',
      'update balance set amount_micros = 1': '42501',
      "update invoice set status = 'draft'": '23001',
      'update invoice set total_micros = 1': '42501',
      'update tenant set max_calls = null': '42501',
      'update tenant set deleting_since = now()': '42501',
      'select password_hash from user_account': '42501',
      'select secret_hash from api_key': '42501',
      'select secret from webhook': '42501',
      'select * from session': '42501',
      'select * from freeswitch_node': '42501',
      'truncate publisher': '42501',
      "select make_partition('cdr', '2030-01-01')": '42501',
      "select * from drop_partitions('cdr', now())": '42501',
    };
    for (const [sql, code] of Object.entries(refused))
      await t.rejects(
        asTenant(mine, () => client.query(sql)),
        { code },
        sql.slice(0, 90),
      );
    for (const table of ['publisher', 'role']) {
      const hit = await asTenant(mine, () =>
        client.query(`delete from ${table} where tenant_id is distinct from '${mine}'`),
      );
      t.equal(hit.rowCount, 0, `what is not seen is not deleted: ${table}`);
    }
  },
);

void t.test('inTenant: the ORM works within one tenant, and leaves the connection as it was', async (t) => {
  const orm = openOrm(database.url, { maxConnections: 1 });
  t.teardown(() => closeOrm(orm));
  const tenantId = one['tenant'] ?? '';
  const names = await inTenant(orm, tenantId, async (em) => {
    em.create(Publisher, { tenant: em.getReference(Tenant, tenantId), name: 'Made inside' });
    em.create(AuditLog, {
      tenant: em.getReference(Tenant, tenantId),
      actorKind: 'user',
      action: 'publisher.create',
      subject: 'publisher',
    });
    await em.flush();
    t.equal(await em.count(Campaign, { id: other['campaign'] ?? '' }), 0);
    t.equal(await em.nativeUpdate(Publisher, { tenant: other['tenant'] ?? '' }, { name: 'x' }), 0);
    t.same(
      (await em.find(User, {})).map(({ id }) => id),
      [one['user_account']],
      'of the people, its members',
    );
    t.same(
      (await em.find(Role, { tenant: null }, { orderBy: { name: 'asc' } })).map(({ name }) => name),
      ['admin', 'buyer', 'publisher'],
    );
    t.match(await em.find(DncList, { tenant: null }), [{ name: 'Global' }], "the platform's are read");
    return (await em.find(Publisher, {}, { orderBy: { name: 'asc' } })).map(({ name }) => name);
  });
  t.same(names, ['Filled', 'Made inside']);
  t.equal(await orm.em.fork().count(Publisher), 4, 'outside of it all are seen again');
  const [state] = await orm.em
    .getConnection()
    .execute<object[]>(
      "select current_user <> 'callfabric_api' as role, coalesce(current_setting('app.tenant_id', true), '') as tenant",
    );
  t.same(state, { role: true, tenant: '' });
  await t.rejects(
    inTenant(orm, tenantId, async (em) => {
      em.create(Publisher, { tenant: em.getReference(Tenant, tenantId), name: 'Never' });
      await em.flush();
      throw new Error('no');
    }),
    { message: 'no' },
  );
  t.equal(await orm.em.fork().count(Publisher, { name: 'Never' }), 0, 'a fault takes all back');
  await t.rejects(
    inTenant(orm, 'no uuid', (em) => em.count(Publisher)),
    /uuid/,
  );
  await t.rejects(
    orm.em.fork().transactional((em) => inTenant(em, tenantId, () => Promise.resolve())),
    /transaction of its own/,
  );
});

void t.test('an owner who is no superuser works as before, row-level security or not', async (t) => {
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from phone_number');
  await client.query('begin');
  t.teardown(() => client.query('rollback'));
  await client.query(
    'create role plain_daemon; grant callfabric_daemon to plain_daemon; set local role plain_daemon',
  );
  t.same((await client.query('select count(*)::int as n from phone_number')).rows, rows);
  t.equal((await client.query('update campaign set name = name')).rowCount, 3);
});
