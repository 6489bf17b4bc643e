import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { apiKeyRoutes } from './api-key-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { invitationRoutes } from './invitation-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { ownTenantRoutes } from './own-tenant-routes.ts';
import { userRoutes } from './people-routes.ts';
import type { AccessPorts } from './ports.ts';
import { roleRoutes } from './role-routes.ts';
import type { SessionParts } from './session-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { tenantRoutes } from './tenant-routes.ts';

export interface AccessParts extends Omit<SessionParts, 'access'> {
  readonly access: AccessPorts;
}

/** Everything about who may do what: sessions, keys, people, roles, tenants, and the log of what they did. */
export function accessRoutes(parts: AccessParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(sessionRoutes(parts));
    await app.register(apiKeyRoutes(parts.access));
    await app.register(userRoutes(parts));
    await app.register(invitationRoutes(parts.access));
    await app.register(roleRoutes(parts.access));
    await app.register(operatorRoutes(parts));
    await app.register(tenantRoutes(parts.access));
    await app.register(ownTenantRoutes(parts.access));
    await app.register(auditRoutes(parts.access));
  };
}
