import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { demandIfMatch, etagOf, IfMatchSchema } from '../conditional.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { itemQuery, pageOf, picked } from './list-schemas.ts';
import type { PasswordCheck } from './password-check.ts';
import { type FirstPassword, userState } from './people.ts';
import {
  AccountChangeSchema,
  type MadeUser,
  MadeUserSchema,
  MembershipBodySchema,
  NewUserSchema,
  UserPageSchema,
  UserQuerySchema,
  UserSchema,
} from './people-schemas.ts';
import type { AccessPorts } from './ports.ts';
import { newSecret } from './secrets.ts';

export interface PeopleParts {
  readonly access: Pick<AccessPorts, 'people' | 'identities'>;
  readonly passwords: Pick<PasswordCheck, 'hashed'>;
}

const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'access:read' } } as const;
const write = { access: { scope: 'access:write' } } as const;
const tags = ['access'];

/** A password for somebody else: `chosen`, or one that is made and shown once. */
export async function firstPassword(
  passwords: Pick<PasswordCheck, 'hashed'>,
  chosen?: string,
): Promise<FirstPassword> {
  const made = chosen ?? newSecret().slice(0, 20);
  return { hash: await passwords.hashed(made), shown: chosen === undefined ? made : null };
}

/** `/users`: the members of a tenant. */
export function userRoutes({
  access: { people, identities },
  passwords,
}: PeopleParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/users',
      {
        config: read,
        schema: {
          summary: "The tenant's users with their roles",
          tags,
          querystring: UserQuerySchema,
          response: { 200: UserPageSchema },
        },
      },
      async (request) => {
        const { limit = 50, fields } = request.query;
        const pick = picked(UserSchema, fields);
        const { rows, next } = pageOf(await people.list(tenantOf(request), request.query, limit + 1), limit);
        return { users: rows.map(pick), next };
      },
    );

    app.get(
      '/users/:id',
      {
        config: read,
        schema: {
          summary: 'One user of the tenant',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(UserSchema) },
        },
      },
      async (request, reply) => {
        const pick = picked(UserSchema, request.query.fields);
        const user = await people.find(tenantOf(request), request.params.id);
        reply.header('etag', etagOf(userState(user)));
        return pick(user);
      },
    );

    app.post(
      '/users',
      {
        config: write,
        schema: {
          summary: 'Makes an account for somebody who has none, and makes them a member of the tenant',
          description:
            'Without `password` the answer shows a first one, this once; either is good only to choose another. Whoever has an account (409) is offered a membership with `POST /invitations`; after ten such answers they come once in ten minutes (429 until then). Nobody gives a role that can do more than they, and a key that ends (`expiresAt`) gives none.',
          tags,
          headers: IdempotencySchema,
          body: NewUserSchema,
          response: { 201: MadeUserSchema },
        },
      },
      async (request, reply) => {
        const password = await firstPassword(passwords, request.body.password);
        const made = await people.create(request, tenantOf(request), request.body, password);
        reply.headers(headersOf(made)).header('cache-control', 'no-store');
        return reply.code(201).send(made.body as MadeUser);
      },
    );

    app.put(
      '/users/:id',
      {
        config: write,
        schema: {
          operationId: 'setUserRole',
          summary: 'Gives a user another role in the tenant, and the publisher or buyer it needs',
          tags,
          params,
          headers: IfMatchSchema,
          body: MembershipBodySchema,
          response: { 200: UserSchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const user = await people.change(request, tenantOf(request), request.params.id, request.body);
        identities.forget();
        reply.header('etag', etagOf(userState(user)));
        return user;
      },
    );

    app.patch(
      '/users/:id',
      {
        config: write,
        schema: {
          summary: 'Changes the account of a user: name, switched off or on, a new first password',
          description:
            'Only of somebody who is in no other tenant (409): the account of whoever is, is theirs alone. With `resetPassword` the answer shows a new first password, this once. A key that ends neither sets a password nor switches an account on.',
          tags,
          params,
          headers: IfMatchSchema,
          body: AccountChangeSchema,
          response: { 200: MadeUserSchema },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const { body } = request;
        const password = body.resetPassword === true ? await firstPassword(passwords) : undefined;
        const tenantId = tenantOf(request);
        const user = await people.changeAccount(request, tenantId, request.params.id, body, password);
        identities.forget();
        reply.header('etag', etagOf(userState(user))).header('cache-control', 'no-store');
        return { ...user, initialPassword: password?.shown ?? null };
      },
    );

    app.delete(
      '/users/:id',
      {
        config: write,
        schema: {
          summary: 'Takes a user out of the tenant',
          tags,
          params,
          headers: IfMatchSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        await people.remove(request, tenantOf(request), request.params.id);
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };
}
