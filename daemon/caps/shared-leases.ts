import type { CallId } from '../telephony/ids.ts';
import type { LeasedCall, LeasedCalls } from './leased-calls.ts';
import { RedisAway } from './redis-link.ts';

export interface SharedLeasesOptions {
  readonly leased: Pick<LeasedCalls, 'list' | 'find'>;
  /** So many leases are read at once: about 30 ms of Redis' time, in pieces. A call has two. Default 10,000. */
  readonly mostLeases?: number;
  /** How long what was read is good enough for whoever looks. Default 1,000. */
  readonly freshMs?: number;
}

interface Reading {
  readonly calls: readonly LeasedCall[];
  readonly byId: ReadonlyMap<CallId, LeasedCall>;
  readonly whole: boolean;
  /** When it began, by `performance.now()`. */
  readonly beganAtMs: number;
}

/**
 * The live calls of all daemons for those who only look: one reading of the leases about once a second, whoever and
 * however many ask, so that no number of requests keeps Redis from decisions about calls.
 */
export class SharedLeases {
  readonly #options: Required<SharedLeasesOptions>;
  #last: Reading | undefined;
  #reading: Promise<Reading> | undefined;
  #searching = false;

  constructor(options: SharedLeasesOptions) {
    this.#options = { mostLeases: 10_000, freshMs: 1_000, ...options };
  }

  /** `whole`: false where there are more than are read. @throws RedisAway */
  async list(): Promise<{ readonly calls: readonly LeasedCall[]; readonly whole: boolean }> {
    return this.#recent();
  }

  /**
   * A call that began just now is found too: that there is none is believed only of a reading that began after the
   * question, which may be a second away.
   *
   * @throws RedisAway
   */
  async find(callId: CallId): Promise<LeasedCall | undefined> {
    const askedAtMs = performance.now();
    let reading = await this.#recent();
    while (!reading.byId.has(callId) && reading.beganAtMs < askedAtMs) {
      await this.#until(reading.beganAtMs + this.#options.freshMs);
      reading = await this.#recent();
    }
    const found = reading.byId.get(callId);
    return found === undefined && !reading.whole ? this.#search(callId) : found;
  }

  /** One that is fresh, or is being read. */
  async #recent(): Promise<Reading> {
    const { freshMs } = this.#options;
    if (this.#last !== undefined && performance.now() - this.#last.beganAtMs < freshMs) return this.#last;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<Reading> {
    const beganAtMs = performance.now();
    const { calls, whole } = await this.#options.leased.list(this.#options.mostLeases);
    const byId = new Map(calls.map((call) => [call.callId, call]));
    this.#last = { calls, byId, whole, beganAtMs };
    return this.#last;
  }

  async #until(ms: number): Promise<void> {
    const left = ms - performance.now();
    if (left > 0) await new Promise<void>((resolve) => setTimeout(resolve, Math.ceil(left)));
  }

  /** Through all leases, where there are more than are read: for one at a time. */
  async #search(callId: CallId): Promise<LeasedCall | undefined> {
    if (this.#searching) throw new RedisAway('another call is being looked for among very many');
    this.#searching = true;
    try {
      return await this.#options.leased.find(callId);
    } finally {
      this.#searching = false;
    }
  }
}
