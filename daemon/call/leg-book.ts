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
}

/** Gathers the facts about a call's legs, from the inbound connection and from mod_json_cdr, whichever comes first. */
export class LegBook {
  readonly #link: SwitchLink | undefined;
  readonly #legs = new Map<ChannelUuid, LegEntry>();
  readonly #subscriptions: { off(): void }[] = [];
  readonly #onFact: (fact: LegFact) => void;
  #wake: (() => void) | undefined;

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
    };
    this.#legs.set(uuid, entry);
    const subscription = this.#link?.onLeg(uuid, (fact) => this.#take(fact));
    if (subscription !== undefined) this.#subscriptions.push(subscription);
    return entry;
  }

  get(uuid: ChannelUuid): LegEntry | undefined {
    return this.#legs.get(uuid);
  }

  entries(): IterableIterator<[ChannelUuid, LegEntry]> {
    return this.#legs.entries();
  }

  /** mod_json_cdr's word; an event that came first stays. */
  accept(end: LegEnd): void {
    const entry = this.#legs.get(end.channelUuid) ?? this.expect(end.channelUuid, end.side);
    if (entry.end !== undefined) return;
    entry.end = end;
    entry.endSource = 'json_cdr';
    this.#wake?.();
  }

  /** Resolves when every leg that was ever heard of has ended, or at the deadline: true if all did. */
  async allEnded(deadlineMs: number): Promise<boolean> {
    if (this.#complete()) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), deadlineMs);
    this.#wake = () => {
      if (this.#complete()) resolve(true);
    };
    const all = await promise;
    clearTimeout(timer);
    this.#wake = undefined;
    return all;
  }

  /** Stops listening. */
  close(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.off();
  }

  #complete(): boolean {
    for (const entry of this.#legs.values()) if (entry.end === undefined) return false;
    return true;
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
        break;
      case 'unbridged':
      case 'recordingStopped':
        break;
    }
    this.#onFact(fact);
  }
}
