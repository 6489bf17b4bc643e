/**
 * `npm run demo`: PostgreSQL, Redis, migrations, seed, the daemon, and a simulated switch that places calls of several
 * kinds at about two a second. `--calls N` ends after N calls with a summary read back from PostgreSQL.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../daemon/config.ts';
import { Daemon } from '../../daemon/daemon.ts';
import { createLog } from '../../daemon/log.ts';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { migrate } from '../../orm/migrate.ts';
import { seed } from '../../orm/seed.ts';
import { startPostgres } from '../dev-services/postgres.ts';
import { startRedis } from '../dev-services/redis.ts';
import { freePort } from '../dev-services/tether.ts';
import type { SimulatedCall } from '../switch-simulator/simulated-call.ts';
import { SwitchSimulator } from '../switch-simulator/simulator.ts';
import { AddedNumbers } from './added-numbers.ts';
import { callees, callerOf, kinds } from './callers.ts';
import { demoDids, seedDemo, seededDids } from './demo-seed.ts';
import { LiveTable } from './live-table.ts';
import { outcomesOf, summarise } from './summary.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string' },
    rate: { type: 'string', default: '2' },
    log: { type: 'string', default: 'silent' },
  },
});
const calls = values.calls === undefined ? Infinity : Number(values.calls);
const rate = Number(values.rate);
if (!(calls > 0) || !(rate > 0 && rate <= 200)) {
  process.stderr.write(
    'usage: npm run demo -- [--calls <number>] [--rate <calls a second, up to 200>] [--log info]\n',
  );
  process.exit(64);
}

const undoing: (() => unknown)[] = [];
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (ending.signal.aborted) process.exit(1);
    ending.abort();
  });

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Over at once where the demo is ending already. */
function pause(ms: number): Promise<void> {
  if (ending.signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      ending.signal.removeEventListener('abort', done);
      resolve();
    }
    ending.signal.addEventListener('abort', done);
  });
}

/** Ctrl-C is how the endless demo ends; where calls were to be counted it must not pass for their success. */
function interrupted(): number {
  if (calls === Infinity) return 0;
  say('Interrupted: the calls were not checked.');
  return 128 + 2; // as a shell says it of SIGINT
}

/** Until the daemon has reached all it needs: a call before that is refused. */
async function ready(api: string): Promise<void> {
  while (!ending.signal.aborted && !(await fetch(`${api}/health/ready`)).ok) await pause(100);
}

async function run(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'callfabric-demo-'));
  undoing.push(() => rm(folder, { recursive: true, force: true }));
  say('Starting PostgreSQL and Redis …');
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  undoing.push(() => postgres.stop());
  undoing.push(() => redis.stop());
  if (ending.signal.aborted) return interrupted();
  say('Applying migrations and the seed …');
  await migrate(postgres.url);
  await seed(postgres.url, { production: false }, seedDemo);

  const socketPort = await freePort();
  const apiPort = await freePort();
  const cdrSecret = randomBytes(18).toString('hex');
  // What the daemon cannot take just now (PostgreSQL answers late on a busy machine) it takes in from here.
  const cdrFolder = join(folder, 'cdr');
  await mkdir(cdrFolder);
  const simulator = new SwitchSimulator({
    daemons: [`127.0.0.1:${socketPort}`],
    password: 'simulated',
    callees,
    fileMs: 2500,
    jsonCdr: {
      url: `http://callfabric:${cdrSecret}@127.0.0.1:${apiPort}/freeswitch/cdr`,
      fallbackFolder: cdrFolder,
    },
  });
  await simulator.start();
  undoing.push(() => simulator.stop());

  const key = randomBytes(18).toString('hex');
  const loaded = loadConfig({
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    CALLFABRIC_SOCKET_PORT: String(socketPort),
    CALLFABRIC_FREESWITCH: `simulator=127.0.0.1:${simulator.inboundPort}`,
    CALLFABRIC_FREESWITCH_PASSWORD: 'simulated',
    CALLFABRIC_API_PORT: String(apiPort),
    CALLFABRIC_API_KEY: key,
    CALLFABRIC_CDR_SECRET: cdrSecret,
    CALLFABRIC_CDR_FALLBACK_DIR: cdrFolder,
    CALLFABRIC_RECORDINGS_DIR: join(folder, 'recordings'),
    CALLFABRIC_SPOOL_DIR: join(folder, 'spool'),
    CALLFABRIC_LEASE_SECONDS: '5',
    // A machine that shows this has other things to do.
    CALLFABRIC_CAPS_DEADLINE_MS: '2000',
    CALLFABRIC_ROUTE_DEADLINE_MS: '5000',
    CALLFABRIC_LOG_LEVEL: values.log,
  });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const daemon = new Daemon(loaded.config, createLog(loaded.config.log));
  undoing.push(() => daemon.stop(5_000));
  const { api } = await daemon.start();

  const table = new LiveTable(process.stdout);
  table.start(
    [
      '',
      `Admin API   ${api}/docs   key ${key}`,
      `  API=${api} KEY=${key}`,
      `  curl -H "authorization: Bearer $KEY" $API/calls`,
      calls === Infinity
        ? 'Numbers that you add are called too: see README. Ctrl-C ends the demo.'
        : `${calls} calls.`,
      '',
    ],
    () => daemon.registry.list(),
  );
  undoing.push(() => table.stop());
  const orm = openOrm(postgres.url, { applicationName: 'callfabric demo', maxConnections: 1 });
  undoing.push(() => closeOrm(orm));
  const tell = async (): Promise<void> => table.outcomes(await outcomesOf(orm, table.untold));
  const telling = setInterval(() => void tell().catch(() => {}), 500);
  undoing.push(() => clearInterval(telling));

  await ready(api);
  const placed: SimulatedCall[] = [];
  const place = (offer: (typeof kinds)[number]['offer']): SimulatedCall => {
    const call = simulator.call({ ...offer, ...callerOf(placed.length) });
    placed.push(call);
    return call;
  };
  if (calls === Infinity) {
    const added = new AddedNumbers(orm, [...seededDids, ...Object.values(demoDids)], place);
    added.start();
    undoing.push(() => added.stop());
  }
  while (placed.length < calls && !ending.signal.aborted) {
    const kind = kinds[placed.length % kinds.length];
    if (kind === undefined) break;
    place(kind.offer);
    await pause(1000 / rate);
  }
  // A call that does not end is a fault the summary names; a minute is longer than any of the demo's callers stays.
  await Promise.race([Promise.all(placed.map((call) => call.ended)), pause(60_000)]);
  if (ending.signal.aborted) {
    table.stop();
    say('\nEnding: live calls get 5 s, then everything is stopped.');
    return interrupted();
  }
  await daemon.stop(15_000);
  clearInterval(telling);
  table.look([]);
  await tell();
  table.stop();
  const { lines, faults } = await summarise(
    postgres.url,
    placed.map(({ uuid }) => uuid),
  );
  say(`\n${placed.length} calls were placed. PostgreSQL has:\n\n${lines.join('\n')}\n`);
  for (const fault of faults) say(`MISSING: ${fault}`);
  say(faults.length === 0 ? 'Every call has its records.' : `${faults.length} faults.`);
  return faults.length === 0 ? 0 : 1;
}

let code = 1;
try {
  code = await run();
} catch (error) {
  process.stderr.write(
    `The demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
} finally {
  for (const undo of undoing.reverse())
    await Promise.resolve()
      .then(undo)
      .catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
}
process.exit(code);
