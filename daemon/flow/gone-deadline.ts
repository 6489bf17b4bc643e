/**
 * Ends what outlives its channel. A node has all the time its channel lives; once that is gone, whatever still runs
 * (and everything the flow does afterwards) has `graceMs` together, so that no call is held for ever.
 */
export class GoneDeadline {
  readonly #hungUp: AbortSignal;
  readonly #graceMs: number;
  /** Made exact by `concat`: an array that is pushed to has room for 17, in every live call. */
  #running: readonly ((reason: unknown) => void)[] = [];
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
  hold<Result>(running: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown): void => {
        this.#drop(leave);
        reject(reason);
      };
      this.#running = this.#running.concat(leave);
      running.then((result) => {
        this.#drop(leave);
        resolve(result);
      }, leave);
    });
  }

  /** Twice where the deadline came first and what ran ends after all. */
  #drop(leave: (reason: unknown) => void): void {
    this.#running = this.#running.filter((one) => one !== leave);
  }

  readonly #begin = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#passed = true;
      this.#running.at(-1)?.(this.#hungUp.reason);
    }, this.#graceMs);
  };
}
