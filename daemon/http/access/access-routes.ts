import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { auditRoutes } from './audit-routes.ts';
import type { AccessPorts } from './ports.ts';
import type { SessionParts } from './session-routes.ts';
import { sessionRoutes } from './session-routes.ts';

export interface AccessParts extends Omit<SessionParts, 'access'> {
  readonly access: AccessPorts;
}

/** Everything about who may do what: sessions, keys, people, roles, tenants, and the log of what they did. */
export function accessRoutes(parts: AccessParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(sessionRoutes(parts));
    await app.register(auditRoutes(parts.access));
  };
}
