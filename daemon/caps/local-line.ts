import type { WaitingCaller } from './waiting-caller.ts';

/** What take.lua said last to this daemon's first caller of a line. */
export type LineState = 'unknown' | 'behind' | 'full';

/** This daemon's callers in one line, in their order. Only the first of them ever asks for its turn. */
export class LocalLine {
  readonly name: string;
  state: LineState = 'unknown';
  /** A wake-up came while the first one was asking: ask once more. */
  again = false;
  #callers: WaitingCaller[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get first(): WaitingCaller | undefined {
    return this.#callers[0];
  }

  get callers(): readonly WaitingCaller[] {
    return this.#callers;
  }

  add(caller: WaitingCaller): void {
    this.#callers.push(caller);
    this.#callers.sort((one, other) => Number(one.score) - Number(other.score));
    if (this.first === caller) this.state = 'unknown';
  }

  /** @returns whether another caller is first now. */
  remove(caller: WaitingCaller): boolean {
    const wasFirst = this.first === caller;
    this.#callers = this.#callers.filter((one) => one !== caller);
    if (wasFirst) {
      this.state = 'unknown';
      this.rest();
    }
    return wasFirst && this.first !== undefined;
  }

  /** Wakes once after this time, unless woken before. */
  wakeAfter(ms: number, wake: () => void): void {
    this.rest();
    this.#timer = setTimeout(wake, Math.min(Math.max(1, ms), 600_000));
    this.#timer.unref();
  }

  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
