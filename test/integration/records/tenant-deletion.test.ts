import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import t, { type Test } from 'tap';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import { deleteTenant, type TenantDeletionParts } from '../../../daemon/records/tenant-deletion.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { until } from '../../until.ts';
import { fillTenant, tenantTables } from '../orm/fill-tenant.ts';
import { seededDatabase } from '../seeded-database.ts';

/** A database with two tenants that have rows in every table and files of three recordings each. */
async function setup(t: Test) {
  const database = await seededDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const orm = openOrm(database.url);
  t.teardown(async () => {
    await closeOrm(orm);
    await client.end();
    await database.drop();
  });
  const recordingsFolder = join(t.testdir(), 'recordings');
  mkdirSync(recordingsFolder);
  const fill = async (slug: string) => {
    const ids = await fillTenant(client, slug);
    const file = (name: string): string => {
      const path = join(recordingsFolder, `${slug}-${name}.wav`);
      writeFileSync(path, 'sound');
      return path;
    };
    const [kept, local, waiting] = [file('kept'), file('local'), file('waiting')];
    const outside = join(recordingsFolder, '..', `${slug}-outside.wav`);
    writeFileSync(outside, 'not ours');
    const recording = (path: string, more: string, values: string) =>
      client.query(
        `insert into recording (id, tenant_id, call_id, path, channels, started_at${more}) values ($1, $2, $3, $4, 'mono', now()${values})`,
        [newId(), ids['tenant'], ids['call'], path],
      );
    const stored = `, 'stored', '${pathToFileURL(kept).href}', 5, 1, '${'a'.repeat(64)}'`;
    await recording(local, ', status, location, bytes, duration_ms, sha256', stored);
    await recording(waiting, '', '');
    await recording(outside, '', '');
    return { id: ids['tenant'] ?? '', user: ids['user_account'], files: [kept, local, waiting], outside };
  };
  const log = quietLog();
  const parts: TenantDeletionParts = { orm, target: keepInPlace, recordingsFolder, log };
  return { client, parts, log, leaving: await fill('leaving'), staying: await fill('staying') };
}

/** How many rows of a tenant (null: of the platform) each table has. */
async function rowsOf(client: Client, tenantId: string | null): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of await tenantTables(client)) {
    const found = await client.query<{ n: number }>(
      `select count(*)::int as n from ${table} where tenant_id is not distinct from $1`,
      [tenantId],
    );
    counts[table] = found.rows[0]?.n ?? 0;
  }
  return counts;
}

void t.test('deleting a tenant removes all that is its own, and nothing else', async (t) => {
  const { client, parts, log, leaving, staying } = await setup(t);
  const [its, others, platform] = [
    await rowsOf(client, leaving.id),
    await rowsOf(client, staying.id),
    await rowsOf(client, null),
  ];
  const bare = Object.entries(its).filter(([, count]) => count === 0);
  t.same(bare, [], 'every table has rows of it: add what is missing to fill-tenant.ts');
  t.ok(Object.keys(its).length > 45);
  const users = async () =>
    (await client.query('select id from user_account')).rows.map(({ id }) => id as string);
  const usersBefore = await users();

  t.equal(await deleteTenant(parts, leaving.id, { batchRows: 1, batchPages: 1 }), true);
  t.same(
    Object.entries(await rowsOf(client, leaving.id)).filter(([, count]) => count > 0),
    [],
    'no row is left',
  );
  t.equal((await client.query('select 1 from tenant where id = $1', [leaving.id])).rowCount, 0);
  t.same(await rowsOf(client, staying.id), others, 'the other has all of its');
  t.same(await rowsOf(client, null), { ...platform, audit_log: (platform['audit_log'] ?? 0) + 1 });
  t.same(
    await users(),
    usersBefore.filter((id) => id !== leaving.user),
    'and so are people who were in it alone',
  );
  t.same(
    leaving.files.map((file) => existsSync(file)),
    [false, false, false],
  );
  t.same(
    staying.files.map((file) => existsSync(file)),
    [true, true, true],
  );
  t.ok(existsSync(leaving.outside), 'a path that leads elsewhere is not followed');
  t.ok(log.messages.some((message) => /left where it is/.test(message)));
  const noted = await client.query(
    "select subject_id, before from audit_log where action = 'tenant.deleted'",
  );
  t.same(noted.rows, [{ subject_id: leaving.id, before: { slug: 'leaving', name: 'leaving' } }]);
  t.equal(await deleteTenant(parts, leaving.id), false, 'there is none any more');
});

void t.test(
  'a deletion that was interrupted takes no calls meanwhile, and goes on when begun anew',
  async (t) => {
    const { client, parts, leaving, staying } = await setup(t);
    const others = await rowsOf(client, staying.id);
    const away = { remove: () => Promise.reject(new Error('the store is away')) };
    await t.rejects(deleteTenant({ ...parts, target: away }, leaving.id), /store is away/);
    const state = async () =>
      (
        await client.query(
          'select enabled, deleting_since is not null as leaving from tenant where id = $1',
          [leaving.id],
        )
      ).rows[0];
    t.same(await state(), { enabled: false, leaving: true });
    t.ok(existsSync(leaving.files[0] ?? ''));
    const signal = AbortSignal.abort(new Error('stopping'));
    await t.rejects(deleteTenant(parts, leaving.id, { signal }), /stopping/);
    await t.rejects(
      client.query('delete from ledger_entry where tenant_id = $1', [staying.id]),
      { code: '23001' },
      'the ledger of others is as immutable as ever',
    );
    t.equal(await deleteTenant(parts, leaving.id), true);
    t.same(await rowsOf(client, staying.id), others);
  },
);

void t.test('a copy that somebody put beside our tables keeps no tenant from being deleted', async (t) => {
  const { client, parts, leaving } = await setup(t);
  await client.query('create table call_backup as select * from call');
  t.equal(await deleteTenant(parts, leaving.id), true);
  const left = await client.query('select 1 from call where tenant_id = $1', [leaving.id]);
  t.equal(left.rowCount, 0);
  const copy = await client.query('select 1 from call_backup where tenant_id = $1', [leaving.id]);
  t.not(copy.rowCount, 0, 'it is theirs');
});

void t.test('who joins another tenant while theirs is deleted stays', async (t) => {
  const { client, parts, leaving, staying } = await setup(t);
  await client.query('begin');
  // As an invitation is accepted: first the account, then the membership.
  await client.query('select 1 from user_account where id = $1 for update', [leaving.user]);
  const deleting = deleteTenant(parts, leaving.id);
  await until('the deletion to wait for the account', async () => {
    // pg_stat_activity would be what it was at the transaction's first look.
    const waiting = await client.query(
      'select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))',
    );
    return (waiting.rowCount ?? 0) > 0;
  });
  await client.query(
    'insert into membership (id, tenant_id, user_id, role_id) select $1, $2, $3, id from role where tenant_id = $2 limit 1',
    [newId(), staying.id, leaving.user],
  );
  await client.query('commit');
  t.equal(await deleting, true);
  t.same((await client.query('select tenant_id from membership where user_id = $1', [leaving.user])).rows, [
    { tenant_id: staying.id },
  ]);
});

void t.test('one statement deletes a tenant too', async (t) => {
  const { client, leaving, staying } = await setup(t);
  const others = await rowsOf(client, staying.id);
  await client.query('delete from tenant where id = $1', [leaving.id]);
  t.same(
    Object.entries(await rowsOf(client, leaving.id)).filter(([, count]) => count > 0),
    [],
  );
  t.same(await rowsOf(client, staying.id), others);
});
