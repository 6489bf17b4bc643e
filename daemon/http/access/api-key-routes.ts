import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { Nullable, UuidSchema } from '../schemas.ts';
import {
  ApiKeyBodySchema,
  ApiKeyPageSchema,
  ApiKeySchema,
  NewApiKeySchema,
  NewestQuerySchema,
  pageOf,
} from './api-key-schemas.ts';
import type { AccessPorts } from './ports.ts';

const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'access:read' } } as const;
const write = { access: { scope: 'access:write' } } as const;
const tags = ['access'];

/** `/api-keys`: what programs use in place of a sign-in. */
export function apiKeyRoutes({
  apiKeys,
  identities,
}: Pick<AccessPorts, 'apiKeys' | 'identities'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api-keys',
      {
        config: read,
        schema: {
          summary: "The tenant's API keys, newest first, revoked ones among them",
          tags,
          querystring: NewestQuerySchema,
          response: { 200: ApiKeyPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50 } = request.query;
        const { rows, next } = pageOf(await apiKeys.list(tenantOf(request), cursor, limit + 1), limit);
        return { apiKeys: rows, next };
      },
    );

    app.get(
      '/api-keys/:id',
      {
        config: read,
        schema: { summary: 'One API key', tags, params, response: { 200: ApiKeySchema } },
      },
      (request) => apiKeys.find(tenantOf(request), request.params.id),
    );

    app.post(
      '/api-keys',
      {
        config: write,
        schema: {
          summary: 'Makes an API key',
          description: 'The answer shows the key this once. It may do no more than whoever makes it.',
          tags,
          body: ApiKeyBodySchema,
          response: { 201: NewApiKeySchema },
        },
      },
      async (request, reply) => {
        const made = await apiKeys.create(request, tenantOf(request), request.body);
        return reply.code(201).header('cache-control', 'no-store').send(made);
      },
    );

    app.post(
      '/api-keys/:id/rotate',
      {
        config: write,
        schema: {
          summary: 'Gives an API key a new secret; the old one is refused from now on',
          tags,
          params,
          body: Type.Optional(Nullable(Type.Object({}, { additionalProperties: false }))),
          response: { 200: NewApiKeySchema },
        },
      },
      async (request, reply) => {
        const made = await apiKeys.rotate(request, tenantOf(request), request.params.id);
        identities.forget();
        return reply.header('cache-control', 'no-store').send(made);
      },
    );

    app.delete(
      '/api-keys/:id',
      {
        config: write,
        schema: {
          summary: 'Revokes an API key; one that is revoked already leaves the list',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await apiKeys.remove(request, tenantOf(request), request.params.id);
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };
}
