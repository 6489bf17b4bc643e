import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { demandIfMatch, etagOf, IfMatchSchema } from '../conditional.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { Nullable, UuidSchema } from '../schemas.ts';
import {
  ApiKeyBodySchema,
  ApiKeyChangeSchema,
  ApiKeyPageSchema,
  ApiKeyQuerySchema,
  ApiKeySchema,
  type NewApiKey,
  NewApiKeySchema,
} from './api-key-schemas.ts';
import { keyState } from './api-keys.ts';
import { itemQuery, pageOf, picked } from './list-schemas.ts';
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
          querystring: ApiKeyQuerySchema,
          response: { 200: ApiKeyPageSchema },
        },
      },
      async (request) => {
        const { limit = 50, fields } = request.query;
        const pick = picked(ApiKeySchema, fields);
        const { rows, next } = pageOf(await apiKeys.list(tenantOf(request), request.query, limit + 1), limit);
        return { apiKeys: rows.map(pick), next };
      },
    );

    app.get(
      '/api-keys/:id',
      {
        config: read,
        schema: {
          summary: 'One API key',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(ApiKeySchema) },
        },
      },
      async (request, reply) => {
        const pick = picked(ApiKeySchema, request.query.fields);
        const key = await apiKeys.find(tenantOf(request), request.params.id);
        reply.header('etag', etagOf(keyState(key)));
        return pick(key);
      },
    );

    app.post(
      '/api-keys',
      {
        config: write,
        schema: {
          summary: 'Makes an API key',
          description:
            'The answer shows the key this once. It may do no more than whoever makes it; what a key makes ends no later than that key, and a key that ends gives nobody a role, an invitation or a password.',
          tags,
          headers: IdempotencySchema,
          body: ApiKeyBodySchema,
          response: { 201: NewApiKeySchema },
        },
      },
      async (request, reply) => {
        const made = await apiKeys.create(request, tenantOf(request), request.body);
        reply.headers(headersOf(made)).header('cache-control', 'no-store');
        return reply.code(201).send(made.body as NewApiKey);
      },
    );

    app.patch(
      '/api-keys/:id',
      {
        config: write,
        schema: {
          summary: 'Changes the name, the scopes or the end of an API key',
          description: 'Only the fields that are sent change.',
          tags,
          params,
          headers: IfMatchSchema,
          body: ApiKeyChangeSchema,
          response: { 200: ApiKeySchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const key = await apiKeys.change(request, tenantOf(request), request.params.id, request.body);
        identities.forget();
        reply.header('etag', etagOf(keyState(key)));
        return key;
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
          headers: IdempotencySchema,
          body: Type.Optional(Nullable(Type.Object({}, { additionalProperties: false }))),
          response: { 200: NewApiKeySchema },
        },
      },
      async (request, reply) => {
        const made = await apiKeys.rotate(request, tenantOf(request), request.params.id);
        identities.forget();
        reply.headers(headersOf(made)).header('cache-control', 'no-store');
        return made.body as NewApiKey;
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
          headers: IfMatchSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        await apiKeys.remove(request, tenantOf(request), request.params.id);
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };
}
