import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Pool } from 'pg';
import type { Test } from 'tap';
import type { FlowGraph } from '../../daemon/flow/flow-graph.ts';
import { startRedis } from '../../ops/dev-services/redis.ts';
import { freePort } from '../../ops/dev-services/tether.ts';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { CallReader, type CallRow } from '../e2e/call-row.ts';
import { type FlowPlan, type PlannedFlow, planFlow } from '../e2e/flow-plan.ts';
import { openRedis } from '../e2e/open-redis.ts';
import { seededDatabase } from '../integration/seeded-database.ts';
import { until } from '../until.ts';
import { type RunningFreeSwitch, startFreeSwitch } from './freeswitch-process.ts';

const apiKey = 'live-key-0123456789abcdef';
const cdrSecret = 'live-cdr-0123456789abcdef';
const main = resolve(import.meta.dirname, '../../daemon/main.ts');

/** A daemon process; `kill` is SIGKILL. */
export interface LiveDaemon {
  readonly child: ChildProcess;
  log(): string;
  kill(): Promise<void>;
}

/** A real FreeSWITCH with the project's own configuration, PostgreSQL, Redis, and daemons as processes. */
export class WholeHouse {
  readonly freeswitch: RunningFreeSwitch;
  readonly calls: CallReader;
  readonly daemons: readonly LiveDaemon[];
  readonly apiPorts: readonly number[];
  readonly #databaseUrl: string;
  readonly #pool: Pool;

  constructor(parts: {
    freeswitch: RunningFreeSwitch;
    calls: CallReader;
    daemons: readonly LiveDaemon[];
    apiPorts: readonly number[];
    databaseUrl: string;
    pool: Pool;
  }) {
    this.freeswitch = parts.freeswitch;
    this.calls = parts.calls;
    this.daemons = parts.daemons;
    this.apiPorts = parts.apiPorts;
    this.#databaseUrl = parts.databaseUrl;
    this.#pool = parts.pool;
  }

  /** Publishes a flow for a new DID. */
  async flow(graph: FlowGraph, plan: FlowPlan = {}): Promise<PlannedFlow> {
    const orm = openOrm(this.#databaseUrl, { applicationName: 'callfabric live' });
    try {
      return await orm.em.fork().transactional((em) => planFlow(em, graph, plan));
    } finally {
      await closeOrm(orm);
    }
  }

  /** Waits for `count` calls to a DID to be written by the daemon that ran them (or of the switch's word), oldest first. */
  async written(
    did: string,
    count = 1,
    deadlineMs = 20_000,
    source: 'session' | 'switch' = 'session',
  ): Promise<CallRow[]> {
    const uuids = await until(
      `${count} calls to ${did} in PostgreSQL`,
      async () => {
        const found = await this.#pool.query<{ channel_uuid: string }>(
          `select l.channel_uuid from call c join call_leg l on l.call_id = c.id and l.side = 'A'
           where c.did = $1 and c.source = $2 order by c.started_at`,
          [did, source],
        );
        return found.rows.length >= count ? found.rows.map((row) => row.channel_uuid) : undefined;
      },
      deadlineMs,
    );
    return Promise.all(uuids.map((uuid) => this.calls.row(uuid, (row) => row.source === source)));
  }

  /** As `written`, for the one call of a test whose recording must have been looked after too. */
  async writtenWithRecording(did: string): Promise<CallRow> {
    const [row] = await this.written(did);
    const [uuid] = row?.legs.filter(({ side }) => side === 'A').map(({ channel_uuid }) => channel_uuid) ?? [];
    return this.calls.row(uuid ?? '', ({ recordings }) =>
      recordings.every(({ status }) => status !== 'pending'),
    );
  }

