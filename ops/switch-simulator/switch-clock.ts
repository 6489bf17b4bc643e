/** A pending wait of the simulated switch. */
export interface SwitchTimer {
  cancel(): void;
}

/**
 * The simulated switch's time: microseconds since 1970 like FreeSWITCH's, running `speed` times as fast as the wall's,
 * so that a call of a minute may be tested in a second and still bills a minute.
 */
export class SwitchClock {
  readonly #speed: number;
  readonly #startedAtMs = Date.now();
  readonly #startedAt = performance.now();
  readonly #pending = new Set<NodeJS.Timeout>();
  #second = -1;
  #local = '';
  #gmt = '';

  constructor(speed: number) {
    this.#speed = speed;
  }

  nowUs(): number {
    return Math.round(this.#startedAtMs * 1000 + (performance.now() - this.#startedAt) * 1000 * this.#speed);
  }

  /** Timers that have not fired: a leak check reads it. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Calls back after `ms` of the switch's time, not before: Node counts whole milliseconds, and may be one early. */
  after(ms: number, callback: () => void): SwitchTimer {
    const dueUs = this.nowUs() + ms * 1000;
    let timer: NodeJS.Timeout;
    const wait = (wallMs: number): void => {
      timer = setTimeout(() => {
        this.#pending.delete(timer);
        const earlyUs = dueUs - this.nowUs();
        if (earlyUs > 0) wait(earlyUs / 1000 / this.#speed);
        else callback();
      }, wallMs);
      this.#pending.add(timer);
    };
    wait(ms / this.#speed);
    return {
      cancel: () => {
        if (this.#pending.delete(timer)) clearTimeout(timer);
      },
    };
  }

  cancelAll(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }

  /** The date headers of an event, encoded; made once a second. */
  dateHeaders(nowUs: number): string {
    const second = Math.floor(nowUs / 1e6);
    if (second !== this.#second) {
      this.#second = second;
      this.#local = stampOf(nowUs).replace(' ', '%20').replaceAll(':', '%3A');
      this.#gmt = new Date(second * 1000).toUTCString().replaceAll(' ', '%20').replaceAll(':', '%3A');
    }
    return `Event-Date-Local: ${this.#local}\nEvent-Date-GMT: ${this.#gmt}\nEvent-Date-Timestamp: ${nowUs}\n`;
  }
}

const stamps = new Map<number, string>();

/** `2026-11-24 00:23:06`, as FreeSWITCH's `…_stamp` variables; UTC. */
export function stampOf(us: number): string {
  const second = Math.floor(us / 1e6);
  let stamp = stamps.get(second);
  if (stamp === undefined) {
    stamp = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
    // The stamps of a call lie close together: a few seconds of them are enough.
    if (stamps.size > 120) stamps.clear();
    stamps.set(second, stamp);
  }
  return stamp;
}
