import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { closeOrm, openOrm } from '../orm/config.ts';
import { apiConnections } from './api-connections.ts';
import type { CallEnvironment } from './call/call-environment.ts';
import { CallServer } from './call/call-server.ts';
import { CdrFallback } from './call/cdr-fallback.ts';
import { CdrInbox } from './call/cdr-inbox.ts';
import { hangUp } from './call/hang-up.ts';
import { CallRegistry } from './call/registry.ts';
import { DaemonPresence } from './caps/daemon-presence.ts';
import { LeasedCalls } from './caps/leased-calls.ts';
import { RedisCaps } from './caps/redis-caps.ts';
import { RedisLink } from './caps/redis-link.ts';
import { RedisWaitingLines } from './caps/redis-waiting-lines.ts';
import { SharedLeases } from './caps/shared-leases.ts';
import { careOfOthers } from './care-of-others.ts';
import { careOfRecordings } from './care-of-recordings.ts';
import { legEndFromJsonCdr } from './channel/leg-end-from-json-cdr.ts';
import type { Config } from './config.ts';
import { OutboundServer } from './esl/outbound-server.ts';
import { SourceList } from './esl/source-list.ts';
import { healthChecks } from './health-checks.ts';
import { postgresAccess } from './http/access/postgres-access.ts';
import { PostgresCallReader } from './http/call-reader.ts';
import { PostgresFlowAdmin } from './http/flows/flow-admin.ts';
import { HttpServer } from './http/http-server.ts';
import { liveFeed } from './http/live/live-wiring.ts';
import { Metrics } from './http/metrics.ts';
import { PostgresReports } from './http/reports/postgres-reports.ts';
import { CallCounts } from './jobs/call-counts.ts';
import { type Job, JobTable } from './jobs/job-table.ts';
import { MonthlyPartitions } from './jobs/monthly-partitions.ts';
import type { Logger } from './log.ts';
import { nodeTypes } from './nodes/index.ts';
import { recordingSourceOf, recordingTargetOf } from './recording-target-of.ts';
import { HeldCalls } from './records/held-calls.ts';
import { RecordSpool } from './records/record-spool.ts';
import { PostgresRecordStore } from './records/record-store.ts';
import { RecordWriter } from './records/record-writer.ts';
import { RouteStore } from './routing/route-store.ts';
import { SmoothWeights } from './routing/smooth-weights.ts';
import { SchemaCheck } from './schema-check.ts';
import { SwitchConnections } from './switch-connections.ts';
import { type DaemonId, newId } from './telephony/ids.ts';

const version = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

type Orm = ReturnType<typeof openOrm>;

/** How long the end of a call waits for FreeSWITCH's facts about its legs. */
const factsDeadlineMs = 5_000;

/** Undone last-in-first-out, each once, whatever the others do. */
class Undoing {
  readonly #steps: (() => unknown)[] = [];

  /** `step` may return a promise: it is awaited. */
  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  async run(onFault: (error: unknown) => void): Promise<void> {
    for (;;) {
      const step = this.#steps.pop();
      if (step === undefined) return;
      try {
        await step();
      } catch (error) {
        onFault(error);
      }
    }
  }
}

/** What a start can tell: where it listens. */
export interface DaemonAddresses {
  readonly socket: { readonly host: string; readonly port: number };
  readonly api: string;
}

/**
 * One daemon, put together: everything a room needs is handed to it here and nowhere else. `start` brings it up in the
 * order in which things depend on each other, `stop` drains it and undoes that in reverse.
 */
export class Daemon {
  readonly id: DaemonId = newId<'DaemonId'>();
  readonly registry = new CallRegistry();
  readonly #config: Config;
  readonly #log: Logger;
  readonly #undoing = new Undoing();
  #server: CallServer | undefined;
  #draining = false;
  #stopping: Promise<void> | undefined;

  constructor(config: Config, log: Logger) {
    this.#config = config;
    this.#log = log.child({ daemonId: this.id });
  }

  get liveCalls(): number {
    return this.registry.size;
  }

