import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { realProbes } from '../../../daemon/doctor-probes.ts';
import { startRedis } from '../../../ops/dev-services/redis.ts';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';
import { seededDatabase } from '../seeded-database.ts';

const never = new AbortController().signal;

void t.test('a migrated PostgreSQL is well, an empty one lacks its migrations', async (t) => {
  const [seeded, empty] = [await seededDatabase(), await createTestDatabase()];
  t.teardown(async () => {
    await seeded.drop();
    await empty.drop();
  });
  const facts = await realProbes.postgres(seeded.url, never);
  t.match(facts, { mayCreate: true, schemaFault: undefined });
  t.ok(facts.versionNumber >= 150_000, `version ${facts.versionNumber}`);
  t.ok(Math.abs(facts.skewMs) < 1000, 'the same machine has one clock');
  t.match(await realProbes.postgres(empty.url, never), { schemaFault: /lacks Migration/ });
});

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

void t.test('a folder is there, or not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-doctor-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const facts = await realProbes.folder(folder);
  t.match(facts, { exists: true, writable: true });
  t.ok(facts.freeBytes > 0);
  t.same(await realProbes.folder(join(folder, 'none')), { exists: false, writable: false, freeBytes: 0 });
});
