import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client } from 'pg';
import t, { type Test } from 'tap';
import { newId } from '../../daemon/telephony/ids.ts';
import { createTestDatabase } from '../../ops/dev-services/test-database.ts';
import { knownMigrations, whileMigrating } from '../../orm/migrate.ts';
import { until } from '../until.ts';

const root = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
type Env = Readonly<Record<string, string>>;

/** Starts a script of package.json; without npm, which takes longer than all it starts. */
function start(
  script: string,
  args: readonly string[],
  env: Env,
): { child: ChildProcess; out: () => string; err: () => string } {
  const [program, ...words] = (scripts[script] ?? `no script ${script}`).split(' ');
  if (program !== 'node') throw new Error(`${script} does not start with node`);
  const child = spawn(process.execPath, [...words, ...args], {
    cwd: root,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return { child, out: () => out, err: () => err };
}

async function run(script: string, args: readonly string[], env: Env) {
  const { child, out, err } = start(script, args, env);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: out(), err: err() };
}

async function emptyDatabase(t: Test): Promise<{ url: string; client: Client }> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  t.teardown(async () => {
    await client.end();
    await database.drop();
  });
  return { url: database.url, client };
}

const withDatabase = {
  'db:migrate': [],
  'db:migrate:deploy': [],
  'db:migrate:reset': ['--yes'],
  'db:seed': [],
  'db:studio': ['--no-open'],
} as const;

void t.test('each command says what is wrong with the database, and ends with its code', async (t) => {
  const { url } = await emptyDatabase(t);
  const wrong = new URL(url);
  wrong.password = 'hunter2';
  for (const [script, args] of Object.entries(withDatabase)) {
    t.match(
      await run(script, args, {}),
      { code: 78, out: '', err: /^DATABASE_URL is not set: set it as / },
      script,
    );
    const away = await run(script, args, {
      DATABASE_URL: 'postgres://callfabric:hunter2@127.0.0.1:1/callfabric',
    });
    t.match(
      away,
      { code: 1, out: '', err: /^No PostgreSQL listens at callfabric@127\.0\.0\.1:1\/callfabric: start it/ },
      script,
    );
    const refused = await run(script, args, { DATABASE_URL: wrong.href });
    t.match(
      refused,
      { code: 1, out: '', err: /refuses this user or password: correct DATABASE_URL/ },
      script,
    );
    t.notMatch(away.err + refused.err, /hunter2| at .*\.ts:/, 'no password, no stack');
  }
});

void t.test('without the privilege to create, each that migrates says who must grant what', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const role = `limited_${newId().replaceAll('-', '')}`;
  await client.query(`create role ${role} login password 'secret-word'`);
  t.teardown(() => client.query(`drop owned by ${role}; drop role ${role}`));
  const limited = new URL(url);
  [limited.username, limited.password] = [role, 'secret-word'];
  for (const script of ['db:migrate', 'db:migrate:deploy', 'db:migrate:reset'] as const) {
    const { code, err } = await run(script, withDatabase[script], { DATABASE_URL: limited.href });
    t.equal(code, 1, script);
    t.match(err, `as the database's owner run GRANT CREATE, USAGE ON SCHEMA public TO "${role}"`);
  }
});

void t.test('two deployments at once: one applies, the other waits and finds nothing', async (t) => {
  const { url } = await emptyDatabase(t);
  const env = { DATABASE_URL: url };
  const [one, other] = [start('db:migrate:deploy', [], env), start('db:migrate:deploy', [], env)];
  // Both are there before either may begin, so that one has to wait.
  await whileMigrating(url, {}, () =>
    until(
      'both to wait',
      () => [one, other].every(({ out }) => out().includes('waiting: another process is migrating\n')),
      60_000,
    ),
  );
  const codes = await Promise.all(
    [one, other].map(async ({ child }) => (await once(child, 'close'))[0] as unknown),
  );
  t.same(codes, [0, 0]);
  const applied = knownMigrations()
    .map((name) => `applied ${name}\n`)
    .join('');
  const waited = 'waiting: another process is migrating\n';
  t.same([one.out(), other.out()].sort(), [`${waited}The schema is up to date.\n`, `${waited}${applied}`]);

  await whileMigrating(url, {}, async () => {
    t.match(await run('db:migrate:deploy', ['--wait', '0'], env), {
      code: 1,
      err: /^Another process is migrating/,
    });
  });
  t.match(await run('db:migrate:deploy', ['--wait', 'long'], env), {
    code: 64,
    err: /takes seconds, not long/,
  });
});