  /** Rejects where the daemon cannot run: a schema that is not its own, a port that is taken, a folder it cannot write. */
  async start(): Promise<DaemonAddresses> {
    const config = this.#config;
    const log = this.#log;
    const undoing = this.#undoing;

    const orm = openOrm(config.databaseUrl, { applicationName: `callfabric ${hostname()}`.slice(0, 60) });
    undoing.add(() => closeOrm(orm));
    const schema = new SchemaCheck({ orm, url: config.databaseUrl, log });
    await schema.atStart();

    const spool = new RecordSpool({
      folder: join(config.spool.folder, 'records'),
      maxBytes: config.spool.maxBytes,
      log,
    });
    const writer = this.#recordWriter(orm, spool, undoing);
    await writer.start();
    undoing.add(() => writer.stop());

    const routes = new RouteStore({ orm, log, loadDeadlineMs: config.routeDeadlineMs });
    undoing.add(() => routes.stop());
    await routes.start();

    const caps = new RedisCaps({
      url: config.redisUrl,
      prefix: 'callfabric:',
      daemonId: this.id,
      log,
      leaseMs: config.caps.leaseMs,
      renewMs: Math.max(500, Math.round(config.caps.leaseMs / 4)),
      deadlineMs: config.caps.deadlineMs,
    });
    const lines = new RedisWaitingLines({ caps, log });
    lines.start();
    undoing.add(() => caps.stop());
    undoing.add(() => lines.stop());
    const presence = new DaemonPresence({ caps, log });
    // Whoever looks at leases waits on a connection of its own: decisions about calls are not behind it.
    const lookLog = log.child({ connection: 'looking' });
    const looking = new RedisLink({ url: config.redisUrl, log: lookLog, deadlineMs: config.caps.deadlineMs });
    undoing.add(() => looking.stop());
    looking.start();
    const leased = new LeasedCalls({ keys: caps.keys, link: looking }, presence);
    presence.start();
    // After the last lease is given back: what is left then is another daemon's to care for.
    undoing.add(() => presence.stop());
    await caps.start();

    const switches = new SwitchConnections(config.switches, this.id, log);
    switches.start();
    undoing.add(() => switches.stop());
    await switches.untilConnected(3_000);

    const sources = await SourceList.from(config.socket.allowedSources);
    if (sources.unresolved.length > 0)
      log.warn({ names: sources.unresolved }, 'allowed sources could not be resolved: they let nobody in');
    const { orphans, signs } = careOfOthers({
      presence,
      caps,
      switches,
      log,
      renewMs: caps.renewMs,
      draining: () => this.#draining,
      daemonId: this.id,
      hasSession: (uuid) => this.registry.ofChannel(uuid) !== undefined,
    });
    signs.start();
    undoing.add(() => orphans.stop());
    const outbound = new OutboundServer({
      host: config.socket.host,
      port: config.socket.port,
      log,
      allows: (address) => sources.allows(address),
      maxSockets: config.maxCalls + 100,
      maxSocketsPerAddress: config.socket.maxPerAddress,
    });
    const metrics = new Metrics({
      liveCalls: () => this.registry.list(),
      leases: () => caps.health.leases,
      records: () => writer.counts,
      spool: () => ({ records: writer.depth, bytes: spool.bytes }),
      sockets: () => outbound.openSockets,
      switches: () => switches.states,
    });
    metrics.start();
    undoing.add(() => metrics.stop());

    const cdrs = new CdrInbox({
      registry: this.registry,
      writer,
      routes,
      defaultCountry: config.defaultCountry,
      log,
      read: legEndFromJsonCdr,
      switchNameOf: (record) =>
        switches.nameOf(typeof record['core-uuid'] === 'string' ? record['core-uuid'] : undefined),
    });
    const live = liveFeed({ caps, registry: this.registry, daemonId: this.id, log });
    undoing.add(() => live.stop());
    const held = new HeldCalls({ orm, writer, log });
    const counts = new CallCounts(orm);
    const partitions = new MonthlyPartitions({ orm, keepDays: config.keepDays, log });
    const jobs: Job[] = [
      { name: 'orphans', when: '* * * * * *', run: (signal) => orphans.run(signal) },
      { name: 'signs-of-life', when: '* * * * * *', run: () => signs.run() },
      { name: 'held-calls', when: '*/2 * * * * *', run: (signal) => held.release(signal) },
      // Each daemon at the same second: the lock lets one of them do it.
      { name: 'call-counts', when: '*/5 * * * * *', run: (signal) => counts.run(signal) },
      { name: 'schema', when: '*/5 * * * * *', run: () => schema.again() },
      { name: 'partitions', when: '0 17 * * * *', run: (signal) => partitions.run(signal) },
    ];
    if (config.cdrFallbackFolder !== undefined) {
      const folder = config.cdrFallbackFolder;
      const fallback = new CdrFallback({ folder, inbox: cdrs, log });
      jobs.push({ name: 'cdr-fallback', when: '*/10 * * * * *', run: (signal) => fallback.sweep(signal) });
    }
    const care = new JobTable(jobs, log);
    const environment: CallEnvironment = {
      daemonId: this.id,
      admission: {
        routes,
        caps,
        whenCapsUnavailable: config.caps.whenUnavailable,
        defaultCountry: config.defaultCountry,
        closed: () => this.#closed(),
      },
      caps,
      lines,
      care: orphans,
      nodeTypes,
      weights: new SmoothWeights(),
      writer: {
        keep: (record) => {
          const safe = writer.keep(record);
          if (record.source !== 'leg') cdrs.remember(record, safe);
          return safe;
        },
      },
      registry: this.registry,
      observer: metrics,
      watch: live,
      log,
      settings: {
        whenCapsUnavailable: config.caps.whenUnavailable,
        recordingsFolder: config.recordings.folder,
        sipProfile: config.sipProfile,
        stepBudget: config.stepBudget,
        factsDeadlineMs,
      },
      now: Date.now,
    };

    const { folder: recordingsFolder, store } = config.recordings;
    const connections = apiConnections(config.databaseUrl);
    undoing.add(() => connections.close());
    const apiOrm = connections.requests;
    const calls = new PostgresCallReader(apiOrm);
    const access = postgresAccess({
      orm: apiOrm,
      deletionOrm: connections.deletion,
      target: recordingTargetOf(store),
      recordingsFolder,
      log,
    });
    undoing.add(() => access.tenants.stop());
    const api = new HttpServer(
      {
        settings: { ...config.api, version },
        log,
        ports: {
          access,
          liveCalls: {
            list: () => this.registry.list(),
            get: (callId) => this.registry.get(callId)?.live(),
            soFar: (callId) => this.registry.get(callId)?.soFar(),
            hangup: (callId, cause) =>
              hangUp({ registry: this.registry, leased, links: switches.links }, callId, cause),
          },
          leased: new SharedLeases({ leased }),
          daemonId: this.id,
          calls,
          flows: new PostgresFlowAdmin(apiOrm, nodeTypes),
          nodeTypes,
          caps,
          resources: { orm: apiOrm, privateWebhooks: config.api.privateWebhooks },
          recordings: recordingSourceOf(config.recordings),
          live,
          health: {
            checks: healthChecks({ orm: connections.health, schema, caps, switches }),
            draining: () => this.#draining,
          },
          metrics,
          reports: new PostgresReports(apiOrm),
          cdrs: {
            accept: async (record) => {
              if ((await cdrs.accept(record)) === 'unsafe')
                throw new Error('the record of a leg could not be made safe in time');
            },
          },
        },
      },
      config.api,
    );
    undoing.add(() => api.stop());
    const address = await api.start();

    const server = new CallServer(environment, outbound, switches);
    this.#server = server;
    undoing.add(() => server.stopAccepting());
    const socket = await server.start();
    // Only now: the calls of a dead daemon come to this socket.
    care.start();
    undoing.add(() => care.stop());
    log.info({ socket: `${socket.host}:${socket.port}`, api: address, version }, 'callfabric started');
    return { socket, api: address };
  }

