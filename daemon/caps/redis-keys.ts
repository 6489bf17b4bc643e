import type { CapScope } from './cap-lease.ts';

/** Every key this room has in Redis, below one prefix. */
export class RedisKeys {
  readonly #prefix: string;
  /** Hash: `until` when (ms) the restoring window ends, `run` the Redis process that opened it. */
  readonly epoch: string;
  /** Counter of fences. */
  readonly fence: string;
  /** Sorted set: the lines somebody waits in, by when the last of them was heard of. */
  readonly lines: string;
  /** Counter: the order of joining lines. */
  readonly order: string;
  /** Pub/sub: slots became free, or a line has a new head. */
  readonly channel: string;
  /** Pub/sub: what happens to calls that somebody watches at another daemon. */
  readonly live: string;
  /** What keys of leases begin with. */
  readonly leases: string;
  /** What keys of held() begin with. */
  readonly heldBy: string;
  /** Sorted set: daemons by when they count as gone unless heard of. */
  readonly daemons: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.epoch = `${prefix}epoch`;
    this.fence = `${prefix}fence`;
    this.lines = `${prefix}lines`;
    this.order = `${prefix}order`;
    this.channel = `${prefix}news`;
    this.live = `${prefix}live`;
    this.leases = `${prefix}lease:`;
    this.heldBy = `${prefix}held:`;
    this.daemons = `${prefix}daemons`;
  }

  /** Set: the leases a daemon answers for. */
  held(daemonId: string): string {
    return this.heldBy + daemonId;
  }

  /** String: what include/grant.lua's describe() writes of a lease. Expires with it. */
  lease(leaseId: string): string {
    return this.leases + leaseId;
  }

  /** Sorted set: the leases of a scope by expiry. */
  scope(scope: string): string {
    return `${this.#prefix}cap:${scope}`;
  }

  /** The scope a key of scope() stands for. */
  scopeOf(key: string): CapScope {
    return key.slice(this.#prefix.length + 4) as CapScope;
  }

  /** Sorted set: the places of a line in their order. */
  line(name: string): string {
    return `${this.#prefix}line:${name}`;
  }

  /** Sorted set: the places of a line by when they vanish unless heard of. */
  alive(name: string): string {
    return `${this.#prefix}alive:${name}`;
  }

  /** List: when the last turns of a line were. */
  turns(name: string): string {
    return `${this.#prefix}turns:${name}`;
  }
}
