/** One wait for an answer, in the order of asking. */
interface Waiting {
  readonly endAtMs: number;
  readonly expire: () => void;
  answered: boolean;
}

/**
 * Deadlines of equal length for many short waits, with one timer for all: thousands of commands a second each get
 * one, and a timer for every command would cost more than the command.
 */
export class DeadlineQueue {
  readonly #lengthMs: number;
  #waiting: Waiting[] = [];
  #first = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** Calls `expire` after the length of time unless the returned function was called first. */
  watch(expire: () => void): () => void {
    const entry: Waiting = { endAtMs: performance.now() + this.#lengthMs, expire, answered: false };
    this.#waiting.push(entry);
    if (this.#timer === undefined) this.#arm(this.#lengthMs);
    return () => {
      entry.answered = true;
      this.#skipAnswered();
    };
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length - this.#first;
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), ms);
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      // Half a millisecond of grace: timers fire up to one early.
      if (head.endAtMs > now + 0.5) {
        this.#arm(Math.max(1, head.endAtMs - now));
        return;
      }
      this.#first += 1;
      head.answered = true;
      head.expire();
    }
    this.#skipAnswered();
  }

  #head(): Waiting | undefined {
    this.#skipAnswered();
    return this.#waiting[this.#first];
  }

  #skipAnswered(): void {
    while (this.#waiting[this.#first]?.answered === true) this.#first += 1;
    if (this.#first === this.#waiting.length) {
      this.#waiting = [];
      this.#first = 0;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#first > 1024) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }
}
