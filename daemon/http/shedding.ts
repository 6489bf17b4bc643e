import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { Problem } from './problem.ts';

/** The mean of a second's event-loop delays from which on calls wait noticeably too. */
export const longestLoopDelayMs = 250;
/** One bad second is a start, or a neighbour on the machine; so many in a row are too much work. */
const patienceMs = 3_000;
/** A sample stands for a second: one that was seen longer ago belongs to another time. */
const freshMs = 2_000;

/**
 * An `onRequest` hook that turns requests away once the event loop has been late for some seconds: whoever looks at
 * calls must not keep calls waiting. First of all hooks, so that it costs next to nothing.
 */
export function shedding(now: () => number = () => performance.now()): onRequestAsyncHookHandler {
  let firstSeen = Number.NEGATIVE_INFINITY;
  let lastSeen = Number.NEGATIVE_INFINITY;
  return async (request: FastifyRequest) => {
    if (!request.server.isUnderPressure()) {
      lastSeen = Number.NEGATIVE_INFINITY;
      return;
    }
    const at = now();
    if (at - lastSeen > freshMs) firstSeen = at;
    lastSeen = at;
    // Figures are told all the same: they say why.
    if (at - firstSeen >= patienceMs && request.routeOptions.url !== '/metrics')
      throw new Problem('unavailable', 'this daemon is busy with calls: try again soon');
  };
}
