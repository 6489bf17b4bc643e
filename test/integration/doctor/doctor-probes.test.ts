import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { Pool } from 'pg';
import t from 'tap';
import { realProbes } from '../../../daemon/doctor-probes.ts';
import { startRedis } from '../../../ops/dev-services/redis.ts';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';
import { plainLogin } from '../../plain-login.ts';
import { seededDatabase } from '../seeded-database.ts';

const never = new AbortController().signal;

void t.test('a migrated PostgreSQL is well, an empty one lacks its migrations', async (t) => {
  const [seeded, empty] = [await seededDatabase(), await createTestDatabase()];
  t.teardown(async () => {
    await seeded.drop();
    await empty.drop();
  });
  const facts = await realProbes.postgres(seeded.url, never);
  t.match(facts, { mayCreate: true, schemaFault: undefined, login: { ownsTables: true, lacks: [] } });
  t.same(facts.unforced, []);
  t.ok(facts.versionNumber >= 150_000, `version ${facts.versionNumber}`);
  t.ok(Math.abs(facts.skewMs) < 1000, 'the same machine has one clock');
  t.match(await realProbes.postgres(empty.url, never), { schemaFault: /lacks Migration/ });
});

void t.test('a user who may not create tables is told so', async (t) => {
  const database = await seededDatabase();
  const role = `reader_${Date.now()}`;
  const owner = new Pool({ connectionString: database.url, max: 1 });
  t.teardown(async () => {
    await owner.query(`drop owned by ${role}; drop role ${role}`);
    await owner.end();
    await database.drop();
  });
  await owner.query(`create role ${role} login password 'reader'`);
  await owner.query(`grant select on all tables in schema public to ${role}`);
  const reader = new URL(database.url);
  reader.username = role;
  reader.password = 'reader';
  const lacks = ['callfabric_daemon', 'callfabric_api'];
  t.match(await realProbes.postgres(reader.href, never), {
    mayCreate: false,
    schemaFault: undefined,
    login: { name: role, superuser: false, ownsTables: false, lacks },
  });
});

void t.test(
  'a login of the daemon’s own lacks nothing; a table that lacks its guards is named',
  async (t) => {
    const database = await seededDatabase();
    const owner = new Pool({ connectionString: database.url, max: 1 });
    t.teardown(async () => {
      await owner.end();
      await database.drop();
    });
    const plain = await plainLogin(database.url);
    t.match(await realProbes.postgres(plain, never), {
      mayCreate: false,
      schemaFault: undefined,
      login: { superuser: false, ownsTables: false, lacks: [] },
    });
    await owner.query('alter table cdr_default no force row level security');
    await owner.query('alter table session disable row level security');
    t.same((await realProbes.postgres(plain, never)).unforced, ['cdr_default', 'session']);
    await owner.query("delete from mikro_orm_migrations where name like '%first_call'");
    t.match(await realProbes.postgres(plain, never), { schemaFault: /lacks Migration/ });
  },
);

void t.test('a PostgreSQL that cannot be asked is told without its password', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const wrong = new URL(database.url);
  wrong.password = 'hunter2';
  await t.rejects(realProbes.postgres(wrong.href, never), { message: /refuses this user or password/ });
  await t.rejects(realProbes.postgres('postgres://callfabric:hunter2@127.0.0.1:1/x', never), {
    message: /No PostgreSQL listens at callfabric@127\.0\.0\.1:1/,
  });
});

void t.test('a Redis tells version, role and that it keeps nothing', async (t) => {
  const redis = await startRedis({ own: true });
  t.teardown(() => redis.stop());
  const facts = await realProbes.redis(redis.url, never);
  t.match(facts, { version: /^\d+\.\d+\.\d+$/, role: 'master', appendOnly: false, snapshots: false });
  t.equal(facts.evictionPolicy, undefined);
  await t.rejects(realProbes.redis('redis://127.0.0.1:1', never), /ECONNREFUSED/);
});

void t.test('a Redis that keeps what it has, and one that throws it away', async (t) => {
  const redis = await startRedis({ own: true });
  t.teardown(() => redis.stop());
  const client = createClient({ url: redis.url });
  await client.connect();
  await client.configSet({ appendonly: 'yes', maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
  await client.close();
  t.match(await realProbes.redis(redis.url, never), { appendOnly: true, evictionPolicy: 'allkeys-lru' });
});

void t.test('a folder is there, or not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const facts = await realProbes.folder(folder);
  t.match(facts, { exists: true, writable: true });
  t.ok(facts.freeBytes > 0);
  t.same(await realProbes.folder(join(folder, 'none')), { exists: false, writable: false, freeBytes: 0 });
});
