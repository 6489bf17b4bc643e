import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { demandIfMatch, etagOf, IfMatchSchema } from '../conditional.ts';
import { itemQuery, picked } from './list-schemas.ts';
import type { AccessPorts } from './ports.ts';
import { OwnTenantChangeSchema, TenantSchema } from './tenant-schemas.ts';

const tags = ['access'];

/** `/tenant`: the one that whoever asks is in, and what its admin decides for it. */
export function ownTenantRoutes({ tenants }: Pick<AccessPorts, 'tenants'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/tenant',
      {
        config: { access: { scope: 'tenants:read' } },
        schema: {
          operationId: 'getOwnTenant',
          summary: 'The tenant you are in',
          tags,
          querystring: itemQuery,
          response: { 200: Type.Partial(TenantSchema) },
        },
      },
      async (request, reply) => {
        const pick = picked(TenantSchema, request.query.fields);
        const tenant = await tenants.findOwn(tenantOf(request));
        reply.header('etag', etagOf(tenant));
        return pick(tenant);
      },
    );

    app.patch(
      '/tenant',
      {
        config: { access: { scope: 'tenants:write' } },
        schema: {
          operationId: 'updateOwnTenant',
          summary: 'Changes the name of the tenant you are in, and what its publishers and buyers see',
          description:
            'With `wholeNumbers` they see whole telephone numbers wherever calls are shown: lists, exports, timelines and the live stream, of which those that are open begin anew. Otherwise they see the last four digits.',
          tags,
          headers: IfMatchSchema,
          body: OwnTenantChangeSchema,
          response: { 200: TenantSchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const tenant = await tenants.changeOwn(request, tenantOf(request), request.body);
        reply.header('etag', etagOf(tenant));
        return tenant;
      },
    );
  };
}
