import type { DaemonId, SwitchName } from '../telephony/ids.ts';

/** A FreeSWITCH where daemons leave signs for each other. Neither rejects. */
export interface SignPost {
  readonly switchName: SwitchName;
  readonly connected: boolean;
  /** An empty sign takes it away. */
  leaveSign(daemonId: DaemonId, sign: string): Promise<void>;
  signOf(daemonId: DaemonId): Promise<string | undefined>;
}

export interface SignsOfLifeParts {
  readonly daemonId: DaemonId;
  readonly posts: readonly SignPost[];
  /** For how long Redis has not taken this daemon's word that it lives, ms. */
  unheardMs(): number;
  /** From when on signs are left: before the others take this daemon for gone, ms. */
  readonly leaveAfterMs: number;
  /** A sign that has not changed for so long is a dead daemon's: several rounds, ms. */
  readonly staleMs: number;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/**
 * How daemons tell one that died from one that only lost Redis: while Redis does not hear it, a daemon leaves a sign at
 * every FreeSWITCH it is connected to, a number that grows each round. Whoever would wake its callers looks there first:
 * their prompts play on as long as somebody is there for them. While all is well nothing is left anywhere, so that a
 * crash is seen without delay.
 */
export class SignsOfLife {
  readonly #parts: SignsOfLifeParts;
  #rounds = 0;
  #leaving = false;
  /** The last sign of others, and since when it is the same. */
  readonly #seen = new Map<DaemonId, { readonly sign: string; readonly sinceMs: number }>();

  constructor(parts: SignsOfLifeParts) {
    this.#parts = parts;
  }

  /** One round, every second or so. Never rejects. */
  async run(): Promise<void> {
    const { unheardMs, leaveAfterMs } = this.#parts;
    if (unheardMs() < leaveAfterMs) {
      await this.stop();
      return;
    }
    this.#leaving = true;
    this.#rounds += 1;
    await this.#leave(String(this.#rounds));
  }

  /** Takes the signs away again. Twice is harmless; never rejects. */
  async stop(): Promise<void> {
    if (!this.#leaving) return;
    this.#leaving = false;
    await this.#leave('');
  }

  /** Whether a daemon that Redis does not hear of lives all the same, by its sign at this FreeSWITCH. */
  async lives(daemonId: DaemonId, at: SwitchName): Promise<boolean> {
    const { posts, now, staleMs } = this.#parts;
    const post = posts.find(({ switchName }) => switchName === at);
    const sign = await post?.signOf(daemonId);
    if (sign === undefined) {
      this.#seen.delete(daemonId);
      return false;
    }
    const known = this.#seen.get(daemonId);
    if (known?.sign !== sign) {
      this.#seen.set(daemonId, { sign, sinceMs: now() });
      return true;
    }
    return now() - known.sinceMs < staleMs;
  }

  async #leave(sign: string): Promise<void> {
    const { posts, daemonId } = this.#parts;
    const connected = posts.filter((post) => post.connected);
    await Promise.all(connected.map((post) => post.leaveSign(daemonId, sign)));
  }
}
