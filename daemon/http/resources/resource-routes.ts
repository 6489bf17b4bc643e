import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { audited } from '../audited.ts';
import { demandIfMatch, IfMatchSchema } from '../conditional.ts';
import { Problem } from '../problem.ts';
import type { Fault } from '../schemas.ts';
import { UuidSchema } from '../schemas.ts';
import { may, type Resource } from './define-resource.ts';
import { IdempotencySchema, once } from './idempotency.ts';
import { cursorOf, itemQuery, listQuery, picker, type Query, wantedOf } from './page-query.ts';
import { checkIfMatch, etagOf, isKnown } from './resource-etag.ts';
import { deleteRow, findRow, insertRow, listRows, type Row, updateRow } from './resource-rows.ts';
import { accessTo, inScope, type ResourcePorts, type Work } from './resource-scope.ts';

type Params = Readonly<Record<string, string>>;
const idOf = (request: FastifyRequest): string => ((request.params as Params)['id'] ?? '').toLowerCase();

/** What a resource's own checks say against a body. */
function checkFields(resource: Resource, body: Row): void {
  const faults = Object.entries(body).flatMap(([name, value]): Fault[] => {
    const message = resource.fields[name]?.check?.(value);
    return message === undefined ? [] : [{ field: `/${name}`, message }];
  });
  if (faults.length > 0) throw new Problem('invalid-body', 'see faults', faults);
}

export function paramsOf(resource: Resource, item: boolean) {
  const names = [...(resource.parent === undefined ? [] : [resource.parent.field]), ...(item ? ['id'] : [])];
  return Type.Object(Object.fromEntries(names.map((name): [string, TSchema] => [name, UuidSchema])));
}

/** Locks the row a request is about, as the client saw it: 404, 403 or 412 otherwise. */
export async function lockRow(
  em: Parameters<typeof findRow>[0],
  request: FastifyRequest,
  resource: Resource,
  scope: Work,
): Promise<Row> {
  const row = await findRow(em, resource, scope, idOf(request), true);
  if (row !== undefined) {
    checkIfMatch(request, resource, row);
    return row;
  }
  // Read, not written: what the platform shows to all tenants.
  if ((await findRow(em, resource, scope, idOf(request))) !== undefined)
    throw new Problem('forbidden', `this ${resource.one} is the platform's`);
  throw new Problem('not-found', `no ${resource.one} has this id`);
}