  /** The live calls one daemon tells of. */
  async live(index = 0): Promise<readonly { readonly stage: string; readonly did: string }[]> {
    const answer = await fetch(`http://127.0.0.1:${this.apiPorts[index]}/calls?state=live`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    return ((await answer.json()) as { calls: { stage: string; did: string }[] }).calls;
  }
}

/** Builds the house for a test file; `t` tears it down. `daemons` processes run, FreeSWITCH offers calls in their order. */
export async function openWholeHouse(
  t: Test,
  options: {
    readonly daemons?: number;
    /** As FreeSwitchOptions.gateways; the seed's trunk is called `test-trunk`. */
    readonly gateways?: Readonly<Record<string, string>>;
    /** A migrated and seeded database of the test's own; default: a copy of the template. */
    readonly databaseUrl?: string;
  } = {},
): Promise<WholeHouse> {
  const undoing: (() => unknown)[] = [];
  t.teardown(async () => {
    for (const undo of undoing.reverse()) await undo();
  });
  const folder = await mkdtemp(join(tmpdir(), 'callfabric-live-'));
  undoing.push(() => rm(folder, { recursive: true, force: true }));
  let { databaseUrl } = options;
  if (databaseUrl === undefined) {
    const database = await seededDatabase();
    undoing.push(() => database.drop());
    databaseUrl = database.url;
  }
  const redis = await startRedis({ own: true });
  undoing.push(() => redis.stop());
  await openRedis(redis.url);
  const ports = await Promise.all(
    Array.from({ length: options.daemons ?? 1 }, async () => ({
      socket: await freePort(),
      api: await freePort(),
    })),
  );
  const freeswitch = await startFreeSwitch({
    daemons: ports.map(({ socket }) => `127.0.0.1:${socket}`).join('|'),
    cdrUrl: `http://127.0.0.1:${ports.at(-1)?.api}/freeswitch/cdr`,
    cdrCredentials: `freeswitch:${cdrSecret}`,
    ...(options.gateways === undefined ? {} : { gateways: options.gateways }),
  });
  undoing.push(() => freeswitch.stop());
  const daemons: LiveDaemon[] = [];
  for (const [index, { socket, api }] of ports.entries()) {
    const daemon = startDaemonProcess({
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      CALLFABRIC_SOCKET_PORT: String(socket),
      CALLFABRIC_FREESWITCH: `live=127.0.0.1:${freeswitch.eslPort}`,
      CALLFABRIC_FREESWITCH_PASSWORD: freeswitch.eslPassword,
      CALLFABRIC_API_PORT: String(api),
      CALLFABRIC_API_KEY: apiKey,
      CALLFABRIC_CDR_SECRET: cdrSecret,
      CALLFABRIC_CDR_FALLBACK_DIR: freeswitch.cdrFolder,
      CALLFABRIC_RECORDINGS_DIR: freeswitch.recordingsFolder,
      CALLFABRIC_SPOOL_DIR: join(folder, `spool-${index}`),
      CALLFABRIC_LEASE_SECONDS: '5',
    });
    undoing.push(() => daemon.kill());
    daemons.push(daemon);
    await daemon.started();
  }
  const calls = new CallReader(databaseUrl);
  undoing.push(() => calls.close());
  const pool = new Pool({ connectionString: databaseUrl, max: 1 });
  pool.on('error', () => {}); // a PostgreSQL that a test stops ends idle connections
  undoing.push(() => pool.end());
  return new WholeHouse({
    freeswitch,
    calls,
    daemons,
    apiPorts: ports.map(({ api }) => api),
    databaseUrl,
    pool,
  });
}

/** A daemon on its way: what it is started with is killed even where it never listens. */
function startDaemonProcess(
  env: Readonly<Record<string, string>>,
): LiveDaemon & { started(): Promise<unknown> } {
  const child = spawn(process.execPath, [main, 'start'], { env: { PATH: process.env['PATH'], ...env } });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  const exited = new Promise<void>((done) => child.on('exit', () => done()));
  return {
    child,
    log: () => log,
    started: () =>
      until(
        'the daemon to listen',
        () => {
          const ended = child.exitCode ?? child.signalCode;
          if (ended !== null) throw new Error(`the daemon ended with ${ended}:\n${log}`);
          return log.includes('callfabric started') ? true : undefined;
        },
        60_000,
      ).catch((error: unknown) => {
        throw new Error(`the daemon did not start:\n${log}`, { cause: error });
      }),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
