import type { LegEnd, LegFact } from '../channel/leg-fact.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { ChannelUuid } from '../telephony/ids.ts';

/** What FreeSWITCH has told of one leg so far. */
export interface LegEntry {
  readonly side: 'A' | 'B';
  answeredAtUs: number | undefined;
  bridgedAtUs: number | undefined;
  end: LegEnd | undefined;
  endSource: 'event' | 'json_cdr' | undefined;
  /** Set where FreeSWITCH may never have made the leg: till then (process clock, ms) its end is waited for. */
  doubtful: number | undefined;
}

/** How much later than its call's record the end of a leg may be told and is still taken, ms. */
const lateMs = 30_000;

/** Gathers the facts about a call's legs, from the inbound connection and from mod_json_cdr, whichever comes first. */
export class LegBook {
  readonly #link: SwitchLink | undefined;
  readonly #legs = new Map<ChannelUuid, LegEntry>();
  readonly #subscriptions = new Map<ChannelUuid, { off(): void }>();
  readonly #onFact: (fact: LegFact) => void;
  #wake: (() => void) | undefined;
  #late: ((end: LegEnd) => void) | undefined;

  constructor(link: SwitchLink | undefined, onFact: (fact: LegFact) => void) {
    this.#link = link;
    this.#onFact = onFact;
  }

  /** From now on facts of this leg are kept. */
  expect(uuid: ChannelUuid, side: 'A' | 'B'): LegEntry {
    const known = this.#legs.get(uuid);
    if (known !== undefined) return known;
    const entry: LegEntry = {
      side,
      answeredAtUs: undefined,
      bridgedAtUs: undefined,
      end: undefined,
      endSource: undefined,
      doubtful: undefined,
    };
    this.#legs.set(uuid, entry);
    const subscription = this.#link?.onLeg(uuid, (fact) => this.#take(fact));
    if (subscription !== undefined) this.#subscriptions.set(uuid, subscription);
    return entry;
  }

  get(uuid: ChannelUuid): LegEntry | undefined {
    return this.#legs.get(uuid);
  }

  entries(): IterableIterator<[ChannelUuid, LegEntry]> {
    return this.#legs.entries();
  }

  /**
   * A dial failed in a way that may have made no channel (no gateway, no route, caller gone first), or the leg ended
   * before this daemon listened: FreeSWITCH has told of it within `graceMs`, or tells late or never.
   */
  doubt(uuid: ChannelUuid, graceMs: number): void {
    const entry = this.#legs.get(uuid);
    if (entry !== undefined && entry.answeredAtUs === undefined) entry.doubtful = performance.now() + graceMs;
  }

  /** mod_json_cdr's word; an event that came first stays. */
  accept(end: LegEnd): void {
    const entry = this.#legs.get(end.channelUuid) ?? this.expect(end.channelUuid, end.side);
    if (entry.end !== undefined) return;
    entry.end = end;
    entry.endSource = 'json_cdr';
    this.#wake?.();
  }

  /** Resolves when every leg that is known to be has ended, or at the deadline: true if all did. */
  async allEnded(deadlineMs: number): Promise<boolean> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const until = this.#expectedUntil(deadline);
      const leftMs = until - performance.now();
      if (leftMs <= 0) return until < deadline;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, Math.ceil(leftMs));
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  /** Stops listening. Ends that are still to come go to `late` for a while: the record did not wait for them. */
  close(late?: (end: LegEnd) => void): void {
    this.#late = late;
    for (const [uuid, subscription] of this.#subscriptions)
      if (late === undefined || this.#legs.get(uuid)?.end !== undefined) {
        subscription.off();
        this.#subscriptions.delete(uuid);
      }
    if (this.#subscriptions.size > 0) setTimeout(() => this.close(), lateMs).unref();
  }

  /** When there is nothing more to wait for: at the deadline, when a doubt is settled, or at once (0). */
  #expectedUntil(deadline: number): number {
    let until = 0;
    for (const { end, doubtful } of this.#legs.values())
      if (end === undefined) until = Math.max(until, Math.min(doubtful ?? deadline, deadline));
    return until;
  }

  #take(fact: LegFact): void {
    const entry = this.#legs.get(fact.channelUuid);
    if (entry === undefined) return;
    switch (fact.kind) {
      case 'answered':
        entry.answeredAtUs ??= fact.atUs;
        break;
      case 'bridged':
        entry.bridgedAtUs ??= fact.atUs;
        break;
      case 'ended':
        entry.end = fact.leg;
        entry.endSource = 'event';
        this.#wake?.();
        this.#late?.(fact.leg);
        break;
      case 'unbridged':
      case 'recordingStopped':
        break;
    }
    if (this.#late === undefined) this.#onFact(fact);
  }
}
