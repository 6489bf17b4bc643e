import type { CallNews, CallWatch } from '../../call/call-news.ts';
import type { DaemonBus } from '../../caps/redis-bus.ts';
import type { Showing } from '../access/number-policy.ts';
import { Problem, unavailable } from '../problem.ts';
import { instantOfMs } from '../schemas.ts';
import { EventRing } from './event-ring.ts';
import { type CapNews, eventOf, type LiveEvent } from './live-event.ts';
import { LiveReader, wireText } from './live-reader.ts';
import { OtherDaemons } from './other-daemons.ts';

export interface LiveFeedOptions {
  readonly daemonId: string;
  readonly bus: DaemonBus;
  readonly log: { info(facts: object, message: string): void };
  /** Events of a tenant that are kept for those who come back. Default 1,000. */
  readonly keep?: number;
  /** How much a reader may leave untaken. Default 1 MiB, more than all that is kept. */
  readonly mostBytes?: number;
  /** Streams one principal, one tenant, and all together may have open. Defaults 10, 50 and 500. */
  readonly mostOfOne?: number;
  readonly mostOfTenant?: number;
  readonly mostOfAll?: number;
  /** How often something is sent, so that no one between takes a silent stream for dead. Default 10,000. */
  readonly beatMs?: number;
  /** Events within this are one write for each reader. Default 80. */
  readonly gatherMs?: number;
  /** How often readers are asked about: whoever lost the right to read is cut off. Default 1,000. */
  readonly checkMs?: number;
  /** How long events are kept when the last reader of a tenant went. Default 60,000. */
  readonly lingerMs?: number;
  /** A stream ends after this, and its reader must sign in anew. Default 900,000. */
  readonly longestMs?: number;
  readonly now?: () => number;
}

/** What one tenant's readers share. */
interface Room {
  readonly ring: EventRing;
  readonly readers: Set<LiveReader>;
  /** When its last reader went. */
  emptySinceMs: number;
}

/** Who wants to read. `principal`: by which streams are counted. */
export interface ReadRequest extends Showing {
  readonly tenantId: string;
  readonly principal: string;
  readonly lastEventId: string | undefined;
  /** Rejects where nobody can say. Default: always. */
  readonly stillAllowed?: () => Promise<boolean>;
}

/**
 * What happens now, for those who watch: calls of every daemon, a tenant at a time. Of a tenant nobody watches nothing
 * is made, kept or sent. Nothing here waits, for a reader or for Redis: losing all of it harms no call.
 */
export class LiveFeed implements CallWatch {
  readonly #options: Required<LiveFeedOptions>;
  readonly #rooms = new Map<string, Room>();
  readonly #others: OtherDaemons;
  readonly #open = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #checking = false;
  #closed = false;

