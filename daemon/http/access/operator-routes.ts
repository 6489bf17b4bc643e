import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { listQuery, pageOf, picked } from './list-schemas.ts';
import {
  type MadeOperator,
  MadeOperatorSchema,
  NewOperatorSchema,
  OperatorPageSchema,
  OperatorSchema,
} from './operator-schemas.ts';
import type { PasswordCheck } from './password-check.ts';
import { firstPassword } from './people-routes.ts';
import type { AccessPorts } from './ports.ts';

export interface OperatorParts {
  readonly access: Pick<AccessPorts, 'operators' | 'identities'>;
  readonly passwords: Pick<PasswordCheck, 'hashed'>;
}

const config = { access: { scope: 'operator' } } as const;
const tags = ['access'];
const operatorQuery = listQuery({});

/** `/operators`: the people who may work in every tenant. */
export function operatorRoutes({
  access: { operators, identities },
  passwords,
}: OperatorParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/operators',
      {
        config,
        schema: {
          summary: 'The operators of the platform',
          tags,
          querystring: operatorQuery,
          response: { 200: OperatorPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50, fields } = request.query;
        const pick = picked(OperatorSchema, fields);
        const { rows, next } = pageOf(await operators.list(cursor, limit + 1), limit);
        return { operators: rows.map(pick), next };
      },
    );

    app.post(
      '/operators',
      {
        config,
        schema: {
          summary: 'Makes an operator, with an account of their own',
          description:
            'The answer shows a first password, this once, good only to choose another. An address that has an account already is refused.',
          tags,
          headers: IdempotencySchema,
          body: NewOperatorSchema,
          response: { 201: MadeOperatorSchema },
        },
      },
      async (request, reply) => {
        const made = await operators.create(request, request.body, await firstPassword(passwords));
        reply.headers(headersOf(made)).header('cache-control', 'no-store');
        return reply.code(201).send(made.body as MadeOperator);
      },
    );

    app.delete(
      '/operators/:id',
      {
        config,
        schema: {
          summary: 'Somebody is an operator no more; the last one stays',
          tags,
          params: Type.Object({ id: UuidSchema }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await operators.remove(request, request.params.id);
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };
}
