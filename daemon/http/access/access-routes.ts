import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { SessionParts } from './session-routes.ts';
import { sessionRoutes } from './session-routes.ts';

/** Everything about who may do what: sessions, keys, people, roles, tenants, and the log of what they did. */
export function accessRoutes(parts: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(sessionRoutes(parts));
  };
}
