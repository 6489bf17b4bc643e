/** Aborts its signal after a while unless cancelled; a wait that ends otherwise cancels it and leaves no timer behind. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  /** `afterMs` counts from now; at most 2^31 - 1. */
  constructor(afterMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), Math.max(0, Math.min(afterMs, 0x7fff_ffff)));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
