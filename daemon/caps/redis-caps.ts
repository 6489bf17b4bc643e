import type { CallId, DaemonId, LeaseId } from '../telephony/ids.ts';
import type { CapClaim, CapDecision, CapHolder, CapLease, CapScope, Caps, LeaseHolder } from './cap-lease.ts';
import type { CapsLog } from './caps-log.ts';
import { HighWater } from './high-water.ts';
import { holderText, LeaseBook, limitText } from './lease-book.ts';
import { scripts } from './lua-script.ts';
import { RedisKeys } from './redis-keys.ts';
import { RedisAway, RedisLink } from './redis-link.ts';

export interface RedisCapsOptions {
  /** `redis://…`; Redis 7 or Valkey, no cluster. */
  readonly url: string;
  /** What every key begins with, e.g. `callfabric:`. */
  readonly prefix: string;
  readonly daemonId: DaemonId;
  readonly log: CapsLog;
  /** A lease nobody renews ends after this. The same for all daemons. Default 20,000. */
  readonly leaseMs?: number;
  /** How often leases are renewed. Default 5,000. */
  readonly renewMs?: number;
  /** How long nobody acquires after Redis lost its memory; longer than renewMs. Default renewMs + 2,000. */
  readonly restoringMs?: number;
  /** How long a decision may take before it is `unavailable`. Default 250. */
  readonly deadlineMs?: number;
  /** How long start() waits for Redis before it goes on without. Default 2,000. */
  readonly startDeadlineMs?: number;
  /** For tests: a clock that stands in for Redis' own. */
  readonly nowMs?: () => number;
}

/** What metrics and the readiness check ask. */
export interface CapsHealth {
  readonly connected: boolean;
  /** Leases this daemon renews. */
  readonly leases: number;
  /** Claims of live calls that Redis does not count, because the room was taken while it did not hear of us. */
  readonly lostClaims: number;
  /** Commands without an answer in time, since the start. */
  readonly timeouts: number;
}

/** Fewer would cost more round trips; more would keep Redis from other daemons' decisions for over a millisecond. */
const leasesPerRenewal = 100;
/**
 * Renewals on their way together: the way to Redis and back is paid once for all of them. Not all at once, because
 * this daemon's own decisions go through the same connection, and would wait behind them for longer than they may.
 */
const renewalsAtOnce = 4;

/** Concurrency caps as leases in Redis; see scripts/*.lua for what happens there. */
export class RedisCaps implements Caps {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly daemonId: DaemonId;
  /** For the waiting lines, which share the connection, the keys and the renewal. */
  readonly link: RedisLink;
  readonly keys: RedisKeys;
  readonly book: LeaseBook;
  readonly highWater = new HighWater();
  readonly #options: RedisCapsOptions;
  readonly #windowMs: number;
  readonly #onRenewal: (() => Promise<void>)[] = [];
  readonly #asking = new Map<LeaseId, number>();
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  #restoringMs = 0;
  #stopWaiting: (() => void) | undefined;

  constructor(options: RedisCapsOptions) {
    this.#options = options;
    this.leaseMs = options.leaseMs ?? 20_000;
    this.renewMs = options.renewMs ?? 5_000;
    this.daemonId = options.daemonId;
    this.#windowMs = options.restoringMs ?? this.renewMs + 2_000;
    this.link = new RedisLink({ url: options.url, log: options.log, deadlineMs: options.deadlineMs ?? 250 });
    this.keys = new RedisKeys(options.prefix);
    this.book = new LeaseBook(this.keys);
  }

