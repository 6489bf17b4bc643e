import type { FastifyDynamicSwaggerOptions as SwaggerOptions } from '@fastify/swagger';
import type { FastifyInstance, onRequestAsyncHookHandler, RouteOptions } from 'fastify';
import { things } from './access.ts';
import { liveSchemas } from './live/live-event.ts';

const problem = {
  description: 'Problem details (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};

/** An `onRoute` hook: what goes wrong is answered alike everywhere, and every route says so. */
export function documentProblems(route: RouteOptions): void {
  if (route.schema === undefined || route.schema.hide === true) return;
  const { response } = route.schema;
  const own = typeof response === 'object' && response !== null ? response : {};
  route.schema = { ...route.schema, response: { '4xx': problem, '5xx': problem, ...own } };
}

/** The document's texts, by where they are. */
const texts: Readonly<
  Record<string, { readonly type: string; readonly write: (app: FastifyInstance) => string }>
> = {
  '/docs/json': {
    type: 'application/json; charset=utf-8',
    write: (app) => JSON.stringify(app.swagger()),
  },
  '/docs/yaml': { type: 'application/yaml', write: (app) => app.swagger({ yaml: true }) },
};

/**
 * An `onRequest` hook that answers with the document as it was written the first time: anybody may ask for it, and
 * writing it takes longer than a call should wait.
 */
export function writtenOnce(): onRequestAsyncHookHandler {
  const written = new Map<string, Buffer>();
  return async ({ server, routeOptions: { url = '' } }, reply) => {
    const text = texts[url];
    if (text === undefined) return;
    const known = written.get(url) ?? Buffer.from(text.write(server));
    written.set(url, known);
    return reply.type(text.type).send(known);
  };
}

/** A shared schema is called in the document what it is called here. */
export function buildLocalReference(
  schema: { readonly $id?: unknown },
  _base: unknown,
  _fragment: unknown,
  index: number,
): string {
  return typeof schema.$id === 'string' ? schema.$id : `Schema${index}`;
}

/** What the OpenAPI document says of the whole API; the routes say the rest themselves. */
export function apiDescription({
  version,
  cookieName,
}: {
  readonly version: string;
  readonly cookieName: string;
}): NonNullable<SwaggerOptions['openapi']> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'CallFabric',
      version,
      description: `What a CallFabric daemon tells and takes. Failures are problem details (RFC 9457). Every answer names its request in the header \`x-request-id\`, as the audit log does.

A scope is \`<thing>:read\` or \`<thing>:write\`, which reads too; things are ${things.join(', ')}. \`*:read\` reads every thing, \`*\` is everything. \`GET /session\` tells yours.`,
    },
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The key of the installation, which names its tenant in `x-callfabric-tenant`, or a key of `POST /api-keys`, which is of one tenant',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description: 'Set by `POST /session`; browsers send it by themselves',
        },
        csrf: {
          type: 'apiKey',
          in: 'header',
          name: 'x-csrf-token',
          description: '`csrfToken` of `POST /session` or `GET /session`: every change by cookie needs it',
        },
        cdrSecret: {
          type: 'http',
          scheme: 'basic',
          description: '`CALLFABRIC_CDR_SECRET` as the password, whatever the user is called',
        },
      },
      // No route refers to them: an event stream has no schema of its own in OpenAPI 3.1.
      schemas: Object.fromEntries(
        Object.entries(liveSchemas).map(([kind, schema]) => [`Live_${kind}`, schema as object]),
      ),
    },
    security: [{ key: [] }, { session: [] }],
    tags: [
      { name: 'operations', description: 'Health and figures' },
      { name: 'access', description: 'Sessions, keys, people, roles, tenants, audit log' },
      { name: 'calls', description: 'Live and ended calls' },
      { name: 'reports', description: 'Calls counted' },
      { name: 'flows', description: 'Flows, their versions and node types' },
      { name: 'caps', description: 'Who holds the places of a cap' },
      { name: 'live', description: 'What happens now, as a stream' },
      { name: 'campaigns', description: 'Campaigns with their publishers, buyers and numbers' },
      { name: 'parties', description: 'Publishers, buyers and their groups' },
      { name: 'endpoints', description: 'Where buyers are rung' },
      { name: 'numbers', description: 'The DIDs of a tenant' },
      { name: 'telephony', description: 'Carriers, trunks, caller-ID pools' },
      { name: 'billing', description: 'Accounts, the ledger, rate cards and rates' },
      { name: 'invoices', description: 'What buyers are billed' },
      { name: 'payouts', description: 'What publishers are paid' },
      { name: 'recordings', description: 'What was recorded of calls, and what was said' },
      { name: 'webhooks', description: 'Where events are sent' },
      { name: 'compliance', description: 'DNC lists and consent' },
      { name: 'tenants', description: 'What is switched on for a tenant' },
      { name: 'freeswitch', description: 'What FreeSWITCH sends by itself' },
    ],
  };
}
