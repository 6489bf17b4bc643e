import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { isUuid } from '../../telephony/ids.ts';
import { tenantOf } from '../access.ts';
import { demandIfMatch, IfMatchSchema, isKnown } from '../conditional.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { itemQuery, pickerOf } from '../resources/page-query.ts';
import { UuidSchema } from '../schemas.ts';
import { draftRoutes } from './draft-routes.ts';
import { faultsOf } from './flow-faults.ts';
import {
  exportFormat,
  FlowDetailSchema,
  type FlowDraftDocument,
  FlowExportSchema,
  FlowImportSchema,
  FlowNameBodySchema,
  FlowNameSchema,
  FlowPageSchema,
  FlowQuerySchema,
  FlowSummarySchema,
  WhichSchema,
} from './flow-schemas.ts';
import { nodeTypeRoutes } from './node-type-routes.ts';
import { versionRoutes, whichOf } from './version-routes.ts';

const params = Type.Object({ id: UuidSchema });
const reads = { access: { scope: 'flows:read' } } as const;
const writes = { access: { scope: 'flows:write' } } as const;
const tags = ['flows'];

/** Flows: made, named, deleted, copied, carried from one installation to another; with their drafts and versions. */
export function flowsRoutes(ports: Pick<ApiPorts, 'flows' | 'nodeTypes'>): FastifyPluginAsyncTypebox {
  const { flows, nodeTypes } = ports;
  return async (app) => {
    app.get(
      '/flows',
      {
        config: reads,
        schema: {
          summary: 'Flows and which version is published, newest first',
          tags,
          querystring: FlowQuerySchema,
          response: { 200: FlowPageSchema },
        },
      },
      async (request) => {
        const { tenant, name, namePrefix, fields, cursor, limit = 50 } = request.query;
        const narrow = pickerOf(Object.keys(FlowSummarySchema.properties), fields);
        if (cursor !== undefined && !isUuid(cursor))
          throw new Problem('invalid-parameters', 'see faults', [
            {
              field: '/cursor',
              message: 'is none of ours: take `next` from the page before, or leave it out',
            },
          ]);
        const found = await flows.list(request, { tenant, name, namePrefix, before: cursor }, limit + 1);
        const page = found.slice(0, limit);
        return { flows: page.map(narrow), next: found.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    );

    app.post(
      '/flows',
      {
        config: writes,
        schema: {
          summary: 'Makes a flow; its draft is empty',
          tags,
          headers: IdempotencySchema,
          body: FlowNameBodySchema,
          response: { 201: FlowSummarySchema },
        },
      },
      async (request, reply) => {
        const answer = await flows.create(request, tenantOf(request), request.body.name);
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );

    app.get(
      '/flows/:id',
      {
        config: reads,
        schema: {
          summary: 'One flow with its versions and the graph in force',
          tags,
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(FlowDetailSchema), 304: Type.Null() },
        },
      },
      async (request, reply) => {
        const narrow = pickerOf(Object.keys(FlowDetailSchema.properties), request.query.fields);
        const { body, etag } = await flows.find(request, request.params.id);
        reply.header('etag', etag);
        if (isKnown(request, etag)) return reply.code(304).send(null);
        return reply.send(narrow(body));
      },
    );

    app.patch(
      '/flows/:id',
      {
        config: writes,
        schema: {
          summary: 'Renames a flow',
          tags,
          params,
          headers: IfMatchSchema,
          body: FlowNameBodySchema,
          response: { 200: FlowSummarySchema },
        },
      },
      async (request, reply) => {
        const seen = demandIfMatch(request);
        const { body, etag } = await flows.rename(request, request.params.id, request.body.name, seen);
        return reply.header('etag', etag).send(body);
      },
    );

    app.delete(
      '/flows/:id',
      {
        config: writes,
        schema: {
          summary: 'Deletes a flow that nothing uses, with its draft and its versions',
          description: '409 names the campaigns and flows that use it.',
          tags,
          params,
          headers: IfMatchSchema,
          response: { 204: Type.Null({ description: 'It is gone' }) },
        },
      },
      async (request, reply) => {
        await flows.remove(request, request.params.id, demandIfMatch(request));
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/flows/:id/clone',
      {
        config: writes,
        schema: {
          summary: 'Makes another flow whose draft is this one’s content',
          tags,
          params,
          headers: IdempotencySchema,
          body: Type.Object(
            { name: FlowNameSchema, from: Type.Optional(WhichSchema) },
            { additionalProperties: false },
          ),
          response: { 201: FlowSummarySchema },
        },
      },
      async (request, reply) => {
        const { name, from = 'draft' } = request.body;
        const { flow, document } = await flows.document(request, request.params.id, whichOf(from));
        const answer = await flows.create(request, flow.tenantId, name, document, 'flow.clone');
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );

    app.get(
      '/flows/:id/export',
      {
        config: reads,
        schema: {
          summary: 'A flow as a document that another installation takes',
          tags,
          params,
          querystring: Type.Object({ version: Type.Optional(WhichSchema) }, { additionalProperties: false }),
          response: { 200: FlowExportSchema },
        },
      },
      async (request, reply) => {
        const which = whichOf(request.query.version ?? 'published');
        const { flow, document } = await flows.document(request, request.params.id, which);
        return reply
          .header('content-disposition', `attachment; filename="flow-${flow.id}.json"`)
          .send({ format: exportFormat, formatVersion: 1 as const, name: flow.name, flow: document });
      },
    );

    app.post(
      '/flows/import',
      {
        config: writes,
        schema: {
          operationId: 'importFlow',
          summary: 'Makes a flow of an exported document: it is the draft, to be published',
          description: 'A document that could not be published here is refused with all its faults (422).',
          tags,
          headers: IdempotencySchema,
          body: FlowImportSchema,
          response: { 201: FlowSummarySchema },
        },
      },
      async (request, reply) => {
        const { name, flow: document } = request.body;
        const faults = faultsOf(document, nodeTypes);
        if (faults.length > 0)
          throw new Problem(
            'invalid-body',
            'this flow cannot be walked here: see faults',
            faults.map(({ field, ...fault }) => ({ ...fault, field: `/flow${field}` })),
          );
        const draft = document as FlowDraftDocument; // without a fault it is one
        const answer = await flows.create(request, tenantOf(request), name, draft, 'flow.import');
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );

    await app.register(draftRoutes(ports));
    await app.register(versionRoutes(ports));
    await app.register(nodeTypeRoutes(ports));
  };
}
