import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { isUuid } from '../../telephony/ids.ts';
import { tenantOf } from '../access.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
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
        const { tenant, cursor, limit = 50 } = request.query;
        if (cursor !== undefined && !isUuid(cursor))
          throw new Problem('invalid-parameters', 'see faults', [
            {
              field: '/cursor',
              message: 'is none of ours: take `next` from the page before, or leave it out',
            },
          ]);
        const found = await flows.list(request, tenant, cursor, limit + 1);
        const page = found.slice(0, limit);
        return { flows: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    );

    app.post(
      '/flows',
      {
        config: writes,
        schema: {
          summary: 'Makes a flow; its draft is empty',
          tags,
          body: FlowNameBodySchema,
          response: { 201: FlowSummarySchema },
        },
      },
      async (request, reply) => {
        const flow = await flows.create(request, tenantOf(request), request.body.name);
        return reply.code(201).header('location', `/flows/${flow.id}`).send(flow);
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
          response: { 200: FlowDetailSchema },
        },
      },
      (request) => flows.find(request, request.params.id),
    );

    app.patch(
      '/flows/:id',
      {
        config: writes,
        schema: {
          summary: 'Renames a flow',
          tags,
          params,
          body: FlowNameBodySchema,
          response: { 200: FlowSummarySchema },
        },
      },
      (request) => flows.rename(request, request.params.id, request.body.name),
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
          response: { 204: Type.Null({ description: 'It is gone' }) },
        },
      },
      async (request, reply) => {
        await flows.remove(request, request.params.id);
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
        const clone = await flows.create(request, flow.tenantId, name, document, 'flow.clone');
        return reply.code(201).header('location', `/flows/${clone.id}`).send(clone);
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
          summary: 'Makes a flow of an exported document: it is the draft, to be published',
          description: 'A document that could not be published here is refused with all its faults (422).',
          tags,
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
        const flow = await flows.create(request, tenantOf(request), name, draft, 'flow.import');
        return reply.code(201).header('location', `/flows/${flow.id}`).send(flow);
      },
    );

    await app.register(draftRoutes(ports));
    await app.register(versionRoutes(ports));
    await app.register(nodeTypeRoutes(ports));
  };
}
