import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { itemQuery, listQuery, pageOf, picked } from './list-schemas.ts';
import {
  InvitationBodySchema,
  InvitationPageSchema,
  InvitationSchema,
  type MadeInvitation,
  MadeInvitationSchema,
} from './people-schemas.ts';
import type { AccessPorts } from './ports.ts';

const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'access:read' } } as const;
const write = { access: { scope: 'access:write' } } as const;
const tags = ['access'];
const newestQuery = listQuery({});

/** `/invitations`: memberships offered to people who have an account. Accepted with `POST /session/invitations`. */
export function invitationRoutes({
  invitations,
}: Pick<AccessPorts, 'invitations'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/invitations',
      {
        config: read,
        schema: {
          summary: 'Memberships that were offered and not accepted yet, newest first',
          tags,
          querystring: newestQuery,
          response: { 200: InvitationPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50, fields } = request.query;
        const pick = picked(InvitationSchema, fields);
        const found = await invitations.list(tenantOf(request), cursor, limit + 1);
        const { rows, next } = pageOf(found, limit);
        return { invitations: rows.map(pick), next };
      },
    );

    app.get(
      '/invitations/:id',
      {
        config: read,
        schema: {
          summary: 'One invitation',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(InvitationSchema) },
        },
      },
      async (request) => {
        const pick = picked(InvitationSchema, request.query.fields);
        return pick(await invitations.find(tenantOf(request), request.params.id));
      },
    );

    app.post(
      '/invitations',
      {
        config: write,
        schema: {
          summary: 'Offers a membership of the tenant to somebody who has an account',
          description:
            'The answer shows a code, this once and good for seven days: hand it to that person, who signs in and accepts with `POST /session/invitations`. Until then it gives nothing, and nothing of the account is shown. Offering again voids the code before. Whether the address has an account is not told. A key that ends offers none.',
          tags,
          headers: IdempotencySchema,
          body: InvitationBodySchema,
          response: { 201: MadeInvitationSchema },
        },
      },
      async (request, reply) => {
        const made = await invitations.create(request, tenantOf(request), request.body);
        reply.headers(headersOf(made)).header('cache-control', 'no-store');
        return reply.code(201).send(made.body as MadeInvitation);
      },
    );

    app.delete(
      '/invitations/:id',
      {
        config: write,
        schema: {
          summary: 'Takes an invitation back: its code is good for nothing',
          tags,
          params,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await invitations.remove(request, tenantOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
}