void t.test('a schema that is not this code’s is told apart: newer, or older', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const env = { DATABASE_URL: url };
  for (const script of ['db:seed', 'db:studio'] as const)
    t.match(await run(script, withDatabase[script], env), {
      code: 1,
      err: /lacks Migration.*: run `callfabric migrate`/,
    });
  t.match(await run('db:migrate', [], env), { code: 0, out: /^applied Migration/ });
  await client.query("insert into mikro_orm_migrations (name) values ('Migration29990101000000_later')");
  for (const script of ['db:migrate', 'db:migrate:deploy', 'db:seed', 'db:studio'] as const)
    t.match(
      await run(script, withDatabase[script], env),
      {
        code: 1,
        err: /is newer than this code: it has Migration29990101000000_later\. Run the release that made it/,
      },
      script,
    );
});

void t.test(
  'the seed may run twice; in production it leaves no test data; a name taken is said',
  async (t) => {
    const { url, client } = await emptyDatabase(t);
    const env = { DATABASE_URL: url };
    await run('db:migrate', [], env);
    t.match(await run('db:seed', [], { ...env, NODE_ENV: 'production' }), { code: 0, out: /no test data/ });
    t.equal((await client.query('select from tenant')).rowCount, 0);
    await client.query(`
    with t as (insert into tenant (id, slug, name) values (gen_random_uuid(), 'another', 'Another') returning id)
    insert into phone_number (id, tenant_id, e164) select gen_random_uuid(), id, '+15551234567' from t`);
    const taken = await run('db:seed', [], env);
    t.match(taken, {
      code: 1,
      err: /^A row of that name is already there in .* \(phone_number: Key \(e164\)=\(\+15551234567\) already exists\): rename or remove it, then try again\.\n$/,
    });
    t.equal((await client.query("select from tenant where slug = 'test-org'")).rowCount, 0, 'all or nothing');
    await client.query('delete from tenant');
    t.match(await run('db:seed', [], env), { code: 0, out: /test-org/ });
    t.match(await run('db:seed', [], env), { code: 0, out: /test-org/ });
    t.equal((await client.query('select from tenant')).rowCount, 1);

    const reset = await run('db:migrate:reset', [], env);
    t.match(reset, { code: 64, err: /^Nothing was done: every row of .* -- --yes\n$/ }, 'nobody to ask');
    const production = await run('db:migrate:reset', ['--yes'], { ...env, NODE_ENV: 'production' });
    t.match(production, { code: 1, err: /^Nothing was done: NODE_ENV is production/ });
    t.equal((await client.query('select from tenant')).rowCount, 1);
    t.match(await run('db:migrate:reset', ['--yes'], env), {
      code: 0,
      out: /^dropped \d+ tables of [\s\S]*^applied Migration/m,
    });
    t.equal((await client.query('select from tenant')).rowCount, 0);
  },
);

void t.test('the studio answers at the address that it prints, until it is told to end', async (t) => {
  const { url } = await emptyDatabase(t);
  await run('db:migrate', [], { DATABASE_URL: url });
  const { child, out } = start('db:studio', ['--no-open'], { DATABASE_URL: url });
  t.teardown(() => child.kill('SIGKILL'));
  await until('its address', () => /http:\S+\n/.test(out()), 60_000);
  const answer = await fetch(/http:\S+/.exec(out())?.[0] ?? '');
  t.equal(answer.status, 200);
  t.match(await answer.text(), '>tenant</a>');
  child.kill('SIGINT');
  t.same(await once(child, 'close'), [0, null]);
  t.match(await run('db:studio', ['--port', 'x'], { DATABASE_URL: url }), { code: 64 });
});

void t.test('a migration needs a name; an unknown option is told how it is used', async (t) => {
  t.match(await run('db:migrate:create', [], {}), { code: 64, err: /Say what the migration does/ });
  t.match(await run('db:migrate:create', ['nothing'], {}), { code: 0, out: /^Nothing to make/ });
  t.match(await run('db:migrate:reset', ['--force'], {}), { code: 64, err: /--force/ });
});
