import { randomBytes } from 'node:crypto';
import type { LiveEvent } from './live-event.ts';

export interface RingEntry {
  readonly id: string;
  readonly event: LiveEvent;
}

/**
 * The last events of one tenant, with ids by which a reader goes on where it was. Ids of another ring, of another
 * daemon or of before a restart, are not known here: what was missed then cannot be told, and is called a gap.
 */
export class EventRing {
  readonly #name = randomBytes(5).toString('hex');
  readonly #capacity: number;
  #entries: RingEntry[] = [];
  #first = 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The id of the newest event, or of the place before the first one. */
  get lastId(): string {
    return this.#idOf(this.#first + this.#entries.length - 1);
  }

  add(event: LiveEvent): RingEntry {
    const entry = { id: this.#idOf(this.#first + this.#entries.length), event };
    this.#entries.push(entry);
    // In pieces: a shift at every event would move them all every time.
    if (this.#entries.length >= 2 * this.#capacity) {
      this.#first += this.#capacity;
      this.#entries = this.#entries.slice(this.#capacity);
    }
    return entry;
  }

  /** What came after this id; undefined where that is not known any more. */
  after(id: string): readonly RingEntry[] | undefined {
    const [, name, number] = /^([0-9a-f]{10})-(\d{1,15})$/.exec(id) ?? [];
    const next = Number(number) + 1;
    const end = this.#first + this.#entries.length;
    const oldest = Math.max(this.#first, end - this.#capacity);
    if (name !== this.#name || next < oldest || next > end) return undefined;
    return this.#entries.slice(next - this.#first);
  }

  #idOf(number: number): string {
    return `${this.#name}-${number}`;
  }
}
