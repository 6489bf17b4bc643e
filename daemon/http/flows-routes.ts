import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { FlowGraphSchema } from '../flow/flow-graph.ts';
import { isUuid } from '../telephony/ids.ts';
import {
  FlowDetailSchema,
  FlowPageSchema,
  FlowQuerySchema,
  FlowVersionSummarySchema,
  NodeTypeSchema,
} from './flow-schemas.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { UuidSchema } from './schemas.ts';

const params = Type.Object({ id: UuidSchema });
const versionParams = Type.Object({
  id: UuidSchema,
  version: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
});

/** `GET /flows`, `GET /flows/:id`, `POST /flows/:id/versions`, `POST …/publish`, `GET /node-types`. */
export function flowsRoutes(ports: Pick<ApiPorts, 'flows' | 'nodeTypes'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/flows',
      {
        config: { access: { scope: 'flows:read' } },
        schema: {
          summary: 'Flows and which version is published',
          tags: ['flows'],
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
        const found = await ports.flows.list(tenant, cursor, limit + 1);
        const flows = found.slice(0, limit);
        return { flows, next: found.length > limit ? (flows.at(-1)?.id ?? null) : null };
      },
    );

    app.get(
      '/flows/:id',
      {
        config: { access: { scope: 'flows:read' } },
        schema: {
          summary: 'One flow with its versions and the graph in force',
          tags: ['flows'],
          params,
          response: { 200: FlowDetailSchema },
        },
      },
      async (request) => {
        const flow = await ports.flows.find(request.params.id);
        if (flow === undefined) throw new Problem('not-found', 'no flow has this id');
        return flow;
      },
    );

    app.post(
      '/flows/:id/versions',
      {
        config: { access: { scope: 'flows:write' } },
        schema: {
          summary: 'Keeps a graph as the next version of a flow, as a draft',
          description: "All faults of the graph are told at once (422), the schema's first.",
          tags: ['flows'],
          params,
          body: FlowGraphSchema,
          response: { 201: FlowVersionSummarySchema },
        },
      },
      async (request, reply) => {
        const added = await ports.flows.addVersion(request.params.id, request.body);
        switch (added.result) {
          case 'added':
            return reply.code(201).send(added.version);
          case 'notFound':
            throw new Problem('not-found', 'no flow has this id');
          case 'refused':
            throw new Problem('invalid-body', 'this graph cannot be walked: see faults', added.faults);
        }
      },
    );

    app.post(
      '/flows/:id/versions/:version/publish',
      {
        config: { access: { scope: 'flows:write' } },
        schema: {
          summary: 'New calls take this version from now on; live calls keep theirs',
          tags: ['flows'],
          params: versionParams,
          response: { 200: FlowVersionSummarySchema },
        },
      },
      async (request) => {
        const published = await ports.flows.publish(request.params.id, request.params.version);
        switch (published.result) {
          case 'published':
            return published.version;
          case 'notFound':
            throw new Problem('not-found', 'there is no such version of this flow');
          case 'refused':
            throw new Problem(
              'conflict',
              'this version cannot be published as things are: see faults',
              published.faults,
            );
        }
      },
    );

    const nodeTypes = Array.from(ports.nodeTypes.values(), (definition) => ({
      type: definition.type,
      help: definition.help,
      params: definition.params,
      exits: Object.entries(definition.exits).map(([name, rule]) => ({ name, rule })),
      waitsForCaller: definition.waitsForCaller ?? false,
    })).sort((a, b) => (a.type < b.type ? -1 : 1));
    app.get(
      '/node-types',
      {
        config: { access: { scope: 'flows:read' } },
        schema: {
          summary: 'The node types a flow may use, with params and exits',
          description: 'Beside its own exits every node has `error` and `hangup`.',
          tags: ['flows'],
          response: { 200: Type.Object({ nodeTypes: Type.Array(NodeTypeSchema) }) },
        },
      },
      async () => ({ nodeTypes }),
    );
  };
}