  constructor(options: LiveFeedOptions) {
    this.#options = {
      keep: 1_000,
      mostBytes: 1024 * 1024,
      mostOfOne: 10,
      mostOfTenant: 50,
      mostOfAll: 500,
      beatMs: 10_000,
      gatherMs: 80,
      checkMs: 1_000,
      lingerMs: 60_000,
      longestMs: 900_000,
      now: Date.now,
      ...options,
    };
    this.#others = new OtherDaemons(options.bus, options.daemonId, this.#options.now, {
      wanted: () => [...this.#rooms.keys()],
      told: (tenantId, events) => {
        for (const event of events) this.#show(tenantId, event);
      },
      lost: (tenantId, reason) => {
        for (const room of tenantId === undefined ? this.#rooms.keys() : [tenantId])
          this.#show(room, this.#gap(reason));
      },
    });
  }

  start(): void {
    this.#others.start();
    this.#timer ??= setInterval(() => this.beat(), this.#options.beatMs);
    this.#timer.unref();
    this.#checkTimer ??= setInterval(() => void this.check(), this.#options.checkMs);
    this.#checkTimer.unref();
  }

  /** Ends every stream, and lets nobody in any more. Twice is harmless. */
  stop(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearInterval(this.#checkTimer);
    clearTimeout(this.#gathering);
    this.endAll();
    this.#rooms.clear();
    this.#others.stop();
  }

  /** Ends every stream: whoever reads comes back when it is let in. */
  endAll(): void {
    for (const reader of this.#readers()) reader.finish();
  }

  *#readers(): Generator<LiveReader> {
    for (const { readers } of this.#rooms.values()) yield* readers;
  }

  get readers(): number {
    let readers = 0;
    for (const room of this.#rooms.values()) readers += room.readers.size;
    return readers;
  }

  wants(tenantId: string): boolean {
    return this.#rooms.has(tenantId) || this.#others.want(tenantId);
  }

  tell(news: CallNews | CapNews): void {
    const event = eventOf(news, this.#options.now());
    this.#show(news.tenantId, event);
    this.#others.tell(news.tenantId, event);
  }

  /** @throws Problem where there are too many streams, or the daemon is stopping. */
  read({ tenantId, view, masked, principal, lastEventId, stillAllowed }: ReadRequest): LiveReader {
    const { mostOfOne, mostOfTenant, mostOfAll, mostBytes, now, log } = this.#options;
    if (this.#closed || this.readers >= mostOfAll) throw unavailable('the live stream');
    const open = this.#open.get(principal) ?? 0;
    if (open >= mostOfOne)
      throw new Problem('too-many-requests', `${open} streams are open already: close one, or wait`);
    if ((this.#rooms.get(tenantId)?.readers.size ?? 0) >= mostOfTenant)
      throw new Problem('too-many-requests', `${mostOfTenant} streams of this tenant are open already`);
    const reader = new LiveReader({ view, masked }, now(), mostBytes, stillAllowed);
    const room = this.#roomOf(tenantId);
    this.#open.set(principal, open + 1);
    reader.once('close', () => {
      room.readers.delete(reader);
      room.emptySinceMs = now();
      const left = (this.#open.get(principal) ?? 1) - 1;
      if (left === 0) this.#open.delete(principal);
      else this.#open.set(principal, left);
      if (reader.dropped) log.info({ tenantId }, 'a reader of the live stream was too slow and was cut off');
    });
    const missed = lastEventId === undefined ? [] : room.ring.after(lastEventId);
    reader.send(
      `retry: 2000\nid: ${missed === undefined || lastEventId === undefined ? room.ring.lastId : lastEventId}\n\n`,
    );
    if (missed === undefined)
      reader.send(
        wireText(room.ring.lastId, this.#gap('what came after that event is not known here any more')),
      );
    for (const { id, event } of missed ?? []) reader.show(id, event, () => wireText(id, event));
    reader.flush();
    room.readers.add(reader);
    return reader;
  }

  /**
   * By itself every `checkMs`: cuts off whom a key, a session or a membership was taken away from. One after the other,
   * and not while PostgreSQL is away: who may read is remembered for some seconds, so that this asks it little.
   */
  async check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      for (const reader of this.#readers()) if (!(await reader.stillAllowed())) reader.finish();
    } catch {
      // Nobody can say: the next time.
    } finally {
      this.#checking = false;
    }
  }

  /** By itself every `beatMs`: a sign of life for each reader, and what is old goes. */
  beat(): void {
    const { now, lingerMs, longestMs } = this.#options;
    for (const [tenantId, { readers, emptySinceMs }] of this.#rooms) {
      for (const reader of readers)
        if (now() - reader.openedAtMs > longestMs) reader.finish();
        else {
          reader.send(':\n\n');
          reader.flush();
        }
      if (readers.size === 0 && now() - emptySinceMs >= lingerMs) this.#rooms.delete(tenantId);
    }
    this.#others.ask();
  }

  #roomOf(tenantId: string): Room {
    let room = this.#rooms.get(tenantId);
    if (room === undefined) {
      room = { ring: new EventRing(this.#options.keep), readers: new Set(), emptySinceMs: 0 };
      this.#rooms.set(tenantId, room);
      this.#others.ask();
    }
    return room;
  }

  #show(tenantId: string, event: LiveEvent): void {
    const room = this.#rooms.get(tenantId);
    if (room === undefined) return;
    const { id } = room.ring.add(event);
    let text: string | undefined;
    const whole = (): string => {
      text ??= wireText(id, event);
      return text;
    };
    if (room.readers.size === 0) return;
    for (const reader of room.readers) reader.show(id, event, whole);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      for (const reader of this.#readers()) reader.flush();
    }, this.#options.gatherMs);
  }

  #gap(reason: string): LiveEvent {
    return { kind: 'gap', data: { at: instantOfMs(this.#options.now()), reason } };
  }
}
