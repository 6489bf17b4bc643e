import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import t from 'tap';
import { startRedis, uniquePrefix } from '../../../ops/dev-services/redis.ts';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';

async function one(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const answer = await client.query<{ value: unknown }>(sql);
    return answer.rows[0]?.value;
  } finally {
    await client.end();
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

void t.test('two test databases do not see each other, and a dropped one is gone', async (t) => {
  const first = await createTestDatabase();
  const second = await createTestDatabase();
  t.teardown(() => second.drop());
  await one(first.url, 'create table mark (value int)');
  t.equal(await one(second.url, "select to_regclass('mark') is null as value"), true);
  t.equal(await one(second.url, 'select getdatabaseencoding() as value'), 'UTF8');
  await first.drop();
  await first.drop();
  await t.rejects(one(first.url, 'select 1 as value'));
});

void t.test('a template is prepared once and copied for each', async (t) => {
  let prepared = 0;
  const template = {
    name: `t${process.pid}`,
    prepare: async (url: string) => {
      prepared += 1;
      await one(url, 'create table seeded as select 42 as value');
    },
  };
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ template })));
  t.teardown(() => Promise.all(databases.map((database) => database.drop())));
  for (const database of databases) t.equal(await one(database.url, 'select value from seeded'), 42);
  t.equal(prepared, 1);
});

void t.test('a Redis of our own answers and is gone after stop, twice', async (t) => {
  const redis = await startRedis({ own: true });
  t.teardown(() => redis.stop());
  const port = Number(new URL(redis.url).port);
  t.ok(await accepts(port));
  await redis.stop();
  await redis.stop();
  if (redis.source === 'local') t.notOk(await accepts(port));
  t.not(uniquePrefix(), uniquePrefix());
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  void t.test(`a server does not outlive the process that started it: ${signal}`, async (t) => {
    const fixture = fileURLToPath(new URL('start-and-wait.ts', import.meta.url));
    const child = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line.toString('utf8').trim());
    t.ok(await accepts(port));
    child.kill(signal);
    await once(child, 'exit');
    const endAt = Date.now() + 20_000;
    while ((await accepts(port)) && Date.now() < endAt) await delay(25);
    t.notOk(await accepts(port));
  });
}
