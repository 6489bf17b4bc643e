import type { DaemonId } from '../telephony/ids.ts';

/** A FreeSWITCH through which daemons hear of each other. */
export interface SignPost {
  readonly connected: boolean;
  /** Every daemon at this FreeSWITCH hears it. Never rejects. */
  giveSign(): Promise<void>;
  onSign(listener: (daemonId: DaemonId) => void): void;
}

export interface SignsOfLifeParts {
  readonly posts: readonly SignPost[];
  /** For how long Redis has not taken this daemon's word that it lives, ms. */
  unheardMs(): number;
  /** From when on signs are given: before the others take this daemon for gone, ms. */
  readonly giveAfterMs: number;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/** A daemon that was not heard of for so long gives no signs any more: they come every second, ms. */
const silentMs = 5_000;

/**
 * How daemons tell one that died from one that only lost Redis: while Redis does not hear it, a daemon gives a sign
 * through every FreeSWITCH it is connected to. Whoever would wake its callers asks here first: their prompts play on as
 * long as somebody is there for them. While all is well there are no signs, so that a crash is seen without delay.
 */
export class SignsOfLife {
  readonly #parts: SignsOfLifeParts;
  readonly #heardAtMs = new Map<DaemonId, number>();

  constructor(parts: SignsOfLifeParts) {
    this.#parts = parts;
  }

  /** Listens from now on. Twice is harmless. */
  start(): void {
    const { posts, now } = this.#parts;
    for (const post of posts) post.onSign((daemonId) => this.#heardAtMs.set(daemonId, now()));
  }

  /** One round, every second or so. Never rejects. */
  async run(): Promise<void> {
    const { unheardMs, giveAfterMs, posts } = this.#parts;
    if (unheardMs() < giveAfterMs) return;
    await Promise.all(posts.filter((post) => post.connected).map((post) => post.giveSign()));
  }

  /** Whether a daemon that Redis does not hear of lives all the same. */
  lives(daemonId: DaemonId): boolean {
    const heardAtMs = this.#heardAtMs.get(daemonId);
    if (heardAtMs === undefined) return false;
    if (this.#parts.now() - heardAtMs < silentMs) return true;
    this.#heardAtMs.delete(daemonId);
    return false;
  }
}
