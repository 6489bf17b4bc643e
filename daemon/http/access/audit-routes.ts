import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Problem } from '../problem.ts';
import { isNearMoment } from '../schemas.ts';
import { AuditEntrySchema, AuditPageSchema, AuditQuerySchema } from './audit-schemas.ts';
import { pageOf, picked } from './list-schemas.ts';
import type { AccessPorts } from './ports.ts';

/** `GET /audit-log`: there is no route that writes it. */
export function auditRoutes({ audit }: Pick<AccessPorts, 'audit'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/audit-log',
      {
        config: { access: { scope: 'audit:read' } },
        schema: {
          operationId: 'listAuditLog',
          summary: 'Who changed what, from where, with what stood there before and after; newest first',
          description: 'An operator who names no tenant reads the log of the platform itself.',
          tags: ['access'],
          querystring: AuditQuerySchema,
          response: { 200: AuditPageSchema },
        },
      },
      async (request) => {
        const { limit = 50, from, to, fields } = request.query;
        const pick = picked(AuditEntrySchema, fields);
        const wrong = Object.entries({ from, to })
          .filter(([, text]) => text !== undefined && !isNearMoment(new Date(text)))
          .map(([name]) => ({ field: `/${name}`, message: 'is no such day or hour' }));
        if (wrong.length > 0) throw new Problem('invalid-parameters', 'see faults', wrong);
        const found = await audit.list(request.principal.tenantId ?? null, request.query, limit + 1);
        const { rows, next } = pageOf(found, limit);
        return { entries: rows.map(pick), next };
      },
    );
  };
}
