/**
 * Ends what outlives its channel. A node has all the time its channel lives; once that is gone, whatever still runs
 * (and everything the flow does afterwards) has `graceMs` together, so that no call is held for ever.
 */
export class GoneDeadline {
  readonly #hungUp: AbortSignal;
  readonly #graceMs: number;
  readonly #running: ((reason: unknown) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #passed = false;

  constructor(hungUp: AbortSignal, graceMs: number) {
    this.#hungUp = hungUp;
    this.#graceMs = graceMs;
  }

  /** True once the time is over: nothing more is begun. */
  get passed(): boolean {
    return this.#passed;
  }

  start(): void {
    if (this.#hungUp.aborted) this.#begin();
    else this.#hungUp.addEventListener('abort', this.#begin, { once: true });
  }

  stop(): void {
    this.#hungUp.removeEventListener('abort', this.#begin);
    clearTimeout(this.#timer);
  }

  /** What `running` becomes, or a rejection with the channel's end when the time is over and it is the innermost. */
  async hold<Result>(running: Promise<Result>): Promise<Result> {
    const held = Promise.withResolvers<Result>();
    running.then(held.resolve, held.reject);
    this.#running.push(held.reject);
    try {
      return await held.promise;
    } finally {
      this.#running.pop();
    }
  }

  readonly #begin = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#passed = true;
      this.#running.at(-1)?.(this.#hungUp.reason);
    }, this.#graceMs);
  };
}