/** The routes of one resource, as its description asks for them. */
export function resourceRoutes(ports: ResourcePorts, resource: Resource): FastifyPluginAsync {
  const { address, one, plural, schemas, table } = resource;
  const tags = [resource.thing];
  const described = (sentence?: string): { description?: string } => {
    const sentences = [sentence, resource.note].filter((one) => one !== undefined);
    return sentences.length === 0 ? {} : { description: sentences.join(' ') };
  };
  const many = plural.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const read = { access: accessTo(resource, 'read') };
  const write = { access: accessTo(resource, 'write') };
  const tell = (reply: FastifyReply, row: Row): FastifyReply => reply.header('etag', etagOf(resource, row));

  return async (app) => {
    if (may(resource, 'list'))
      app.get(
        address,
        {
          config: read,
          schema: {
            summary: `List the ${many}`,
            ...described(),
            tags,
            params: paramsOf(resource, false),
            querystring: listQuery(resource),
            response: { 200: schemas.page },
          },
        },
        async (request) => {
          const query = request.query as Query;
          const wanted = wantedOf(resource, query);
          const narrow = picker(resource, query);
          const rows = await inScope(ports, request, resource, 'read', (em, scope) =>
            listRows(em, resource, scope, { ...wanted, limit: wanted.limit + 1 }),
          );
          const page = rows.slice(0, wanted.limit);
          const last = page.at(-1);
          const next = rows.length > page.length && last !== undefined ? cursorOf(wanted, last) : null;
          return { [plural]: page.map(narrow), next };
        },
      );

    if (may(resource, 'get'))
      app.get(
        `${address}/:id`,
        {
          config: read,
          schema: {
            summary: `Read one ${one}`,
            ...described(),
            tags,
            params: paramsOf(resource, true),
            querystring: itemQuery,
            response: { 200: schemas.part, 304: Type.Null() },
          },
        },
        async (request, reply) => {
          const narrow = picker(resource, request.query as Query);
          const row = await inScope(ports, request, resource, 'read', (em, scope) =>
            findRow(em, resource, scope, idOf(request)),
          );
          if (row === undefined) throw new Problem('not-found', `no ${one} has this id`);
          tell(reply, row);
          if (isKnown(request, resource, etagOf(resource, row))) return reply.code(304).send(null);
          return reply.send(narrow(row));
        },
      );

    if (may(resource, 'create'))
      app.post(
        address,
        {
          config: write,
          schema: {
            summary: `Make a new ${one}`,
            ...described(),
            tags,
            params: paramsOf(resource, false),
            headers: IdempotencySchema,
            body: schemas.create,
            response: { 201: schemas.created },
          },
        },
        async (request, reply) => {
          const body = request.body as Row;
          checkFields(resource, body);
          const answer = await inScope(ports, request, resource, 'write', (em, scope) =>
            once(em, request, scope.tenantId, async () => {
              const made = resource.make?.make(body);
              const given = Object.fromEntries(
                Object.entries(body).filter(([name]) => Object.hasOwn(resource.fields, name)),
              );
              const owned = { ...scope, owner: { ...scope.owner, ...made?.columns } };
              const row = await insertRow(em, resource, owned, given);
              audited(em, request, {
                action: `${table}.create`,
                subject: table,
                subjectId: String(row['id']),
                before: null,
                after: row,
                tenantId: scope.tenantId,
              });
              const location = `${request.url.split('?')[0]}/${String(row['id'])}`;
              return {
                status: 201,
                body: { ...row, ...made?.once },
                headers: { etag: etagOf(resource, row), location },
                secrets: Object.keys(made?.once ?? {}),
              };
            }),
          );
          if (answer.replayed) reply.header('idempotency-replayed', 'true');
          return reply.code(201).headers(answer.headers).send(answer.body);
        },
      );

    if (may(resource, 'update'))
      app.patch(
        `${address}/:id`,
        {
          config: write,
          schema: {
            summary: `Change a ${one}`,
            ...described('Only the fields that are sent change.'),
            tags,
            params: paramsOf(resource, true),
            headers: IfMatchSchema,
            body: schemas.update,
            response: { 200: schemas.whole },
          },
        },
        async (request, reply) => {
          demandIfMatch(request);
          const body = request.body as Row;
          checkFields(resource, body);
          const row = await inScope(ports, request, resource, 'write', async (em, scope) => {
            const before = await lockRow(em, request, resource, scope);
            const id = idOf(request);
            const after = await updateRow(em, resource, scope, id, body);
            const action = `${table}.update`;
            audited(em, request, {
              action,
              subject: table,
              subjectId: id,
              before,
              after,
              tenantId: scope.tenantId,
            });
            return after;
          });
          return tell(reply, row).send(row);
        },
      );

    if (may(resource, 'delete'))
      app.delete(
        `${address}/:id`,
        {
          config: write,
          schema: {
            summary: `Remove a ${one}`,
            ...described(),
            tags,
            params: paramsOf(resource, true),
            headers: IfMatchSchema,
            response: { 204: Type.Null() },
          },
        },
        async (request, reply) => {
          demandIfMatch(request);
          await inScope(ports, request, resource, 'delete', async (em, scope) => {
            const before = await lockRow(em, request, resource, scope);
            const id = idOf(request);
            await deleteRow(em, resource, id);
            const action = `${table}.delete`;
            const { tenantId } = scope;
            audited(em, request, { action, subject: table, subjectId: id, before, after: null, tenantId });
          });
          return reply.code(204).send(null);
        },
      );
  };
}
