import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { FlowGraphSchema } from '../../flow/flow-graph.ts';
import { seenBy } from '../conditional.ts';
import type { ApiPorts } from '../ports.ts';
import { Problem } from '../problem.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { fieldList, pickerOf } from '../resources/page-query.ts';
import { pageQuery, UuidSchema } from '../schemas.ts';
import type { Which } from './flow-admin.ts';
import { diffFlows } from './flow-diff.ts';
import {
  FlowDiffSchema,
  FlowVersionPageSchema,
  FlowVersionSchema,
  FlowVersionSummarySchema,
  SeenSchema,
  WhichSchema,
} from './flow-schemas.ts';

const params = Type.Object({ id: UuidSchema });
const versionParams = Type.Object({
  id: UuidSchema,
  version: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
});
const reads = { access: { scope: 'flows:read' } } as const;
const writes = { access: { scope: 'flows:write' } } as const;
const tags = ['flows'];

/** `draft`, `published` or a number, as an address has it. */
export function whichOf(text: string): Which {
  return text === 'draft' || text === 'published' ? text : Number(text);
}

/** A flow's versions: kept, read, compared, published, gone back to. */
export function versionRoutes({ flows }: Pick<ApiPorts, 'flows'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/flows/:id/versions',
      {
        config: reads,
        schema: {
          summary: 'The versions of a flow, newest first',
          tags,
          params,
          querystring: Type.Object({ ...pageQuery, fields: fieldList }, { additionalProperties: false }),
          response: { 200: FlowVersionPageSchema },
        },
      },
      async (request) => {
        const { cursor, limit = 50, fields } = request.query;
        const narrow = pickerOf(Object.keys(FlowVersionSummarySchema.properties), fields);
        if (cursor !== undefined && !/^[1-9]\d{0,8}$/.test(cursor))
          throw new Problem('invalid-parameters', 'see faults', [
            {
              field: '/cursor',
              message: 'is none of ours: take `next` from the page before, or leave it out',
            },
          ]);
        const below = cursor === undefined ? undefined : Number(cursor);
        const found = await flows.versions(request, request.params.id, below, limit + 1);
        const versions = found.slice(0, limit);
        const last = versions.at(-1);
        return {
          versions: versions.map(narrow),
          next: found.length > limit && last !== undefined ? String(last.version) : null,
        };
      },
    );

    app.post(
      '/flows/:id/versions',
      {
        config: writes,
        schema: {
          summary: 'Keeps a graph as the next version of a flow, unpublished; the draft stays as it is',
          description: "All faults of the graph are told at once (422), the schema's first.",
          tags,
          params,
          headers: IdempotencySchema,
          body: FlowGraphSchema,
          response: { 201: FlowVersionSummarySchema },
        },
      },
      async (request, reply) => {
        const answer = await flows.addVersion(request, request.params.id, request.body);
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );

    app.get(
      '/flows/:id/versions/:version',
      {
        config: reads,
        schema: {
          summary: 'One version with its graph, as it was written',
          tags,
          params: versionParams,
          response: { 200: FlowVersionSchema },
        },
      },
      (request) => flows.version(request, request.params.id, request.params.version),
    );

    app.post(
      '/flows/:id/versions/:version/publish',
      {
        config: writes,
        schema: {
          summary: 'New calls take this version from now on; live calls keep theirs',
          description:
            'If-Match with the etag of the flow: only where nobody else published since (412 otherwise).',
          tags,
          params: versionParams,
          headers: SeenSchema,
          response: { 200: FlowVersionSummarySchema },
        },
      },
      async (request, reply) => {
        const { id, version } = request.params;
        const { body, etag } = await flows.publish(request, id, version, seenBy(request));
        return reply.header('etag', etag).send(body);
      },
    );

    app.post(
      '/flows/:id/versions/:version/rollback',
      {
        config: writes,
        schema: {
          summary: 'Goes back to a version that was published before',
          description:
            'The version itself is published again, under its own number: its content cannot have changed. 409 where it was never published, or where node types changed so that it cannot be walked any more. If-Match as for publishing.',
          tags,
          params: versionParams,
          headers: SeenSchema,
          response: { 200: FlowVersionSummarySchema },
        },
      },
      async (request, reply) => {
        const { id, version } = request.params;
        const { body, etag } = await flows.rollback(request, id, version, seenBy(request));
        return reply.header('etag', etag).send(body);
      },
    );

    app.get(
      '/flows/:id/diff',
      {
        config: reads,
        schema: {
          summary: 'What one version or draft of a flow has that another has not',
          description:
            'The order of nodes and edges means nothing; that of lists within params does. An edge that leads elsewhere is one removed and one added.',
          tags,
          params,
          querystring: Type.Object({ from: WhichSchema, to: WhichSchema }, { additionalProperties: false }),
          response: { 200: FlowDiffSchema },
        },
      },
      async (request) => {
        const { from, to } = request.query;
        const [before, after] = await Promise.all(
          [from, to].map((which) => flows.document(request, request.params.id, whichOf(which))),
        );
        if (before === undefined || after === undefined) throw new Error('two were asked for');
        return diffFlows(before.document, after.document);
      },
    );
  };
}
