import { once } from 'node:events';
import { Client } from 'pg';
import t from 'tap';
import { knownMigrations, whileMigrating } from '../../orm/migrate.ts';
import { emptyDatabase } from '../integration/empty-database.ts';
import { until } from '../until.ts';
import { run, start } from './package-script.ts';

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

void t.test(
  'the seed may run twice; a name that another took is said; production gets no test data',
  async (t) => {
    const { url, client } = await emptyDatabase(t);
    const env = { DATABASE_URL: url };
    await run('db:migrate', [], env);
    t.match(await run('db:seed', [], { ...env, NODE_ENV: 'production' }), { code: 0, out: /no test data/ });
    t.equal((await client.query('select from tenant')).rowCount, 0);

    // The other one's row is not to be seen until it is committed: the seed waits for it, and finds the name taken.
    const other = new Client({ connectionString: url });
    await other.connect();
    t.teardown(() => other.end());
    await other.query('begin');
    await other.query(
      "insert into tenant (id, slug, name) values (gen_random_uuid(), 'test-org', 'Another')",
    );
    const seeding = run('db:seed', [], env);
    await until(
      'the seed to wait',
      async () =>
        (
          await client.query(
            "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
          )
        ).rowCount === 1,
      60_000,
    );
    await other.query('commit');
    t.match(await seeding, {
      code: 1,
      err: /^A row of that name is already there in .* \(tenant: Key \(slug\)=\(test-org\) already exists\): rename or remove it, then try again\.\n$/,
    });
    t.equal((await client.query('select from publisher')).rowCount, 0, 'all or nothing');

    t.match(await run('db:seed', [], env), { code: 0, out: /test-org/ });
    t.match(await run('db:seed', [], env), { code: 0, out: /test-org/ });
    t.equal((await client.query('select from publisher')).rowCount, 1);

    await client.query("insert into tenant (id, slug, name) values (gen_random_uuid(), 'mine', 'Mine')");
    await client.query('delete from user_account');
    t.match(await run('db:seed', [], env), {
      code: 1,
      err: /^Nothing was done: .* has the tenant mine, and the test data brings an admin whose password is known/,
    });
    t.equal((await client.query('select from user_account')).rowCount, 0);
    t.match(await run('db:seed', ['--yes'], env), { code: 0, out: /test-org/ });
    t.equal((await client.query('select from user_account')).rowCount, 1);
  },
);

void t.test('the reset asks, or wants --yes; it refuses production', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const env = { DATABASE_URL: url };
  await run('db:migrate', [], env);
  await client.query("insert into tenant (id, slug, name) values (gen_random_uuid(), 'mine', 'Mine')");
  const reset = await run('db:migrate:reset', [], env);
  t.match(reset, { code: 64, err: /^Nothing was done: every row of .* -- --yes\n$/ }, 'nobody to ask');
  const production = await run('db:migrate:reset', ['--yes'], { ...env, NODE_ENV: 'production' });
  t.match(production, { code: 1, err: /^Nothing was done: NODE_ENV is production/ });
  t.equal((await client.query('select from tenant')).rowCount, 1);
  const done = await run('db:migrate:reset', ['--yes'], env);
  t.match(done, { code: 0, out: /^dropped \d+ tables of [\s\S]*^applied Migration/m });
  t.equal((await client.query('select from tenant')).rowCount, 0);
});

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
