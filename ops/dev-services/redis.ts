import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type DevService, dockerAnswers, startContainer } from './docker-engine.ts';
import { freePort, startTethered, waitForPort } from './tether.ts';

export interface RedisOptions {
  /** A server of one's own even where REDIS_URL is set: for tests that flush or kill it. */
  readonly own?: boolean;
  /** A fixed loopback port (local only): to come back where an earlier one was. */
  readonly port?: number;
  readonly log?: (message: string) => void;
}

/**
 * A Redis that keeps nothing on disk: REDIS_URL if set, else `redis-server` or `valkey-server` from PATH, else Docker,
 * else, as root on Debian, the package redis-server. It ends with this process in any case.
 *
 * @throws Error that says what to install when none of these is there.
 */
export async function startRedis(options: RedisOptions = {}): Promise<DevService> {
  const url = process.env['REDIS_URL'];
  if (options.own !== true && url !== undefined && url !== '') {
    return { url, source: 'environment', stop: async () => {} };
  }
  const found = programOnPath();
  if (found !== undefined) return local(found, options);
  if (await dockerAnswers()) {
    try {
      return await inDocker();
    } catch (error) {
      options.log?.(`docker could not run Redis: ${String(error)}`);
    }
  }
  const installed = installFromDebian(options.log);
  if (installed !== undefined) return local(installed, options);
  throw new Error(
    'no Redis found: install redis-server (or valkey-server) 7 or later, start Docker, or set REDIS_URL',
  );
}

/** A key prefix nobody else uses, so that tests may share one Redis. */
export function uniquePrefix(): string {
  return `cf-${randomBytes(6).toString('hex')}:`;
}

async function local(program: string, options: RedisOptions): Promise<DevService> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const home = mkdtempSync(join(tmpdir(), 'callfabric-redis-'));
    const settings = {
      port: String(port),
      bind: '127.0.0.1',
      dir: home,
      save: '',
      appendonly: 'no',
      'repl-diskless-sync': 'yes',
    };
    const server = startTethered({
      command: program,
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      signal: 'TERM',
      removeDirectory: home,
      logFile: join(home, 'redis.log'),
      user: undefined,
    });
    const stop = async () => {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    };
    try {
      await waitForPort(port, server, 10_000);
      return { url: `redis://127.0.0.1:${port}`, source: 'local', stop };
    } catch (error) {
      await stop();
      if (options.port !== undefined || attempt === 3) throw error;
    }
  }
}

async function inDocker(): Promise<DevService> {
  const container = await startContainer({
    image: 'redis:7-alpine',
    port: 6379,
    environment: {},
    command: ['redis-server', '--save', '', '--appendonly', 'no'],
    readyLine: /Ready to accept connections/,
    readyTimes: 1,
  });
  return {
    url: `redis://${container.host}:${container.port}`,
    source: 'docker',
    stop: () => container.stop(),
  };
}

function programOnPath(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  return folders
    .flatMap((folder) => [join(folder, 'redis-server'), join(folder, 'valkey-server')])
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function installFromDebian(log: RedisOptions['log']): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  log?.('no redis-server on PATH: installing the Debian package');
  // On a new machine its own updates may hold dpkg's lock. RUNLEVEL=1 keeps the package from starting a Redis of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const patient = ['-o', 'DPkg::Lock::Timeout=120'];
  spawnSync('apt-get', [...patient, 'update', '-q'], { env, timeout: 150_000 });
  spawnSync('apt-get', [...patient, 'install', '-y', '-q', '--no-install-recommends', 'redis-server'], {
    env,
    timeout: 300_000,
  });
  return programOnPath();
}
