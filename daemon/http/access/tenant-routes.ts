import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { demandIfMatch, etagOf, IfMatchSchema } from '../conditional.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { itemQuery, pageOf, picked } from './list-schemas.ts';
import type { AccessPorts } from './ports.ts';
import {
  ConfirmQuerySchema,
  TenantBodySchema,
  TenantChangeSchema,
  TenantDeletionSchema,
  TenantPageSchema,
  TenantQuerySchema,
  TenantSchema,
  type TenantView,
} from './tenant-schemas.ts';

const params = Type.Object({ id: UuidSchema });
const config = { access: { scope: 'operator' } } as const;
const tags = ['access'];
/** How long an answer waits for a deletion, so that a small tenant's is told as done. */
const deletionWaitMs = 5_000;

/** `/tenants`: the customers of the installation. */
export function tenantRoutes({
  tenants,
  identities,
}: Pick<AccessPorts, 'tenants' | 'identities'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/tenants',
      {
        config,
        schema: {
          summary: 'All tenants',
          tags,
          querystring: TenantQuerySchema,
          response: { 200: TenantPageSchema },
        },
      },
      async (request) => {
        const { limit = 50, fields } = request.query;
        const pick = picked(TenantSchema, fields);
        const { rows, next } = pageOf(await tenants.list(request.query, limit + 1), limit);
        return { tenants: rows.map(pick), next };
      },
    );

    app.get(
      '/tenants/:id',
      {
        config,
        schema: {
          summary: 'One tenant of the installation',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(TenantSchema) },
        },
      },
      async (request, reply) => {
        const pick = picked(TenantSchema, request.query.fields);
        const tenant = await tenants.find(request.params.id);
        reply.header('etag', etagOf(tenant));
        return pick(tenant);
      },
    );

    app.post(
      '/tenants',
      {
        config,
        schema: {
          summary: 'Makes a tenant',
          tags,
          headers: IdempotencySchema,
          body: TenantBodySchema,
          response: { 201: TenantSchema },
        },
      },
      async (request, reply) => {
        const made = await tenants.create(request, request.body);
        return reply
          .code(201)
          .headers(headersOf(made))
          .send(made.body as TenantView);
      },
    );

    app.patch(
      '/tenants/:id',
      {
        config,
        schema: {
          summary: 'Changes a tenant',
          tags,
          params,
          headers: IfMatchSchema,
          body: TenantChangeSchema,
          response: { 200: TenantSchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const tenant = await tenants.change(request, request.params.id, request.body);
        reply.header('etag', etagOf(tenant));
        return tenant;
      },
    );

    app.delete(
      '/tenants/:id',
      {
        config,
        schema: {
          summary: 'Deletes a tenant with its recordings and all of its rows',
          description:
            '204: gone. 202: it takes no more calls and goes piece by piece; 404 of GET tells the end. Asking again goes on with a deletion that broke off.',
          tags,
          params,
          headers: IfMatchSchema,
          querystring: ConfirmQuerySchema,
          response: { 202: TenantDeletionSchema, 204: Type.Null() },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const id = request.params.id.toLowerCase();
        const state = await tenants.remove(request, id, request.query.confirm, {
          withinMs: deletionWaitMs,
          onFault: (error) =>
            request.log.error({ err: error, tenantId: id }, 'the deletion of a tenant broke off'),
        });
        identities.forget();
        return state === 'done' ? reply.code(204).send(null) : reply.code(202).send({ id, state });
      },
    );
  };
}
