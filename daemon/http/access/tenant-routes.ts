import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { UuidSchema } from '../schemas.ts';
import { NewestQuerySchema, pageOf } from './api-key-schemas.ts';
import type { AccessPorts } from './ports.ts';
import {
  ConfirmQuerySchema,
  TenantBodySchema,
  TenantChangeSchema,
  TenantDeletionSchema,
  TenantPageSchema,
  TenantSchema,
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
          querystring: NewestQuerySchema,
          response: { 200: TenantPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50 } = request.query;
        const { rows, next } = pageOf(await tenants.list(cursor, limit + 1), limit);
        return { tenants: rows, next };
      },
    );

    app.get(
      '/tenants/:id',
      {
        config,
        schema: { summary: 'One tenant of the installation', tags, params, response: { 200: TenantSchema } },
      },
      (request) => tenants.find(request.params.id),
    );

    app.post(
      '/tenants',
      {
        config,
        schema: { summary: 'Makes a tenant', tags, body: TenantBodySchema, response: { 201: TenantSchema } },
      },
      async (request, reply) => reply.code(201).send(await tenants.create(request, request.body)),
    );

    app.patch(
      '/tenants/:id',
      {
        config,
        schema: {
          summary: 'Changes a tenant',
          tags,
          params,
          body: TenantChangeSchema,
          response: { 200: TenantSchema },
        },
      },
      (request) => tenants.change(request, request.params.id, request.body),
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
          querystring: ConfirmQuerySchema,
          response: { 202: TenantDeletionSchema, 204: Type.Null() },
        },
      },
      async (request, reply) => {
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
