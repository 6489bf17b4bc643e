import t from 'tap';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { knownMigrations, migrate, whileMigrating } from '../../../orm/migrate.ts';
import { emptyDatabase } from '../empty-database.ts';

void t.test('the second of two says that it waits, and then finds nothing to do', async (t) => {
  const { url } = await emptyDatabase(t);
  const waits = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string[]>();
  await whileMigrating(url, {}, async () => {
    migrate(url, { onWait: waits.resolve }).then(second.resolve, second.reject);
    t.equal(await waits.promise, 'another process is migrating');
  });
  t.same(await second.promise, knownMigrations());
  t.same(await migrate(url), []);
});

void t.test('it waits for the other one no longer than it was told', async (t) => {
  const { url } = await emptyDatabase(t);
  await whileMigrating(url, {}, async () => {
    await t.rejects(migrate(url, { lockTimeoutMs: 20 }), {
      kind: 'timeout',
      message: /Another process is migrating .* look for it in pg_stat_activity/,
    });
  });
  t.same(await migrate(url), knownMigrations(), 'nothing is left locked');
});

void t.test('a table in use: it steps back and tries again, and nothing is half done', async (t) => {
  const { url, client } = await emptyDatabase(t);
  const [first = '', ...rest] = knownMigrations();
  const orm = openOrm(url, { as: 'login' });
  await orm.migrator.up({ to: first });
  await closeOrm(orm);
  await client.query('begin; select from call_leg'); // a long report, say
  await t.rejects(migrate(url, { lockTimeoutMs: 20 }), {
    kind: 'timeout',
    message: /A table of .* is in use and could not be changed in time/,
  });
  const reasons: string[] = [];
  const onWait = (reason: string): void => {
    reasons.push(reason);
    void client.query('rollback');
  };
  t.same(await migrate(url, { onWait }), rest);
  t.same(reasons, ['a table is in use']);
});
