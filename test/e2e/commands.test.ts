import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import t, { type Test } from 'tap';
import { createTestDatabase } from '../../ops/dev-services/test-database.ts';
import { until } from '../until.ts';
import { openHouse } from './house.ts';

const root = resolve(import.meta.dirname, '../..');
const command = resolve(root, 'daemon/callfabric.js');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function callfabric(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  const child = spawn(process.execPath, [command, ...args], { env: { ...env } });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

void t.test('an unknown command, or none, is told how it is used', async (t) => {
  for (const [args, complaint] of [
    [['dance'], 'There is no command dance.'],
    [[], 'Which command?'],
  ] as const) {
    const { code, err } = await callfabric(args, {});
    t.equal(code, 64);
    t.match(err, complaint);
    t.match(err, /start[\s\S]+migrate[\s\S]+seed[\s\S]+doctor/);
  }
});

void t.test('migrate, seed and doctor on a new database', async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  const env = { DATABASE_URL: database.url };

  t.match(await callfabric(['migrate'], env), { code: 0, out: /^applied Migration/m });
  t.match(await callfabric(['migrate'], env), { code: 0, out: 'The schema is up to date.\n' });
  t.match(await callfabric(['seed'], env), { code: 0, out: /test-org/ });
  t.match(await callfabric(['seed'], env), { code: 0 }, 'a second time changes nothing');
  t.match(await callfabric(['migrate'], {}), { code: 78, err: /DATABASE_URL is not set/ });
  const away = { DATABASE_URL: 'postgres://callfabric:hunter2@127.0.0.1:1/callfabric' };
  const refused = await callfabric(['migrate'], away);
  t.match(refused, { code: 1, err: /No PostgreSQL listens/ });
  t.notMatch(refused.err, /hunter2/);

  t.match(await callfabric(['doctor'], {}), { code: 78, err: /^- DATABASE_URL is not set/m });
  const seen = await callfabric(['doctor'], {
    ...env,
    REDIS_URL: process.env['REDIS_URL'] ?? '',
    CALLFABRIC_API_KEY: 'commands-0123456789abcdef',
    CALLFABRIC_FREESWITCH: 'nobody=127.0.0.1:1',
    CALLFABRIC_FREESWITCH_PASSWORD: 'its-own',
    CALLFABRIC_RECORDINGS_DIR: t.testdir(),
    CALLFABRIC_SPOOL_DIR: '/nowhere/at/all',
  });
  t.equal(seen.code, 1, 'a fault is an exit code');
  t.match(seen.out, /^ok {4} PostgreSQL schema: all migrations are applied$/m);
  t.match(seen.out, /^ok {4} Redis version: /m);
  t.match(seen.out, /^FAULT {2}FreeSWITCH nobody: nothing listens at 127\.0\.0\.1:1: start FreeSWITCH/m);
  t.match(seen.out, /^FAULT {2}Spool folder: \/nowhere\/at\/all does not exist\n {9}make it/m);
  t.match(seen.out, /\n2 faults\n$/);
});

/** A command of package.json, in a process group of its own: npm does not always pass a signal on. */
function npmRun(t: Test, script: string, env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn('npm', ['run', script], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended, all of it.
    }
  });
  return child;
}

for (const script of ['dev', 'start'])
  void t.test(`npm run ${script} takes calls, and ends when it is told`, async (t) => {
    const house = await openHouse(t);
    const child = npmRun(t, script, { ...house.environment(), CALLFABRIC_LOG_LEVEL: 'info' });
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    await until('it to be started', () => out.includes('callfabric started'), 60_000);
    const call = house.call('+15551234567', { script: { hangUp: { phase: 'collecting', delayMs: 50 } } });
    t.match(
      await house.calls.row(call.uuid),
      { did: '+15551234567', outcome: 'abandoned' },
      'the seeded flow',
    );
    process.kill(-(child.pid ?? 0), 'SIGINT'); // Ctrl-C goes to all of them
    await once(child, 'exit');
    await until('the daemon to be gone', async () => {
      const answered = await house.api('/health/live').then(
        () => true,
        () => false,
      );
      return !answered;
    });
    await house.leaks(t);
  });
