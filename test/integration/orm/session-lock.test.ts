import t, { type Test } from 'tap';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { holdingLock, sessionLocks } from '../../../orm/session-lock.ts';
import { emptyDatabase } from '../empty-database.ts';

const key = sessionLocks.migrations;

async function setup(t: Test) {
  const { url, client: other } = await emptyDatabase(t);
  const orm = openOrm(url, { as: 'login' });
  t.teardown(() => closeOrm(orm));
  const isFree = async (): Promise<boolean> => {
    const { rows } = await other.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [key]);
    await other.query('select pg_advisory_unlock_all()');
    return rows[0]?.free === true;
  };
  return { pool: await poolOf(orm), other, isFree };
}

void t.test('whoever comes right after finds it free, each time', async (t) => {
  const { pool, isFree } = await setup(t);
  const free: boolean[] = [];
  for (let round = 0; round < 50; round += 1) {
    await holdingLock(pool, key, async () => {
      if (round === 0) t.equal(await isFree(), false, 'it is held meanwhile');
    });
    free.push(await isFree());
  }
  t.equal(free.filter(Boolean).length, 50);
  t.equal(pool.totalCount, 0, 'no connection is kept');
});

void t.test('work that fails, in a transaction or with its connection, leaves it free', async (t) => {
  const { pool, other, isFree } = await setup(t);
  const fails = holdingLock(pool, key, async (client) => {
    await client.query('begin');
    await client.query('select 1 / 0');
  });
  await t.rejects(fails, { code: '22012' });
  t.equal(await isFree(), true);
  const breaks = holdingLock(pool, key, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await other.query('select pg_terminate_backend($1, 10000)', [rows[0]?.pid]);
    await client.query('select 1');
  });
  await t.rejects(breaks);
  t.equal(await isFree(), true);
});

void t.test('whoever finds it taken goes without, or waits if it will', async (t) => {
  const { pool, other } = await setup(t);
  await other.query('select pg_advisory_lock($1)', [key]);
  t.equal(await holdingLock(pool, key, async () => 'done'), undefined);
  const order: string[] = [];
  const waits = await holdingLock(
    pool,
    key,
    async () => order.push('work'),
    async (client) => {
      order.push('taken');
      await other.query('select pg_advisory_unlock($1)', [key]);
      await client.query('select pg_advisory_lock($1)', [key]);
    },
  );
  t.equal(waits, 2);
  t.same(order, ['taken', 'work']);
});
