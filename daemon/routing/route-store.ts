import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../orm/config.ts';
import type { FlowGraph } from '../flow/flow-graph.ts';
import { isE164 } from '../telephony/e164.ts';
import { type FlowVersionId, isUuid, type TenantId } from '../telephony/ids.ts';
import { ChangeListener, type ChangeListenerTimes } from './change-listener.ts';
import type { Route, RouteSource } from './route.ts';
import { graphByVersion, graphOf, routeByDid, routeOf, versionByName } from './route-query.ts';

/** PostgreSQL did not answer, and what was asked for is not in the cache. */
export class RouteUnavailable extends Error {
  override readonly name = 'RouteUnavailable';
  readonly code = 'route_unavailable';
}

export interface RouteStoreOptions {
  readonly orm: MikroORM;
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
  /** Longest wait of a call for PostgreSQL. Default 1000. */
  readonly loadDeadlineMs?: number;
  /** The same where the cache has an answer that was right a moment ago. Default 250. */
  readonly refreshDeadlineMs?: number;
  /** How long what was read is right without hearing that nothing changed. Default 900. */
  readonly sureForMs?: number;
  readonly listening?: Partial<ChangeListenerTimes>;
  /** DIDs kept. Default 50000; as many unknown ones at most as a fifth of it. */
  readonly maxRoutes?: number;
  /** Flow versions kept, those used last; a call holds its own while it walks it. Default 5000. */
  readonly maxGraphs?: number;
  /** How long PostgreSQL is not asked again after it failed. Default 250. */
  readonly awayPauseMs?: number;
}

interface Cached<Value> {
  readonly value: Value;
  /** Undefined where it is nobody's yet: of a number that is not known. */
  readonly tenantId: string | undefined;
  /** When it was asked for, by `performance.now()`, and how many changes had been heard of until then. */
  readonly readAtMs: number;
  readonly changes: number;
}

/** Tenants that changed are remembered up to here; with one more, everything counts as changed. */
const mostTenants = 100_000;

/**
 * Routes out of PostgreSQL, cached by DID. A change of a tenant's configuration (NOTIFY) makes its routes stale at
 * once; while notices are not heard a route is read again about once a second, where somebody asks for it. While
 * PostgreSQL is away what is cached goes on being served, stale or not.
 */
export class RouteStore implements RouteSource {
  readonly #options: Required<RouteStoreOptions>;
  readonly #listener: ChangeListener;
  readonly #routes = new Map<string, Cached<Route | undefined>>();
  readonly #versionIds = new Map<string, Cached<FlowVersionId | undefined>>();
  readonly #graphs = new Map<FlowVersionId, FlowGraph>();
  readonly #loading = new Map<string, Promise<unknown>>();
  /**
   * How many changes had been heard of at the last one of each tenant, and of all at once. A notice writes one number,
   * however much is cached: what it makes stale is seen where somebody asks for it.
   */
  readonly #changesOf = new Map<string, number>();
  #changesOfAll = 0;
  #changes = 0;
  #unknown = 0;
  #awayUntilMs = 0;

