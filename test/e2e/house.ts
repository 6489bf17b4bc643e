import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadConfig } from '../../daemon/config.ts';
import { Daemon } from '../../daemon/daemon.ts';
import type { FlowGraph } from '../../daemon/flow/flow-graph.ts';
import type { ChannelUuid } from '../../daemon/telephony/ids.ts';
import { startRedis } from '../../ops/dev-services/redis.ts';
import { freePort } from '../../ops/dev-services/tether.ts';
import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';
import {
  type CallOffer,
  type SimulatorOptions,
  SwitchSimulator,
} from '../../ops/switch-simulator/simulator.ts';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { seededDatabase } from '../integration/seeded-database.ts';
import { plainLogin } from '../plain-login.ts';
import { until } from '../until.ts';
import { CallReader } from './call-row.ts';
import { type DaemonProcess, daemonProcess } from './daemon-process.ts';
import { type PendingTimers, pendingTimers, watchTimers } from './daemon-timers.ts';
import { Diary } from './diary.ts';
import { type FlowPlan, type PlannedFlow, planFlow } from './flow-plan.ts';
import { LeftBehind } from './left-behind.ts';
import { openRedis } from './open-redis.ts';
import { watchEnd } from './watch-end.ts';

watchTimers();
watchEnd();

export const apiKey = 'e2e-key-0123456789abcdef';
export const cdrSecret = 'e2e-cdr-0123456789abcdef';

export interface HouseOptions {
  /** How many daemons there are addresses for; the simulator offers calls to them in this order. Default 1. */
  readonly daemons?: number;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Further settings of every daemon. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A migrated and seeded database of the test's own; default: a copy of the template. */
  readonly databaseUrl?: string;
  /** Which daemon takes mod_json_cdr's records; default: the last. */
  readonly cdrsTo?: number;
}

interface Address {
  readonly socketPort: number;
  readonly apiPort: number;
}

interface Route {
  offers: readonly number[];
  takeovers: readonly number[];
}

/** PostgreSQL, Redis, a simulated switch and daemons: everything a call meets. */
export class House {
  readonly folder: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly simulator: SwitchSimulator;
  readonly calls: CallReader;
  readonly addresses: readonly Address[];
  readonly daemons: (Daemon | undefined)[] = [];
  /** Which daemons the dialplan's sockets name, by index and in this order: the first socket's, and the takeover's. */
  readonly route: Route;
  readonly #options: HouseOptions;
  readonly #undoing: (() => unknown)[];
  readonly #left: LeftBehind;
  readonly #diary: Diary;
  readonly #spawned: (DaemonProcess | undefined)[] = [];
  #standing: PendingTimers = new Map();
  #placed = 0;

  constructor(
    parts: Pick<House, 'folder' | 'databaseUrl' | 'redisUrl' | 'simulator' | 'calls' | 'addresses' | 'route'>,
    options: HouseOptions,
    undoing: (() => unknown)[],
    diary: Diary,
  ) {
    this.#diary = diary;
    this.folder = parts.folder;
    this.databaseUrl = parts.databaseUrl;
    this.redisUrl = parts.redisUrl;
    this.simulator = parts.simulator;
    this.calls = parts.calls;
    this.addresses = parts.addresses;
    this.route = parts.route;
    this.#options = options;
    this.#undoing = undoing;
    this.#left = new LeftBehind(parts.databaseUrl, options.settings?.['REDIS_URL'] ?? parts.redisUrl);
    undoing.push(() => this.#left.close());
  }

  /** The environment of the daemon at this address. */
  environment(index = 0): Record<string, string> {
    const address = this.#address(index);
    return {
      REDIS_URL: this.redisUrl,
      CALLFABRIC_SOCKET_PORT: String(address.socketPort),
      CALLFABRIC_FREESWITCH: `simulator=127.0.0.1:${this.simulator.inboundPort}`,
      CALLFABRIC_FREESWITCH_PASSWORD: 'simulated',
      CALLFABRIC_API_PORT: String(address.apiPort),
      CALLFABRIC_API_KEY: apiKey,
      CALLFABRIC_CDR_SECRET: cdrSecret,
      CALLFABRIC_RECORDINGS_DIR: join(this.folder, 'recordings'),
      CALLFABRIC_SPOOL_DIR: join(this.folder, `spool-${index}`),
      CALLFABRIC_LEASE_SECONDS: '5',
      // The machine of a test run may be busy, and what is tested is not how fast it is.
      CALLFABRIC_CAPS_DEADLINE_MS: '2000',
      CALLFABRIC_ROUTE_DEADLINE_MS: '5000',
      CALLFABRIC_LOG_LEVEL: process.env['E2E_LOG'] ?? 'silent',
      ...this.#options.settings,
    };
  }

  async startDaemon(index = 0, settings: Readonly<Record<string, string>> = {}): Promise<Daemon> {
    const loaded = loadConfig({ ...this.environment(index), ...settings });
    if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
    const daemon = new Daemon(loaded.config, this.#diary.log(loaded.config.log));
    this.#undoing.push(() => daemon.stop(0));
    await daemon.start();
    this.daemons[index] = daemon;
    await this.ready(index);
    this.#standing = pendingTimers();
    return daemon;
  }

  /** Waits until a daemon says that it reaches PostgreSQL, Redis and the switch. */
  async ready(daemon = 0): Promise<void> {
    await until(
      'the daemon to be ready',
      async () => (await this.api('/health/ready', { daemon })).ok,
      60_000,
    );
  }

  /** Waits until ten new numbers at once are looked up in time: PostgreSQL's first answers take long on a busy machine. */
  async warm(): Promise<void> {
    await this.ready();
    await until(
      'PostgreSQL to tell about numbers in time',
      async () => {
        const calls = Array.from({ length: 10 }, (_, index) => this.call(`+1555999000${index}`));
        const ends = await Promise.all(calls.map(({ ended }) => ended));
        return ends.every(({ cause }) => cause === 'UNALLOCATED_NUMBER');
      },
      60_000,
    );
  }

  /** Starts `callfabric start` as a child process and waits until it listens. */
  async spawnDaemon(index = 0, settings: Readonly<Record<string, string>> = {}): Promise<DaemonProcess> {
    const spawned = daemonProcess(
      { ...this.environment(index), CALLFABRIC_LOG_LEVEL: 'info', ...settings },
      (line) => {
        if (process.env['E2E_LOG'] !== undefined) process.stdout.write(`# ${line}\n`);
        this.#diary.note(line);
      },
    );
    this.#undoing.push(async () => {
      spawned.child.kill('SIGKILL');
      await spawned.exited;
    });
    await spawned.started();
    this.#spawned[index] = spawned;
    return spawned;
  }

