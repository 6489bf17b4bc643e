import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { Client } from 'pg';
import t from 'tap';
import { until } from '../until.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const news = flowOf([['news', 'play', { prompt: file('news-20000ms.wav') }]]);
const main = resolve(import.meta.dirname, '../../daemon/main.ts');

void t.test('SIGTERM: no new calls, those that live are finished', async (t) => {
  const house = await openHouse(t);
  const { did } = await house.flow(news);
  const daemon = await house.spawnDaemon();
  const live = house.call(did);
  await until('a live call', () => live.leg.phase === 'playing');
  daemon.child.kill('SIGTERM');
  await until(
    'the daemon to say that it stops',
    async () => (await house.api('/health/ready')).status === 503,
  );
  const late = house.call(did);
  t.match(await late.ended, { answered: false }, 'a new call goes to the next daemon or back to the carrier');
  t.equal(live.leg.phase, 'playing', 'the live call goes on');
  t.equal(daemon.child.exitCode, null);
  live.hangUp();
  t.equal(await daemon.exited, 0);
  t.equal((await house.calls.row(live.uuid)).outcome, 'abandoned', 'written before the end');
  await house.leaks(t);
});

void t.test('a second signal ends it now; the call goes on at another daemon', async (t) => {
  const house = await openHouse(t, { daemons: 2 });
  const bye = ['bye', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }] as const;
  const { did } = await house.flow(
    flowOf([['news', 'play', { prompt: file('news-8000ms.wav') }], bye], ['news done bye']),
  );
  const first = await house.spawnDaemon(0);
  await house.startDaemon(1);
  const live = house.call(did);
  await until('a live call', () => live.leg.phase === 'playing');
  first.child.kill('SIGTERM');
  await until('the first signal to be heard', () =>
    first.log.some(({ msg }) => String(msg).startsWith('stopping')),
  );
  first.child.kill('SIGINT');
  t.equal(await first.exited, 1);
  t.equal((await live.ended).cause, 'NORMAL_UNSPECIFIED');
  t.match(await house.calls.row(live.uuid), { takeovers: 1, outcome: 'finished' });
  await house.leaks(t);
});

void t.test('the drain limit: what still lives is left to the next daemon', async (t) => {
  const house = await openHouse(t, { daemons: 2 });
  const { did } = await house.flow(news);
  const first = await house.spawnDaemon(0, { CALLFABRIC_DRAIN_SECONDS: '1' });
  await house.startDaemon(1);
  const live = house.call(did);
  await until('a live call', () => live.leg.phase === 'playing');
  first.child.kill('SIGTERM');
  t.equal(await first.exited, 0);
  t.notOk(live.leg.down, 'the caller is still there');
  live.hangUp();
  const row = await house.calls.row(live.uuid, () => true);
  t.equal(row.cdrs.length, 1);
  await house.leaks(t);
});

void t.test(
  'the drain limit: two who talk keep their places until the one that takes over ends it',
  async (t) => {
    const talker = { kind: 'answer', answerAfterMs: 20 } as const;
    const house = await openHouse(t, { daemons: 2, simulator: { callees: { talker } } });
    const { did, campaignId, buyerIds } = await house.flow(flowOf([['sell', 'buyer']]), {
      buyers: [{ name: 'talker', maxCalls: 1 }],
      maxCalls: 5,
    });
    const first = await house.spawnDaemon(0, { CALLFABRIC_DRAIN_SECONDS: '1' });
    const second = await house.startDaemon(1);
    const scopes = [`campaign:${campaignId}`, `buyer:${Object.values(buyerIds)[0]}`];
    const holders = () =>
      Promise.all(
        scopes.map(async (scope) => {
          const answer = await house.api(`/caps/${scope}/holders`, { daemon: 1 });
          return ((await answer.json()) as { holders: { daemonId: string }[] }).holders;
        }),
      );
    const live = house.call(did);
    await until('the call to be bridged', () => live.leg.phase === 'bridged');
    first.child.kill('SIGTERM');
    t.equal(await first.exited, 0);
    t.match(await holders(), [{ length: 1 }, { length: 1 }], 'the leases follow the call, not the daemon');
    await until('the other daemon to answer for them', async () =>
      (await holders()).every(([one]) => one?.daemonId === second.id),
    );
    t.equal(live.leg.phase, 'bridged', 'they were not disturbed');
    live.hangUp();
    await live.ended;
    await until('the places to be free', async () => (await holders()).every(({ length }) => length === 0));
    await house.leaks(t);
  },
);

function run(env: Record<string, string>): { child: ChildProcess; stderr: () => string } {
  const child = spawn(process.execPath, [main, 'start'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { child, stderr: () => stderr };
}

void t.test('wrong settings: all faults at once, exit code 78', async (t) => {
  const { child, stderr } = run({
    DATABASE_URL: 'mysql://nobody',
    CALLFABRIC_SOCKET_PORT: '99999',
    CALLFABRIC_API_KEY: 'short',
    CALLFABRIC_TYPO: '1',
  });
  const [code] = (await once(child, 'close')) as [number];
  t.equal(code, 78);
  for (const name of ['DATABASE_URL', 'CALLFABRIC_SOCKET_PORT', 'CALLFABRIC_API_KEY', 'CALLFABRIC_TYPO'])
    t.match(stderr(), new RegExp(`^- .*${name}`, 'm'));
  t.notMatch(stderr(), /short/, 'no secret is shown');
});

void t.test(
  'a login that may not work as the daemon: a sentence that says what to grant, and exit code 1',
  async (t) => {
    const house = await openHouse(t);
    const stranger = `stranger_${process.pid}`;
    const client = new Client({ connectionString: house.databaseUrl });
    await client.connect();
    await client.query(`create role ${stranger} login password 'stranger'`);
    t.teardown(async () => {
      await client.query(`drop role ${stranger}`);
      await client.end();
    });
    const url = new URL(house.databaseUrl);
    [url.username, url.password] = [stranger, 'stranger'];
    const { child, stderr } = run({ ...house.environment(), DATABASE_URL: url.href });
    const [code] = (await once(child, 'close')) as [number];
    t.equal(code, 1);
    t.match(stderr(), `run GRANT callfabric_daemon, callfabric_api TO "${stranger}";`);
  },
);

void t.test(
  'a second daemon on the same settings: a sentence that says what to do, and exit code 1',
  async (t) => {
    const house = await openHouse(t);
    await house.startDaemon();
    const address = { CALLFABRIC_SPOOL_DIR: `${house.folder}/another-spool` };
    for (const [settings, sentence] of [
      [{}, /give each daemon a folder of its own/],
      [address, /EADDRINUSE/],
    ] as const) {
      const { child, stderr } = run({ ...house.environment(), ...settings });
      const [code] = (await once(child, 'close')) as [number];
      t.equal(code, 1);
      t.match(stderr(), sentence);
    }
    await house.leaks(t);
  },
);
