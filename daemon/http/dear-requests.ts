import type { preHandlerAsyncHookHandler } from 'fastify';
import { Problem } from './problem.ts';

/** What keeps PostgreSQL busy, or a file open, for as long as it lasts. Stated at a route, in `config.dear`. */
export type Dear = 'report' | 'export' | 'playback';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly dear?: Dear;
  }
}

/** How many may be under way of one principal, of one tenant, and of all together. */
interface Bound {
  readonly ofOne: number;
  readonly ofTenant: number;
  readonly ofAll: number;
}
/** Of the API's eight connections some are left for lists, whoever wants what; an export holds one now and then only. */
const bounds: Readonly<Record<Dear, Bound>> = {
  report: { ofOne: 3, ofTenant: 4, ofAll: 6 },
  export: { ofOne: 2, ofTenant: 4, ofAll: 12 },
  // A page with many players asks for a few at once (browsers: six), and holds each for as long as it is heard.
  playback: { ofOne: 12, ofTenant: 40, ofAll: 100 },
};

/** A `preHandler` hook that answers 429 to whoever has enough of such requests under way. */
export function limitDear(): preHandlerAsyncHookHandler {
  const underWay = new Map<string, number>();
  const count = (name: string, more: 1 | -1): void => {
    const now = (underWay.get(name) ?? 0) + more;
    if (now === 0) underWay.delete(name);
    else underWay.set(name, now);
  };
  return async (request, reply) => {
    const { dear } = request.routeOptions.config;
    // Whoever went while the key was looked up: their place would never be given back.
    if (dear === undefined || reply.raw.destroyed) return;
    const { kind, id = '', tenantId = '' } = request.principal;
    const { ofOne, ofTenant, ofAll } = bounds[dear];
    const names = { [`${dear} ${kind} ${id}`]: ofOne, [`${dear} of ${tenantId}`]: ofTenant, [dear]: ofAll };
    for (const [name, most] of Object.entries(names))
      if ((underWay.get(name) ?? 0) >= most)
        throw new Problem('too-many-requests', `too many ${dear}s are under way: wait for one of them`);
    for (const name of Object.keys(names)) count(name, 1);
    // However it ends: answered, failed, or the client went.
    reply.raw.once('close', () => {
      for (const name of Object.keys(names)) count(name, -1);
    });
  };
}
