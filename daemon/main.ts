import { flushCompileCache } from 'node:module';
import { loadConfig, ownersDatabaseSetting, ownersDatabaseUrl } from './config.ts';
import { createLog } from './log.ts';
import { SystemdNotifier } from './sd-notify.ts';

/** sysexits.h: the configuration is wrong; systemd does not restart for it (RestartPreventExitStatus). */
const exitConfig = 78;

const usage = `callfabric <command>

  start           runs the daemon
  migrate         applies the database migrations that are missing; the first brings the roles that people are given
  migrate:deploy  the same for a deployment: waits up to 10 minutes (--wait <seconds>) for another one's and for tables
  seed            adds a test tenant whose password is known, on a machine of your own (not with NODE_ENV=production)
  doctor          checks this machine, PostgreSQL, Redis and every FreeSWITCH, and says what to do

Settings come from the environment: see ops/callfabric.env.example.
`;

function complain(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

async function start(): Promise<number> {
  const loaded = loadConfig();
  if (!loaded.ok) {
    complain([
      'callfabric cannot start: its settings are wrong.',
      ...loaded.faults.map((fault) => `- ${fault}`),
    ]);
    return exitConfig;
  }
  const { config } = loaded;
  const log = createLog(config.log);
  const { Daemon } = await import('./daemon.ts');
  const daemon = new Daemon(config, log);
  const systemd = new SystemdNotifier(config.systemd, log);
  const stopped = Promise.withResolvers<number>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) {
      log.warn({ signal, calls: daemon.liveCalls }, 'ended at once: a second signal came');
      stopped.resolve(1);
      return;
    }
    log.info({ signal, calls: daemon.liveCalls }, 'stopping: no new calls are taken');
    void systemd.stopping(`waiting for ${daemon.liveCalls} calls`);
    daemon.stop(config.drainMs).then(
      () => stopped.resolve(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        stopped.resolve(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('unhandledRejection', (error) => {
    // A bug of ours in one call must not end the others; it is loud in the log and counted.
    log.error({ err: error }, 'a promise nobody waited for was rejected');
  });
  process.on('uncaughtException', (error) => {
    // What is broken now is unknown: calls go on in FreeSWITCH, and a fresh daemon takes them over.
    log.fatal({ err: error }, 'ended by a fault; FreeSWITCH hands the calls to the next daemon');
    process.exit(70);
  });
  try {
    const { socket, api } = await daemon.start();
    // What the start needed and nobody needs again: 36 of 176 MB, which V8 would keep. Takes about 80 ms.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await systemd.ready(`event socket ${socket.host}:${socket.port}, API ${api}`);
    // Node writes it at the end of the process only, which a killed daemon never reaches.
    flushCompileCache();
  } catch (error) {
    log.fatal({ err: error }, 'callfabric could not start');
    complain([error instanceof Error ? error.message : String(error)]);
    await daemon.stop(0).catch(() => {});
    return 1;
  }
  const code = await stopped.promise;
  systemd.stop();
  return code;
}

/** migrate and seed need the database alone. */
async function database(work: (url: string) => Promise<readonly string[]>): Promise<number> {
  const url = ownersDatabaseUrl();
  if (url === undefined) {
    complain(['DATABASE_URL is not set: set it as postgres://user:password@host:5432/callfabric']);
    return exitConfig;
  }
  try {
    for (const line of await work(url)) process.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    complain([error instanceof Error ? error.message : String(error)]);
    return 1;
  }
}

/** The value after `name` on the command line; empty where there is none after it. */
function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? '');
}

async function migrate(url: string, waitSeconds: number): Promise<string[]> {
  const { migrate: apply } = await import('../orm/migrate.ts');
  const onWait = (reason: string): boolean => process.stdout.write(`waiting: ${reason}\n`);
  const applied = await apply(url, {
    lockTimeoutMs: waitSeconds * 1000,
    onWait,
    setting: ownersDatabaseSetting(),
  });
  return applied.length === 0 ? ['The schema is up to date.'] : applied.map((name) => `applied ${name}`);
}

async function doctor(): Promise<number> {
  const loaded = loadConfig();
  if (!loaded.ok) {
    complain(['The settings are wrong:', ...loaded.faults.map((fault) => `- ${fault}`)]);
    return exitConfig;
  }
  const { doctor: examine, doctorText } = await import('./doctor.ts');
  const report = await examine(loaded.config);
  process.stdout.write(doctorText(report));
  return report.checks.every((check) => check.ok) ? 0 : 1;
}

async function run(command: string): Promise<number> {
  switch (command) {
    case 'start':
      return start();
    case 'migrate':
      return database((url) => migrate(url, 120));
    case 'migrate:deploy': {
      const wait = option('--wait', '600');
      if (!/^\d{1,5}$/.test(wait)) {
        complain([`--wait takes seconds, not ${wait === '' ? 'nothing' : wait}.`]);
        return 64;
      }
      return database((url) => migrate(url, Number(wait)));
    }
    case 'seed':
      return database(async (url) => {
        const { checkSchemaAt } = await import('../orm/migrate.ts');
        const { seed } = await import('../orm/seed.ts');
        const setting = ownersDatabaseSetting();
        await checkSchemaAt(url, setting);
        const production = process.env['NODE_ENV'] === 'production';
        await seed(url, { production, alone: !process.argv.includes('--yes'), setting });
        return [production ? 'Seeded for production: no test data.' : 'Seeded the test tenant test-org.'];
      });
    case 'doctor':
      return doctor();
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(usage);
      return 0;
    default:
      complain([command === '' ? 'Which command?' : `There is no command ${command}.`, usage]);
      return 64;
  }
}

process.exit(await run(process.argv[2] ?? ''));
