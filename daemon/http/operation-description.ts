import type { FastifyDynamicSwaggerOptions as SwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
import type { Access } from './access.ts';
import { operationIdOf } from './operation-id.ts';

/** Read by the guard of every route, so that no route's own schema has it. */
const tenantHeader = Type.Optional(
  Type.String({
    format: 'uuid',
    description:
      'The id of the tenant: for the key of the installation, and for people who work in several tenants. The key of a tenant needs none.',
  }),
);
const harmless = ['GET', 'HEAD'];

/**
 * What the document says of one operation beyond its schema: its name, who may ask, and the headers that the guard
 * reads. Of the document alone, which is written when somebody first asks for it: routes check what they did before.
 */
export const describeOperation: NonNullable<SwaggerOptions['transform']> = ({ schema, url, route }) => {
  // Whatever has no schema, or is hidden, is not in the document.
  if (schema === undefined || schema.hide === true) return { schema, url };
  const [method = 'GET'] = [route.method].flat();
  const access = schema.security === undefined ? route.config?.access : undefined;
  return {
    url,
    schema: {
      operationId: operationIdOf(method, url),
      ...schema,
      description: [schema.description, whoMay(schema, access)].filter(Boolean).join(' '),
      ...(access === undefined ? {} : guarded(schema, access, method)),
    },
  };
};

function whoMay({ security }: FastifySchema, access: Access | undefined): string {
  if (security?.length === 0) return 'Open to everybody.';
  if (access === undefined) return '';
  if (access.scope === 'operator') return 'For operators of the platform alone.';
  if (access.scope === 'signedIn') return 'For whoever is known, whatever their scopes.';
  const others = (access.views ?? []).map((view) => `a ${view}`);
  return `Needs \`${access.scope}\`.${others.length === 0 ? '' : ` Also for the role of ${others.join(' and of ')}.`}`;
}

function guarded(schema: FastifySchema, access: Access, method: string): FastifySchema {
  const own = Type.IsObject(schema.headers) ? schema.headers.properties : {};
  const inTenant = access.scope !== 'operator' || access.inTenant === true;
  return {
    ...(inTenant ? { headers: Type.Object({ 'x-callfabric-tenant': tenantHeader, ...own }) } : {}),
    ...(harmless.includes(method) ? {} : { security: [{ key: [] }, { session: [], csrf: [] }] }),
  };
}