  /** Takes no new calls, waits at most `drainMs` for those that live, then undoes the start. Twice is one stop. */
  stop(drainMs: number): Promise<void> {
    this.#stopping ??= this.#stop(drainMs);
    return this.#stopping;
  }

  async #stop(drainMs: number): Promise<void> {
    this.#draining = true;
    const server = this.#server;
    if (server !== undefined) {
      await server.stopAccepting();
      const progress = setInterval(() => {
        const sample = this.registry
          .list()
          .slice(0, 5)
          .map(({ callId }) => callId);
        this.#log.info({ calls: this.registry.size, sample }, 'waiting for live calls');
      }, 5_000);
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), drainMs);
      await server.drain(limit.signal);
      clearTimeout(timer);
      clearInterval(progress);
      if (this.registry.size > 0)
        this.#log.warn(
          { calls: this.registry.size },
          'left live calls to FreeSWITCH: another daemon takes them over',
        );
    }
    await this.#undoing.run((error) => this.#log.error({ err: error }, 'a part did not stop cleanly'));
    this.#log.info({}, 'callfabric stopped');
  }

  #closed(): 'draining' | 'overloaded' | undefined {
    if (this.#draining) return 'draining';
    return this.registry.size > this.#config.maxCalls ? 'overloaded' : undefined;
  }

  #recordWriter(orm: Orm, spool: RecordSpool, undoing: Undoing): RecordWriter {
    const log = this.#log;
    const care = careOfRecordings({ orm, settings: this.#config.recordings, log });
    const recordingStore = care.recordings;
    const jobs = new JobTable(care.jobs, log);
    jobs.start();
    undoing.add(() => recordingStore.stop());
    // Runs after the last records are written: what those calls recorded is looked after before the daemon is gone.
    undoing.add(() => recordingStore.sweepRecordings());
    undoing.add(() => jobs.stop());
    return new RecordWriter({
      store: new PostgresRecordStore(orm),
      spool,
      log,
      onWritten: () => recordingStore.nudge(),
    });
  }
}
