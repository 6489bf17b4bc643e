import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../ops/dev-services/tether.ts';
import { pinned } from './cores.ts';
import { DaemonFigures } from './daemon-figures.ts';

const root = resolve(import.meta.dirname, '../..');
const key = 'bench-bench-bench-bench';

export interface DaemonProcessOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly socketPort: number;
  /** `host:port` and password of FreeSWITCH's event socket. */
  readonly freeswitch: string;
  readonly freeswitchPassword: string;
  readonly folder: string;
  /** Where a CPU profile is left when it stops. */
  readonly profile?: string;
  /** Undefined: wherever the system puts it. */
  readonly core?: number;
}

/** The daemon as in production: a process of its own, its diary going to a file. */
export interface DaemonProcess {
  figures(): Promise<DaemonFigures>;
  /** Resident memory, bytes. */
  residentBytes(): number;
  stop(): Promise<void>;
}

export async function startDaemon(options: DaemonProcessOptions): Promise<DaemonProcess> {
  const apiPort = await freePort();
  const diary = openSync(join(options.folder, 'daemon.log'), 'a');
  const flags =
    options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options.profile)}`];
  const args = [...flags, join(root, 'daemon/callfabric.js'), 'start'];
  const [command, words] =
    options.core === undefined ? [process.execPath, args] : pinned(options.core, process.execPath, args);
  const child = spawn(command, words, {
    cwd: root,
    stdio: ['ignore', diary, diary],
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: options.databaseUrl,
      REDIS_URL: options.redisUrl,
      CALLFABRIC_SOCKET_PORT: String(options.socketPort),
      CALLFABRIC_FREESWITCH: `bench=${options.freeswitch}`,
      CALLFABRIC_FREESWITCH_PASSWORD: options.freeswitchPassword,
      CALLFABRIC_API_PORT: String(apiPort),
      CALLFABRIC_API_KEY: key,
      CALLFABRIC_MAX_CALLS: '8000',
      CALLFABRIC_MAX_CALLS_PER_ADDRESS: '8000',
      CALLFABRIC_RECORDINGS_DIR: join(options.folder, 'recordings'),
      CALLFABRIC_SPOOL_DIR: join(options.folder, 'spool'),
    },
  });
  closeSync(diary);
  const exited = once(child, 'exit');
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const get = (path: string) =>
    fetch(`http://127.0.0.1:${apiPort}${path}`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(10_000),
    });
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await get('/health/ready').catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      kill();
      throw new Error(`the daemon did not start:\n${tail(join(options.folder, 'daemon.log'))}`);
    }
    await Promise.race([delay(50), exited]);
  }
  return {
    figures: async () => DaemonFigures.read(await (await get('/metrics')).text()),
    residentBytes: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024;
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const late = setTimeout(kill, 15_000);
        await exited;
        clearTimeout(late);
      }
      process.removeListener('exit', kill);
    },
  };
}

function tail(path: string): string {
  return readFileSync(path, 'utf8').split('\n').slice(-15).join('\n');
}
