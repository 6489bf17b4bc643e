import type { DaemonBus } from '../../caps/redis-bus.ts';
import type { LiveEvent } from './live-event.ts';

/** How long somebody who asked for a tenant's events is sent them; asked again well before. */
const wantedMs = 30_000;
/** Events are sent together: those of a moment, or so many. */
const batchMs = 40;
const largestBatch = 200;

/** What a daemon says to the others. */
type Message =
  | { readonly kind: 'want'; readonly daemon: string; readonly tenants: readonly string[] }
  | {
      readonly kind: 'news';
      readonly daemon: string;
      readonly tenant: string;
      /** 1, 2, 3 … of this daemon for this tenant, since somebody wants them. */
      readonly batch: number;
      readonly events: readonly LiveEvent[];
    };

export interface Here {
  /** The tenants somebody watches here. */
  wanted(): readonly string[];
  told(tenantId: string, events: readonly LiveEvent[]): void;
  /** Events were lost; of every tenant where none is named. */
  lost(tenantId: string | undefined, reason: string): void;
}

/** A tenant somebody watches at another daemon. */
interface Wanted {
  untilMs: number;
  batch: number;
  events: LiveEvent[];
}

/**
 * Events between daemons. Who has readers says so every few seconds; who has calls sends what those want, and nothing
 * else. Batches are numbered, so that a lost one is noticed.
 */
export class OtherDaemons {
  readonly #bus: DaemonBus;
  readonly #daemonId: string;
  readonly #now: () => number;
  readonly #here: Here;
  readonly #wanted = new Map<string, Wanted>();
  /** The last batch heard, by daemon and tenant. */
  readonly #heard = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(bus: DaemonBus, daemonId: string, now: () => number, here: Here) {
    this.#bus = bus;
    this.#daemonId = daemonId;
    this.#now = now;
    this.#here = here;
  }

  start(): void {
    this.#bus.hear((message) => this.#hear(message));
    this.#bus.onReconnect(() => {
      this.#heard.clear();
      this.#here.lost(undefined, 'the daemons did not hear of each other for a while');
      this.ask();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted.clear();
  }

  /** Says which tenants are watched here. */
  ask(): void {
    const tenants = this.#here.wanted();
    if (tenants.length === 0) this.#heard.clear();
    else this.#send({ kind: 'want', daemon: this.#daemonId, tenants });
  }

  /** Whether a tenant is watched elsewhere. On the hot path: no daemon but this one makes it one look into a map. */
  want(tenantId: string): boolean {
    const wanted = this.#wanted.get(tenantId);
    if (wanted === undefined) return false;
    if (wanted.untilMs > this.#now()) return true;
    this.#wanted.delete(tenantId);
    return false;
  }

  tell(tenantId: string, event: LiveEvent): void {
    const wanted = this.want(tenantId) ? this.#wanted.get(tenantId) : undefined;
    if (wanted === undefined) return;
    wanted.events.push(event);
    if (wanted.events.length >= largestBatch) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), batchMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [tenant, wanted] of this.#wanted) {
      const { events } = wanted;
      if (events.length === 0) continue;
      wanted.events = [];
      wanted.batch += 1;
      this.#send({ kind: 'news', daemon: this.#daemonId, tenant, batch: wanted.batch, events });
    }
  }

  #send(message: Message): void {
    this.#bus.publish(JSON.stringify(message));
  }

  #hear(text: string): void {
    const message = read(text);
    if (message === undefined || message.daemon === this.#daemonId) return;
    if (message.kind === 'want') {
      for (const tenant of message.tenants) {
        const known = this.#wanted.get(tenant);
        const untilMs = this.#now() + wantedMs;
        if (known === undefined) this.#wanted.set(tenant, { untilMs, batch: 0, events: [] });
        else known.untilMs = untilMs;
      }
      return;
    }
    const { daemon, tenant, batch, events } = message;
    if (!this.#here.wanted().includes(tenant)) return;
    const from = `${daemon} ${tenant}`;
    const last = this.#heard.get(from);
    // One that begins anew at 1 was not asked for a while.
    if (last !== undefined && batch !== last + 1 && batch !== 1)
      this.#here.lost(tenant, 'events of another daemon were lost on their way');
    this.#heard.set(from, batch);
    this.#here.told(tenant, events);
  }
}

/** Undefined where it is none of ours: anybody may write to a channel. */
function read(text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return undefined;
  }
}