  constructor(options: RouteStoreOptions) {
    this.#options = {
      loadDeadlineMs: 1000,
      refreshDeadlineMs: 250,
      sureForMs: 900,
      listening: {},
      maxRoutes: 50_000,
      maxGraphs: 5_000,
      awayPauseMs: 250,
      ...options,
    };
    this.#listener = new ChangeListener({
      ...this.#options.listening,
      orm: options.orm,
      log: options.log,
      onChange: (tenantId) => this.#noteChange(tenantId),
      onListening: () => {
        this.#awayUntilMs = 0;
        this.#noteChange(undefined);
      },
    });
  }

  /** True while changes are heard at once. */
  get listening(): boolean {
    return this.#listener.listening;
  }

  /** PostgreSQL need not be there. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
  }

  async routeFor(did: string): Promise<Route | undefined> {
    if (!isE164(did)) return undefined; // no number of ours, and no key an attacker may fill the cache with
    return this.#cached(this.#routes, did, async () => {
      const [row] = await this.#query(routeByDid, [did]);
      if (row === undefined) return { value: undefined, tenantId: undefined };
      const { route, flow } = routeOf(row);
      const graph = flow === undefined ? undefined : await this.flowVersion(flow.flowVersionId);
      return {
        value: { ...route, flow: flow === undefined || graph === undefined ? undefined : { ...flow, graph } },
        tenantId: route.tenant.tenantId,
      };
    });
  }

  async flowVersion(id: FlowVersionId): Promise<FlowGraph | undefined> {
    const known = this.#graphs.get(id);
    if (known !== undefined) this.#useGraph(id, known);
    if (known !== undefined || !isUuid(id)) return known;
    return this.#once(`graph ${id}`, async () => {
      const [row] = await this.#query(graphByVersion, [id]);
      if (row === undefined) return undefined;
      const graph = graphOf(row);
      this.#useGraph(id, graph);
      return graph;
    });
  }

  /** A version is immutable and never stale, so that without a bound each ever published would stay for good. */
  #useGraph(id: FlowVersionId, graph: FlowGraph): void {
    this.#graphs.delete(id);
    this.#graphs.set(id, graph);
    const oldest = this.#graphs.size > this.#options.maxGraphs ? this.#graphs.keys().next().value : undefined;
    if (oldest !== undefined) this.#graphs.delete(oldest);
  }

  async flowByName(
    tenantId: TenantId,
    flow: string,
    version: number | 'latest',
  ): Promise<{ readonly flowVersionId: FlowVersionId; readonly graph: FlowGraph } | undefined> {
    const id = await this.#cached(this.#versionIds, `${tenantId} ${version} ${flow}`, async () => {
      const [row] = await this.#query(versionByName, [tenantId, flow, version === 'latest' ? null : version]);
      return { value: row?.['id'] as FlowVersionId | undefined, tenantId };
    });
    const graph = id === undefined ? undefined : await this.flowVersion(id);
    return id === undefined || graph === undefined ? undefined : { flowVersionId: id, graph };
  }

  async #cached<Value>(
    cache: Map<string, Cached<Value>>,
    key: string,
    load: () => Promise<{ value: Value; tenantId: string | undefined }>,
  ): Promise<Value> {
    const kept = cache.get(key);
    const stale = kept !== undefined && this.#isStale(kept);
    // That something is not there is not worth serving once it may have been made.
    const known = stale && kept.value === undefined ? undefined : kept;
    if (known !== undefined && !stale && this.#isSure(known)) return known.value;
    if (known !== undefined && Date.now() < this.#awayUntilMs) return known.value;
    const { loadDeadlineMs, refreshDeadlineMs } = this.#options;
    const deadlineMs = known === undefined || stale ? loadDeadlineMs : refreshDeadlineMs;
    const read = async (): Promise<Value> => {
      const changes = this.#changes;
      const readAtMs = performance.now();
      const { value, tenantId } = await load();
      // What changes while it is read counts as changed after: it may be the state before, so the next call reads again.
      this.#keep(cache, key, { value, tenantId, readAtMs, changes });
      return value;
    };
    try {
      return await this.#once(key, read, deadlineMs);
    } catch (error) {
      if (known === undefined) throw error;
      this.#options.log.warn(
        { key, error: String(error) },
        'PostgreSQL is away, the last known route is served',
      );
      return known.value;
    }
  }

  /** Whether a change of it would be known by now. */
  #isSure({ readAtMs }: Cached<unknown>): boolean {
    const sureAtMs = Math.max(readAtMs, this.#listener.sureAtMs ?? readAtMs);
    return performance.now() - sureAtMs <= this.#options.sureForMs;
  }

  #keep<Value>(cache: Map<string, Cached<Value>>, key: string, entry: Cached<Value>): void {
    cache.delete(key);
    cache.set(key, entry);
    if (entry.value === undefined) this.#unknown += 1;
    if (this.#unknown > this.#options.maxRoutes / 5) this.#forgetUnknown();
    const oldest = cache.size > this.#options.maxRoutes ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
  }

  /** One load at a time for a key; all who ask meanwhile share it. Rejects with RouteUnavailable at the deadline. */
  async #once<Value>(
    key: string,
    load: () => Promise<Value>,
    deadlineMs: number = this.#options.loadDeadlineMs,
  ): Promise<Value> {
    let loading = this.#loading.get(key) as Promise<Value> | undefined;
    if (loading === undefined) {
      loading = load().finally(() => this.#loading.delete(key));
      loading.catch(() => {}); // whoever waited may have gone at the deadline
      this.#loading.set(key, loading);
    }
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs);
    try {
      return await Promise.race([loading, late.promise]);
    } catch (error) {
      this.#awayUntilMs = Date.now() + this.#options.awayPauseMs;
      if (error instanceof RouteUnavailable) throw error;
      throw new RouteUnavailable(`PostgreSQL does not tell about ${key}: ${String(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async #query(
    statement: { readonly name: string; readonly text: string },
    values: readonly unknown[],
  ): Promise<Record<string, unknown>[]> {
    const pool = await poolOf(this.#options.orm);
    const query = { ...statement, values: [...values], query_timeout: this.#options.loadDeadlineMs };
    const { rows } = await pool.query<Record<string, unknown>>(query);
    return rows;
  }

  /** Undefined: of every tenant. */
  #noteChange(tenantId: string | undefined): void {
    this.#changes += 1;
    if (tenantId !== undefined) this.#changesOf.set(tenantId, this.#changes);
    if (tenantId !== undefined && this.#changesOf.size <= mostTenants) return;
    this.#changesOf.clear();
    this.#changesOfAll = this.#changes;
  }

  /** Something of its tenant changed since: to be loaded again, and served only if that fails. */
  #isStale({ tenantId, changes }: Cached<unknown>): boolean {
    // A number that is nobody's may have become anybody's.
    if (tenantId === undefined) return this.#changes > changes;
    return Math.max(this.#changesOf.get(tenantId) ?? 0, this.#changesOfAll) > changes;
  }

  #forgetUnknown(): void {
    for (const cache of [this.#routes, this.#versionIds])
      for (const [key, entry] of cache) if (entry.value === undefined) cache.delete(key);
    this.#unknown = 0;
  }
}
