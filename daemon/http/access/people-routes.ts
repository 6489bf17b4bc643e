import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { tenantOf } from '../access.ts';
import { UuidSchema } from '../schemas.ts';
import { NewestQuerySchema, pageOf } from './api-key-schemas.ts';
import type { PasswordCheck } from './password-check.ts';
import {
  InvitationSchema,
  InvitedSchema,
  MembershipBodySchema,
  RoleBodySchema,
  RoleChangeSchema,
  RoleListSchema,
  RoleSchema,
  UserPageSchema,
  UserSchema,
} from './people-schemas.ts';
import type { AccessPorts } from './ports.ts';
import { newSecret } from './secrets.ts';

export interface PeopleParts {
  readonly access: Pick<AccessPorts, 'people' | 'roles' | 'identities'>;
  readonly passwords: Pick<PasswordCheck, 'hashed'>;
}

const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'access:read' } } as const;
const write = { access: { scope: 'access:write' } } as const;
const tags = ['access'];
const gone = { 204: Type.Null() };

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
          querystring: NewestQuerySchema,
          response: { 200: UserPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50 } = request.query;
        const { rows, next } = pageOf(await people.list(tenantOf(request), cursor, limit + 1), limit);
        return { users: rows, next };
      },
    );

    app.get(
      '/users/:id',
      {
        config: read,
        schema: { summary: 'One user of the tenant', tags, params, response: { 200: UserSchema } },
      },
      (request) => people.find(tenantOf(request), request.params.id),
    );

    app.post(
      '/users',
      {
        config: write,
        schema: {
          summary: 'Makes somebody a member of the tenant',
          description:
            'Whoever is no user yet becomes one; without `password` the answer shows a first one, this once. Nobody gives a role that can do more than they.',
          tags,
          body: InvitationSchema,
          response: { 201: InvitedSchema },
        },
      },
      async (request, reply) => {
        const { password } = request.body;
        const first = password ?? newSecret().slice(0, 20);
        const hash = await passwords.hashed(first);
        const { user, isNew } = await people.invite(request, tenantOf(request), request.body, hash);
        identities.forget();
        const initialPassword = isNew && password === undefined ? first : null;
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ ...user, initialPassword });
      },
    );

    app.put(
      '/users/:id',
      {
        config: write,
        schema: {
          summary: 'Gives a user another role in the tenant, and the publisher or buyer it needs',
          tags,
          params,
          body: MembershipBodySchema,
          response: { 200: UserSchema },
        },
      },
      async (request) => {
        const user = await people.change(request, tenantOf(request), request.params.id, request.body);
        identities.forget();
        return user;
      },
    );

    app.delete(
      '/users/:id',
      {
        config: write,
        schema: { summary: 'Takes a user out of the tenant', tags, params, response: gone },
      },
      async (request, reply) => {
        await people.remove(request, tenantOf(request), request.params.id);
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };
}

/** `/roles`: the platform's to read, the tenant's own to change. */
export function roleRoutes({ access: { roles, identities } }: PeopleParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/roles',
      {
        config: read,
        schema: {
          summary: "The roles one may give: the platform's and the tenant's own",
          tags,
          querystring: NewestQuerySchema,
          response: { 200: RoleListSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50 } = request.query;
        const { rows, next } = pageOf(await roles.list(tenantOf(request), cursor, limit + 1), limit);
        return { roles: rows, next };
      },
    );

    app.get(
      '/roles/:id',
      {
        config: read,
        schema: { summary: 'One role that may be given', tags, params, response: { 200: RoleSchema } },
      },
      (request) => roles.find(tenantOf(request), request.params.id),
    );

    app.post(
      '/roles',
      {
        config: write,
        schema: {
          summary: 'Makes a role of the tenant, which can do no more than whoever makes it',
          tags,
          body: RoleBodySchema,
          response: { 201: RoleSchema },
        },
      },
      async (request, reply) =>
        reply.code(201).send(await roles.create(request, tenantOf(request), request.body)),
    );

    app.patch(
      '/roles/:id',
      {
        config: write,
        schema: {
          summary: 'Changes a role of the tenant, for all who have it',
          tags,
          params,
          body: RoleChangeSchema,
          response: { 200: RoleSchema },
        },
      },
      async (request) => {
        const role = await roles.change(request, tenantOf(request), request.params.id, request.body);
        identities.forget();
        return role;
      },
    );

    app.delete(
      '/roles/:id',
      {
        config: write,
        schema: { summary: 'Deletes a role that nobody has', tags, params, response: gone },
      },
      async (request, reply) => {
        await roles.remove(request, tenantOf(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };
}
