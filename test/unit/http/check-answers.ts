import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { ProblemSchema } from '../../../daemon/http/schemas.ts';

type Schema = Readonly<Record<string, unknown>>;
const validators = new WeakMap<object, Validator>();
const ofTypes = [
  'anyOf',
  'oneOf',
  'items',
  'prefixItems',
  'properties',
  'additionalProperties',
  'patternProperties',
];

/** The schema with every object closed: a field it does not name is a field the documents do not know. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const own = Object.entries(schema).map(([key, value]) => [
    key,
    key === 'properties' || key === 'patternProperties'
      ? Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, closed(inner)]))
      : ofTypes.includes(key)
        ? closed(value)
        : value,
  ]);
  const same = Object.fromEntries(own) as Record<string, unknown>;
  const open = 'additionalProperties' in same || 'patternProperties' in same || !('properties' in same);
  return open ? same : { ...same, additionalProperties: false };
}

/** What is wrong with an answer by the document; undefined: nothing. */
function faultIn(schema: object, answer: unknown): string | undefined {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(closed(schema) as TSchema) as unknown as Validator;
    validators.set(schema, validator);
  }
  if (validator.Check(answer)) return undefined;
  const errors = [...validator.Errors(answer)].slice(0, 5);
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
}

function documented(request: FastifyRequest, reply: FastifyReply): Schema | undefined {
  const responses = (request.routeOptions.schema?.response ?? {}) as Record<string, Schema>;
  const status = String(reply.statusCode);
  return responses[status] ?? responses[`${status.charAt(0)}xx`] ?? responses['default'];
}

/** The schema of what is sent; undefined where the document names none for this content type. */
function schemaOf(response: Schema, type: string): object | undefined {
  if (!('content' in response)) return type.startsWith('application/json') ? response : undefined;
  const content = response['content'] as Record<string, { readonly schema: object }>;
  return content[type.split(';')[0] ?? '']?.schema;
}

/**
 * Holds every answer of the app to what its route documents: a status, a content type or a field that is not
 * documented, or one that is and lacks, makes the answer 599 with what is wrong. To be called before the app is ready.
 */
export function checkAnswers(app: FastifyInstance): void {
  const faults = new WeakMap<FastifyRequest, string>();
  // Before it is serialised: the serialiser drops what the schema does not name, and the client would never have it.
  app.addHook('preSerialization', async (request, reply, payload: unknown) => {
    const response = documented(request, reply);
    const schema = response === undefined ? undefined : schemaOf(response, 'application/json');
    const fault = schema === undefined ? undefined : faultIn(schema, JSON.parse(JSON.stringify(payload)));
    if (fault !== undefined) faults.set(request, fault);
    return payload;
  });
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    const { url, schema } = request.routeOptions;
    if (url === undefined || schema === undefined || schema.hide === true) return payload;
    const fault = faults.get(request) ?? faultOf(request, reply, payload);
    if (fault === undefined) return payload;
    const text = `${request.method} ${url} answered ${reply.statusCode}: ${fault}`;
    process.stderr.write(`${text}\n`);
    reply.code(599).type('text/plain').removeHeader('content-length');
    return text;
  });
}

function faultOf(request: FastifyRequest, reply: FastifyReply, payload: unknown): string | undefined {
  const response = documented(request, reply);
  if (response === undefined) return 'this status is not documented';
  if (payload === null || payload === undefined || payload === '') return undefined;
  const type = String(reply.getHeader('content-type') ?? '');
  if (type.startsWith('application/problem+json'))
    return 'content' in response && schemaOf(response, type) !== undefined
      ? faultIn(ProblemSchema, JSON.parse(String(payload)))
      : 'a problem is not documented for this status';
  return schemaOf(response, type) === undefined ? `${type} is not documented` : undefined;
}
