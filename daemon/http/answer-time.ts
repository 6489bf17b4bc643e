import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { Problem } from './problem.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long an answer may take, ms; 0: for ever. Default: `answerWithin`'s. */
    readonly answerWithinMs?: number;
  }
}

interface Answering {
  readonly signal: AbortSignal;
  readonly timer: NodeJS.Timeout | undefined;
}
const underWay = new WeakMap<FastifyRequest, Answering>();

function answering(request: FastifyRequest): Answering {
  const found = underWay.get(request);
  if (found === undefined) throw new Error('this request has no time to be answered in');
  return found;
}

/** Aborted when the answer took too long, or when whoever asked went away before it had all of it. */
export function signalOf(request: FastifyRequest): AbortSignal {
  return answering(request).signal;
}

/**
 * From now on the answer may take as long as whoever asked goes on reading it. One that stands still is cut by the
 * server's `connectionTimeout`.
 */
export function lastsWhileRead(request: FastifyRequest): void {
  clearTimeout(answering(request).timer);
}

/**
 * An `onRequest` hook: every request is answered within its route's time, with 503 where nothing was said yet and by
 * cutting the connection otherwise. Fastify's own `handlerTimeout` and `request.signal` will not do: they end with the
 * request's `close`, which Node tells as soon as the body was read, so that no request with a body had a deadline and an
 * import was aborted when its last bytes came.
 */
export function answerWithin(ms: number): onRequestHookHandler {
  return (request: FastifyRequest, reply: FastifyReply, done) => {
    const gone = new AbortController();
    const within = request.routeOptions.config.answerWithinMs ?? ms;
    const timer = within === 0 ? undefined : setTimeout(() => late(reply, gone), within);
    underWay.set(request, { signal: gone.signal, timer });
    reply.raw.once('close', () => {
      clearTimeout(timer);
      if (!reply.raw.writableFinished) gone.abort(new Problem('unavailable', 'whoever asked went away'));
    });
    done();
  };
}

function late(reply: FastifyReply, gone: AbortController): void {
  const problem = new Problem('unavailable', 'the answer took too long; try again soon');
  gone.abort(problem);
  // What hears of it may have answered by now.
  if (reply.raw.headersSent) reply.raw.destroy();
  else if (!reply.sent) void reply.send(problem);
}
