import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import t from 'tap';
import { startRedis } from '../../ops/dev-services/redis.ts';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { knownMigrations } from '../../orm/migrate.ts';
import { stoppablePostgres } from '../integration/records/stoppable-postgres.ts';
import { until } from '../until.ts';
import { flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';
import { openRedis } from './open-redis.ts';

const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 20 },
  talks: { kind: 'answer', answerAfterMs: 20, talkMs: 200 },
};

void t.test('PostgreSQL goes away in the middle of calls', async (t) => {
  const postgres = await stoppablePostgres();
  t.teardown(() => postgres.end());
  const house = await openHouse(t, { simulator: { callees }, databaseUrl: postgres.url });
  const sell = flowOf([['sell', 'buyer']]);
  const { did } = await house.flow(sell, { buyers: [{ name: 'stays' }] });
  const { did: never } = await house.flow(sell, { buyers: [{ name: 'stays' }] });
  const daemon = await house.startDaemon();
  const live = house.call(did);
  await until('a conversation', () => live.leg.phase === 'bridged');

  await postgres.stop();
  const known = house.call(did);
  await until('a known number to be connected all the same', () => known.leg.phase === 'bridged');
  const stranger = house.call(never);
  t.equal(
    (await stranger.ended).cause,
    'NORMAL_TEMPORARY_FAILURE',
    'a number never seen: 503, the carrier goes on',
  );
  t.equal(live.leg.phase, 'bridged', 'the conversation went on');
  live.hangUp();
  known.hangUp();
  await until('the calls to be over', () => daemon.liveCalls === 0);
  await until(
    'both records to be kept on disk',
    // Of a buyer's leg mod_json_cdr's word may be kept beside its call's record.
    async () => ((await house.metrics()).get('spool_records') ?? 0) >= 2,
  );
  await until(
    'it to say that it is not ready',
    async () => (await house.api('/health/ready')).status === 503,
  );
  t.equal((await house.api('/health/live')).status, 200);

  await postgres.start();
  for (const call of [live, known]) {
    const row = await house.calls.row(call.uuid);
    t.match(row, { outcome: 'connected', source: 'session' });
    t.equal(row.cdrs.length, 2);
    t.ok(
      row.cdrs.every(({ source }) => source === 'event' || source === 'json_cdr'),
      'by the switch’s word',
    );
  }
  await until('a new number to be routed again', async () => {
    const call = house.call(never, { script: { talkMs: 50 } });
    return (await call.ended).answered;
  });
  // FreeSWITCH kept its word of the one that was refused: nobody could tell then whose it was.
  const kept = join(house.folder, 'cdr');
  for (const name of readdirSync(kept))
    t.equal(await house.postCdr(readFileSync(join(kept, name), 'utf8')), 204, name);
  const refused = await house.calls.row(stranger.uuid, () => true);
  t.match(refused, { outcome: 'refused', refusal: 'database_unavailable', did: never, source: 'switch' });
  t.equal(refused.cdrs.length, 1);
  await house.leaks(t);
});

void t.test(
  'a daemon that starts without PostgreSQL is ready once the database is of its release',
  async (t) => {
    const postgres = await stoppablePostgres();
    t.teardown(() => postgres.end());
    const house = await openHouse(t, { simulator: { callees }, databaseUrl: postgres.url });
    const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'talks' }] });
    const named = async (of: string, name: string): Promise<void> => {
      const client = new Client({ connectionString: postgres.url });
      await client.connect();
      await client.query('update mikro_orm_migrations set name = $2 where name = $1', [of, name]);
      await client.end();
    };
    const [first = ''] = knownMigrations();
    await named(first, 'Migration_of_tomorrow');
    await postgres.stop();
    const { log } = await house.spawnDaemon();
    const said = (what: RegExp): boolean => log.some(({ msg }) => what.test(String(msg)));
    t.equal((await house.api('/health/ready')).status, 503);
    await postgres.start();
    t.equal((await house.api('/health/ready')).status, 503, 'it is back, and not its own');
    await until('the log to say so', () => said(/the database is not of this release/));
    await named('Migration_of_tomorrow', first);
    await house.ready();
    await until('the log to say so', () => said(/its schema is ours/));
    const call = house.call(did);
    t.ok((await call.ended).answered);
    t.equal((await house.calls.row(call.uuid)).outcome, 'connected');
    await house.leaks(t);
  },
);

void t.test('records outlive their daemon while PostgreSQL is away', async (t) => {
  const postgres = await stoppablePostgres();
  t.teardown(() => postgres.end());
  const house = await openHouse(t, { simulator: { callees }, databaseUrl: postgres.url });
  const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'talks' }] });
  const first = await house.spawnDaemon();
  const before = house.call(did);
  await before.ended;
  await house.calls.row(before.uuid);
  await postgres.stop();
  const call = house.call(did);
  t.ok((await call.ended).answered);
  await until(
    'the record to be kept on disk',
    async () => ((await house.metrics()).get('spool_bytes') ?? 0) > 0,
  );
  first.child.kill('SIGKILL');
  await first.exited;
  await postgres.start();
  await house.startDaemon();
  t.equal((await house.calls.row(call.uuid)).outcome, 'connected');
  await house.leaks(t);
});

void t.test('Redis goes away in the middle of calls', async (t) => {
  for (const policy of ['refuse', 'admit'] as const)
    await t.test(`new calls: ${policy}`, async (t) => {
      const redis = await startRedis({ own: true });
      t.teardown(() => redis.stop());
      await openRedis(redis.url);
      const house = await openHouse(t, {
        simulator: { callees },
        settings: { REDIS_URL: redis.url, CALLFABRIC_CAPS_WHEN_UNAVAILABLE: policy },
      });
      const { did } = await house.flow(
        flowOf(
          [
            ['line', 'queue'],
            ['sell', 'buyer'],
          ],
          ['line ready sell'],
        ),
        { buyers: [{ name: 'stays', maxCalls: 5 }] },
      );
      const { did: news } = await house.flow(flowOf([['hello', 'answer']]));
      const daemon = await house.startDaemon();
      const live = house.call(did);
      await until('a conversation', () => live.leg.phase === 'bridged');
      await redis.stop();
      const next = house.call(did);
      if (policy === 'admit') {
        await until('the next caller to be connected without caps', () => next.leg.phase === 'bridged');
        t.ok((await house.call(news).ended).answered);
      } else {
        const end = await next.ended;
        t.match(end, { cause: 'NORMAL_TEMPORARY_FAILURE', answered: false }, '503: the carrier goes on');
        t.match(await house.calls.row(next.uuid), { outcome: 'refused', refusal: 'caps_unavailable' });
      }
      t.equal(live.leg.phase, 'bridged', 'the conversation went on');
      live.hangUp();
      next.hangUp();
      t.equal((await house.calls.row(live.uuid)).outcome, 'connected');
      await until('the calls to be over', () => daemon.liveCalls === 0);

      const again = await startRedis({ own: true, port: Number(new URL(redis.url).port) });
      t.teardown(() => again.stop());
      await until('Redis to be used again', async () => (await house.api('/health/ready')).status === 200);
      await until('a caller to be admitted again', async () => (await house.call(news).ended).answered);
      await house.leaks(t);
    });
});
