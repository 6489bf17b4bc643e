import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { Problem } from './problem.ts';

/** The mean of a second's event-loop delays from which on calls wait noticeably too. */
export const longestLoopDelayMs = 250;
/** One bad second is a start, or a neighbour on the machine; so many in a row are too much work. */
const patienceMs = 3_000;
/** A sample stands for a second: one that was seen longer ago belongs to another time. */
const freshMs = 2_000;

/** Tells a lasting pressure from a passing one; of no use unless it is asked every second or so. */
export class Pressure {
  readonly #now: () => number;
  #firstSeen = Number.NEGATIVE_INFINITY;
  #lastSeen = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the event loop has been late for some seconds. */
  lasts(app: Pick<FastifyInstance, 'isUnderPressure'>): boolean {
    if (!app.isUnderPressure()) {
      this.#lastSeen = Number.NEGATIVE_INFINITY;
      return false;
    }
    const at = this.#now();
    if (at - this.#lastSeen > freshMs) this.#firstSeen = at;
    this.#lastSeen = at;
    return at - this.#firstSeen >= patienceMs;
  }
}

/**
 * An `onRequest` hook that turns requests away while the pressure lasts: whoever looks at calls must not keep calls
 * waiting. First of all hooks, so that it costs next to nothing.
 */
export function shedding(pressure: Pressure): onRequestAsyncHookHandler {
  return async (request: FastifyRequest) => {
    // Figures are told all the same: they say why.
    if (pressure.lasts(request.server) && request.routeOptions.url !== '/metrics')
      throw new Problem('unavailable', 'this daemon is busy with calls: try again soon');
  };
}
