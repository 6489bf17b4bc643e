import t from 'tap';
import { newId } from '../../daemon/telephony/ids.ts';
import { emptyDatabase } from '../integration/empty-database.ts';
import { plainLogin } from '../plain-login.ts';
import { run } from './package-script.ts';

/** The commands that need a database, with arguments that ask nothing of a person. */
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

void t.test('the daemon’s own login, which owns nothing, is told to leave it to the owner’s', async (t) => {
  const { url } = await emptyDatabase(t);
  t.match(await run('db:migrate', [], { DATABASE_URL: url }), { code: 0 });
  const env = { DATABASE_URL: await plainLogin(url) };
  for (const script of ['db:migrate', 'db:seed', 'db:studio'] as const) {
    const { code, out, err } = await run(script, withDatabase[script], env);
    t.same([code, out], [1, ''], script);
    t.match(
      err,
      /permission denied for table \w+\): run it with the login that owns the tables, in CALLFABRIC_MIGRATION_DATABASE_URL\.\n$/,
    );
    t.notMatch(err, 'GRANT');
  }
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

void t.test('with a login of their own, migrations and seeds do not use the daemon’s', async (t) => {
  const { url } = await emptyDatabase(t);
  const away = {
    DATABASE_URL: url,
    CALLFABRIC_MIGRATION_DATABASE_URL: 'postgres://owner@127.0.0.1:1/callfabric',
  };
  for (const [script, args] of Object.entries(withDatabase))
    t.match(
      await run(script, args, away),
      {
        code: 1,
        err: /^No PostgreSQL listens at owner@.* or correct CALLFABRIC_MIGRATION_DATABASE_URL\.\n$/,
      },
      script,
    );
  const env = {
    DATABASE_URL: 'postgres://callfabric@127.0.0.1:1/callfabric',
    CALLFABRIC_MIGRATION_DATABASE_URL: url,
  };
  t.match(await run('db:migrate', [], env), { code: 0, out: /^applied Migration/ });
  t.match(await run('db:seed', [], env), { code: 0, out: /^Seeded the test tenant/ });
  t.match(await run('db:migrate:reset', ['--yes'], env), { code: 0 });
});