  /** Hands a record that mod_json_cdr kept on disk to a daemon, as an operator's script does later. */
  async postCdr(record: string, daemon = 0): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#address(daemon).apiPort}/freeswitch/cdr`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`callfabric:${cdrSecret}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: record,
    });
    return response.status;
  }

  /** Publishes a flow for a new DID. */
  async flow(graph: FlowGraph, plan: FlowPlan = {}): Promise<PlannedFlow> {
    const orm = openOrm(this.databaseUrl, { applicationName: 'callfabric e2e' });
    try {
      return await orm.em.fork().transactional((em) => planFlow(em, graph, plan));
    } finally {
      await closeOrm(orm);
    }
  }

  /** Places a call from a caller of its own. */
  call(to: string, offer: Omit<CallOffer, 'from' | 'to'> & { readonly from?: string } = {}): SimulatedCall {
    this.#placed += 1;
    return this.simulator.call({ from: `+1512555${String(1000 + this.#placed)}`, to, ...offer });
  }

  /** The admin API of one daemon. */
  async api(path: string, init: RequestInit & { readonly daemon?: number } = {}): Promise<Response> {
    const { daemon = 0, ...request } = init;
    return fetch(`http://127.0.0.1:${this.#address(daemon).apiPort}${path}`, {
      ...request,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
  }

  /** Gauges and counters of one daemon by `name{labels}`, without the prefix. */
  async metrics(daemon = 0): Promise<Map<string, number>> {
    const text = await (await this.api('/metrics', { daemon })).text();
    const lines = text.split('\n').filter((line) => line.startsWith('callfabric_'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice('callfabric_'.length, at), Number(line.slice(at + 1))];
      }),
    );
  }

  /** What is still held of calls that are over; empty: nothing leaked. */
  async held(): Promise<string[]> {
    const held: string[] = [];
    const count = (what: string, amount: number | undefined): void => {
      if (amount !== undefined && amount > 0) held.push(`${amount} ${what}`);
    };
    const { channels, sockets, timers, cdrsPending } = this.simulator.snapshot();
    count('channels in the switch', channels);
    count('event sockets in the switch', sockets);
    count('timers in the switch', timers);
    count('CDRs on their way', cdrsPending);
    for (const index of this.#running())
      for (const [name, amount] of await this.metrics(index))
        if (/^(live_calls|cap_leases|spool_records|event_sockets)\b/.test(name))
          count(`${name} in daemon ${index}`, amount);
    // What every daemon always has is set while it starts; a daemon that stopped has none left.
    for (const [line, amount] of pendingTimers())
      count(`timers of ${line}`, amount - (this.#standing.get(line) ?? 0));
    held.push(...(await this.#left.found()));
    return held;
  }

  /** After each test: waits until nothing is held any more, and says what is left where it stays. */
  async leaks(t: Test, deadlineMs = 8_000): Promise<void> {
    await this.#free(t, () => this.held(), deadlineMs);
    t.same(
      this.simulator.snapshot().expansionsAttempted,
      [],
      'nothing reached the switch that it would have run',
    );
  }

  /** After a test of one call beside which others go on: nothing is held of it. */
  async leaksOf(t: Test, call: SimulatedCall, callId: string, deadlineMs = 8_000): Promise<void> {
    const held = async (): Promise<string[]> => {
      const { legs, sockets } = this.simulator.core;
      return [
        ...[...legs.values()]
          .filter(({ uuid, variables }) => uuid === call.uuid || variables.get('callfabric_call') === callId)
          .map(({ uuid }) => `channel ${uuid}`),
        ...(sockets.has(call.uuid) ? ['its event socket'] : []),
        ...this.daemons.flatMap((daemon) =>
          daemon?.registry.ofChannel(call.leg.uuid as ChannelUuid) === undefined ? [] : ['its session'],
        ),
        ...(await this.#left.found(callId)),
      ];
    };
    await this.#free(t, held, deadlineMs);
  }

  async #free(t: Test, look: () => Promise<string[]>, deadlineMs: number): Promise<void> {
    let held: string[] = [];
    await until(
      'nothing to be held',
      async () => {
        held = await look();
        return held.length === 0;
      },
      deadlineMs,
    ).catch((error: unknown) => held.push(String(error)));
    t.same(held, [], 'no channel, socket, timer, lease, row or record is left behind');
  }

  /** The daemons that live, in this process or as one of their own. */
  #running(): number[] {
    const alive = ({ child }: DaemonProcess) => child.exitCode === null && child.signalCode === null;
    return this.addresses
      .map((_, index) => index)
      .filter((index) => {
        const spawned = this.#spawned[index];
        return this.daemons[index] !== undefined || (spawned !== undefined && alive(spawned));
      });
  }

  #address(index: number): Address {
    const address = this.addresses[index];
    if (address === undefined) throw new Error(`there is no address for daemon ${index}`);
    return address;
  }
}

/** Builds a house for a test file; `t` tears it down. No daemon runs yet. */
export async function openHouse(t: Test, options: HouseOptions = {}): Promise<House> {
  const undoing: (() => unknown)[] = [];
  const diary = new Diary();
  t.teardown(async () => {
    for (const undo of undoing.reverse()) await undo();
    if (!t.passing()) diary.tell();
  });
  const folder = await mkdtemp(join(tmpdir(), 'callfabric-e2e-'));
  undoing.push(() => rm(folder, { recursive: true, force: true }));
  let databaseUrl = options.databaseUrl;
  if (databaseUrl === undefined) {
    const database = await seededDatabase();
    undoing.push(() => database.drop());
    databaseUrl = database.url;
  }
  // The daemons', as a careful installation's: it may do no more than they need.
  const settings = { DATABASE_URL: await plainLogin(databaseUrl), ...options.settings };
  const redis = await startRedis({ own: true });
  undoing.push(() => redis.stop());
  await openRedis(redis.url);
  const addresses: Address[] = [];
  for (let index = 0; index < (options.daemons ?? 1); index += 1)
    addresses.push({ socketPort: await freePort(), apiPort: await freePort() });
  const all = addresses.map((_, index) => index);
  const route: Route = { offers: all, takeovers: all };
  const socket = (indices: readonly number[]): string =>
    `${indices.map((index) => `127.0.0.1:${addresses[index]?.socketPort}`).join('|')} full`;
  const cdrsTo = addresses[options.cdrsTo ?? addresses.length - 1];
  const simulator = new SwitchSimulator({
    daemons: [],
    // As the hook of dialplans/, with addresses that a test may change from call to call.
    dialplan: [
      {
        app: 'socket',
        get data() {
          return socket(route.offers);
        },
      },
      { app: 'set', data: 'callfabric_entry=takeover' },
      ...[0, 1].flatMap(() => [
        {
          app: 'socket',
          get data() {
            return socket(route.takeovers);
          },
        },
        { app: 'sleep', data: '300' },
      ]),
      { app: 'respond', data: '503' },
    ],
    fileMs: 100,
    jsonCdr: {
      url: `http://callfabric:${cdrSecret}@127.0.0.1:${cdrsTo?.apiPort}/freeswitch/cdr`,
      fallbackFolder: join(folder, 'cdr'),
    },
    ...options.simulator,
  });
  await simulator.start();
  undoing.push(() => simulator.stop());
  const calls = new CallReader(databaseUrl);
  undoing.push(() => calls.close());
  return new House(
    { folder, databaseUrl, redisUrl: redis.url, simulator, calls, addresses, route },
    { ...options, settings },
    undoing,
    diary,
  );
}
