/**
 * So many things are asked of a disk at once, and the rest waits. Node has four threads for all files and names of a
 * process; a disk that hangs keeps each thread that asks it, and the calls' own records need one.
 */
export class DiskTurns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Does `work` in its turn, which ends with it, however long it takes. Rejects with the signal's reason where that comes first. */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  /** Whoever ends hands its turn on. */
  #turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const forget = (): void => {
      this.#waiting.delete(next);
      signal.removeEventListener('abort', gone);
    };
    const next = (): void => {
      forget();
      resolve();
    };
    const gone = (): void => {
      forget();
      reject(signal.reason as Error);
    };
    this.#waiting.add(next);
    signal.addEventListener('abort', gone, { once: true });
    return promise;
  }
}