  /** Connects; waits, within limits, until Redis is there and lets acquire. Never rejects for want of Redis. */
  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.renew(), this.renewMs);
    this.link.greetWith(async () => {
      const keys = [this.keys.epoch, this.keys.fence];
      this.#restoringMs = Number(await this.link.run(scripts.restore, keys, this.preamble()));
    });
    const connected = new Promise<void>((resolve) => {
      this.link.onUp('caps', () => {
        resolve();
        void this.renew();
      });
    });
    this.link.start();
    const stopped = new Promise<void>((resolve) => {
      this.#stopWaiting = resolve;
    });
    await within(Promise.race([connected, stopped]), this.#options.startDeadlineMs ?? 2_000);
    if (this.link.connected && this.#restoringMs > 0 && this.#options.nowMs === undefined) {
      this.#options.log.info(
        { ms: this.#restoringMs },
        'redis is new to us: leases are given time to be restored',
      );
      await within(stopped, Math.min(this.#restoringMs, this.#windowMs));
    }
  }

  /** Ends renewing and the connection. Leases stay until they expire, so that another daemon may adopt them. */
  async stop(): Promise<void> {
    this.#stopWaiting?.();
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#renewing;
    await this.link.stop();
  }

  get health(): CapsHealth {
    const { connected, timeouts } = this.link;
    return { connected, timeouts, leases: this.book.size, lostClaims: this.book.lostClaims };
  }

  async acquire(request: {
    readonly leaseId: LeaseId;
    readonly callId: CallId;
    readonly claims: readonly CapClaim[];
    readonly holder?: LeaseHolder;
  }): Promise<CapDecision> {
    const { leaseId, callId, claims } = request;
    this.#asking.set(leaseId, (this.#asking.get(leaseId) ?? 0) + 1);
    const keys = [this.keys.epoch, this.keys.fence, this.keys.lease(leaseId)];
    const args = [
      ...this.preamble(),
      ...Array.of<string>(leaseId, callId, this.daemonId, String(this.leaseMs)),
      this.keys.heldBy,
      holderText(request.holder),
    ];
    for (const { scope, limit } of claims) {
      keys.push(this.keys.scope(scope));
      args.push(limitText(limit));
    }
    try {
      const late = (reply: unknown) => this.#giveBack(leaseId, claims, reply);
      return this.#decide(request, numbers(await this.link.run(scripts.acquire, keys, args, late)));
    } catch (error) {
      if (!(error instanceof RedisAway)) this.#options.log.warn({ error }, 'redis refused a script');
      return { granted: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
    } finally {
      const left = (this.#asking.get(leaseId) ?? 1) - 1;
      if (left === 0) this.#asking.delete(leaseId);
      else this.#asking.set(leaseId, left);
    }
  }

  async release(lease: Pick<CapLease, 'leaseId' | 'claims'>): Promise<void> {
    const scopes = this.book.remove(lease.leaseId, lease.claims);
    const keys = [this.keys.lines, this.keys.lease(lease.leaseId)];
    for (const scope of scopes) keys.push(this.keys.scope(scope));
    try {
      await this.link.run(scripts.release, keys, [lease.leaseId, this.keys.channel, this.keys.heldBy]);
    } catch (error) {
      // Nobody renews it any more: it ends within the lease time.
      this.#options.log.debug({ leaseId: lease.leaseId, error }, 'left a lease to expire');
    }
  }

  adopt(lease: CapLease, holder?: LeaseHolder): void {
    this.book.enter(lease, undefined, holder);
  }

  disown(lease: Pick<CapLease, 'leaseId'>): void {
    this.book.remove(lease.leaseId, []);
  }

  /** @throws RedisAway */
  async holders(scope: CapScope): Promise<readonly CapHolder[]> {
    const args = [this.#clock(), this.keys.leases, '10000'];
    const reply = await this.link.run(scripts.holders, [this.keys.scope(scope)], args);
    return readHolders(reply);
  }

  /** How many hold each of these scopes. @throws RedisAway */
  async counts(scopes: readonly CapScope[]): Promise<readonly number[]> {
    const keys = scopes.map((scope) => this.keys.scope(scope));
    return numbers(await this.link.run(scripts.counts, keys, [this.#clock()]));
  }

  /** Renews every lease of this daemon now; runs by itself every renewMs and on every new connection. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewAll().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Runs with every renewal, after the leases. */
  onRenewal(also: () => Promise<void>): void {
    this.#onRenewal.push(also);
  }

  /** The first three arguments of most scripts. */
  preamble(): string[] {
    return [this.#clock(), String(this.#windowMs), this.link.runId];
  }

  #clock(): string {
    return this.#options.nowMs === undefined ? '' : String(this.#options.nowMs());
  }

  #decide(
    { leaseId, callId, claims, holder }: Parameters<Caps['acquire']>[0],
    [verdict, second = 0, third = 0, ...holders]: readonly number[],
  ): CapDecision {
    if (verdict === 1) {
      const lease: CapLease = { leaseId, callId, claims, fence: second };
      this.book.enter(lease, third, holder);
      for (const [index, { scope }] of claims.entries()) this.highWater.note(scope, holders[index] ?? 0);
      return { granted: true, lease };
    }
    const refusedBy = claims[second - 1]?.scope;
    if (verdict === 0 && refusedBy !== undefined) return { granted: false, refusedBy, retryAfterMs: third };
    return { granted: 'unavailable', reason: 'restoring' };
  }

  /** A grant that came after its deadline: the caller went on without it. */
  #giveBack(leaseId: LeaseId, claims: readonly CapClaim[], reply: unknown): void {
    const wanted = this.#asking.has(leaseId) || this.book.has(leaseId);
    if (numbers(reply)[0] === 1 && !wanted) void this.release({ leaseId, claims });
  }

  async #renewAll(): Promise<void> {
    const ids = this.book.ids();
    let next = 0;
    const renewInTurn = async (): Promise<void> => {
      // Without leases too: somebody must notice early that Redis lost its memory.
      while ((next < ids.length || next === 0) && this.link.connected) {
        const first = next;
        next += leasesPerRenewal;
        await this.#quietly(() => this.#renewChunk(ids.slice(first, first + leasesPerRenewal)));
      }
    };
    await Promise.all(Array.from({ length: renewalsAtOnce }, renewInTurn));
    for (const also of this.#onRenewal) if (this.link.connected) await this.#quietly(also);
  }

  /** What fails now is tried again at the next renewal. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof RedisAway) this.#options.log.debug({ error }, 'renewal put off');
      else this.#options.log.warn({ error }, 'redis refused a script');
    }
  }

  async #renewChunk(ids: readonly LeaseId[]): Promise<void> {
    const chunk = this.book.chunk(ids);
    const keys = [this.keys.epoch, this.keys.fence, ...chunk.keys];
    const args = [...this.preamble(), this.daemonId, String(this.leaseMs), this.keys.heldBy, ...chunk.args];
    const reply = await this.link.run(scripts.renew, keys, args);
    const [nowMs = 0, restoring = 0, ...missing] = numbers(reply);
    const lost = this.book.confirm(chunk, nowMs, restoring > 0, missing);
    if (lost > 0)
      this.#options.log.warn({ claims: lost, restoring: restoring > 0 }, 'lost places of live calls');
  }
}

function numbers(reply: unknown): number[] {
  return Array.isArray(reply) ? reply.map(Number) : [];
}

function readHolders(reply: unknown): CapHolder[] {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const holders: CapHolder[] = [];
  for (let index = 0; index + 2 < flat.length; index += 3) {
    const [leaseId = '', expiresInMs = '', holder = ''] = flat.slice(index, index + 3);
    const [fence = '0', sinceMs = '0', callId = '', daemonId = ''] = holder.split('\n');
    holders.push({
      leaseId: leaseId as LeaseId,
      callId: callId as CallId,
      daemonId: daemonId as DaemonId,
      sinceMs: Number(sinceMs),
      expiresInMs: Number(expiresInMs),
      fence: Number(fence),
    });
  }
  return holders;
}

async function within(wait: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([wait, deadline]);
  clearTimeout(timer);
}
