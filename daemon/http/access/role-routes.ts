import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { demandIfMatch, etagOf, IfMatchSchema } from '../conditional.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { itemQuery, pageOf, picked } from './list-schemas.ts';
import type { AccessPorts } from './ports.ts';
import {
  RoleBodySchema,
  RoleChangeSchema,
  RoleListSchema,
  RoleQuerySchema,
  RoleSchema,
  type RoleView,
} from './role-schemas.ts';

const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'access:read' } } as const;
const write = { access: { scope: 'access:write' } } as const;
const tags = ['access'];

/** `/roles`: the platform's to read, the tenant's own to change. */
export function roleRoutes({
  roles,
  identities,
}: Pick<AccessPorts, 'roles' | 'identities'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/roles',
      {
        config: read,
        schema: {
          summary: "The roles one may give: the platform's and the tenant's own",
          tags,
          querystring: RoleQuerySchema,
          response: { 200: RoleListSchema },
        },
      },
      async (request) => {
        const { limit = 50, fields } = request.query;
        const pick = picked(RoleSchema, fields);
        const { rows, next } = pageOf(await roles.list(tenantOf(request), request.query, limit + 1), limit);
        return { roles: rows.map(pick), next };
      },
    );

    app.get(
      '/roles/:id',
      {
        config: read,
        schema: {
          summary: 'One role that may be given',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(RoleSchema) },
        },
      },
      async (request, reply) => {
        const pick = picked(RoleSchema, request.query.fields);
        const role = await roles.find(tenantOf(request), request.params.id);
        reply.header('etag', etagOf(role));
        return pick(role);
      },
    );

    app.post(
      '/roles',
      {
        config: write,
        schema: {
          summary: 'Makes a role of the tenant, which can do no more than whoever makes it',
          tags,
          headers: IdempotencySchema,
          body: RoleBodySchema,
          response: { 201: RoleSchema },
        },
      },
      async (request, reply) => {
        const made = await roles.create(request, tenantOf(request), request.body);
        return reply
          .code(201)
          .headers(headersOf(made))
          .send(made.body as RoleView);
      },
    );

    app.patch(
      '/roles/:id',
      {
        config: write,
        schema: {
          summary: 'Changes a role of the tenant, for all who have it',
          tags,
          params,
          headers: IfMatchSchema,
          body: RoleChangeSchema,
          response: { 200: RoleSchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const role = await roles.change(request, tenantOf(request), request.params.id, request.body);
        identities.forget();
        reply.header('etag', etagOf(role));
        return role;
      },
    );

    app.delete(
      '/roles/:id',
      {
        config: write,
        schema: {
          summary: 'Deletes a role that nobody has',
          tags,
          params,
          headers: IfMatchSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        await roles.remove(request, tenantOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
}
