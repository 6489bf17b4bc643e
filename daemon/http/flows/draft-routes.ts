import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { demandIfMatch, IfMatchSchema, seenBy } from '../conditional.ts';
import type { ApiPorts } from '../ports.ts';
import { headersOf, IdempotencySchema } from '../resources/idempotency.ts';
import { UuidSchema } from '../schemas.ts';
import { faultsOf } from './flow-faults.ts';
import {
  FlowDraftDocumentSchema,
  FlowDraftSchema,
  FlowVersionSummarySchema,
  SeenSchema,
  ValidationSchema,
} from './flow-schemas.ts';

const params = Type.Object({ id: UuidSchema });
const reads = { access: { scope: 'flows:read' } } as const;
const writes = { access: { scope: 'flows:write' } } as const;
const tags = ['flows'];

/** What is being made of a flow: one draft each, kept whole or not, checked at every step, published at last. */
export function draftRoutes(ports: Pick<ApiPorts, 'flows' | 'nodeTypes'>): FastifyPluginAsyncTypebox {
  const { flows, nodeTypes } = ports;
  return async (app) => {
    app.get(
      '/flows/:id/draft',
      {
        config: reads,
        schema: {
          summary: 'The draft as nodes and edges, with its faults and its etag',
          description: 'Before anybody changed it, it is the version in force.',
          tags,
          params,
          response: { 200: FlowDraftSchema },
        },
      },
      async (request, reply) => {
        const draft = await flows.draft(request, request.params.id);
        return reply.header('etag', draft.etag).send(draft);
      },
    );

    app.put(
      '/flows/:id/draft',
      {
        config: writes,
        schema: {
          summary: 'Keeps a draft, complete or not; what keeps it from being published comes back as faults',
          description:
            'Send the etag of the draft you began with as If-Match (428 without; 412 where somebody else changed it). A document of another form is refused (422).',
          tags,
          params,
          headers: IfMatchSchema,
          body: FlowDraftDocumentSchema,
          response: { 200: FlowDraftSchema },
        },
      },
      async (request, reply) => {
        const seen = demandIfMatch(request);
        const draft = await flows.saveDraft(request, request.params.id, request.body, seen);
        return reply.header('etag', draft.etag).send(draft);
      },
    );

    app.post(
      '/flows/:id/draft/validate',
      {
        config: reads,
        schema: {
          summary: 'Everything that keeps the draft from being published',
          tags,
          params,
          response: { 200: ValidationSchema },
        },
      },
      async (request) => {
        const { faults } = await flows.draft(request, request.params.id);
        return { valid: faults.length === 0, faults };
      },
    );

    app.post(
      '/flows/validate',
      {
        config: reads,
        schema: {
          operationId: 'validateFlowDocument',
          summary: 'Everything that keeps a document from being published; nothing is kept',
          tags,
          body: Type.Unknown({ description: 'A flow graph, or what is to become one' }),
          response: { 200: ValidationSchema },
        },
      },
      async (request) => {
        const faults = faultsOf(request.body, nodeTypes);
        return { valid: faults.length === 0, faults };
      },
    );

    app.post(
      '/flows/:id/draft/publish',
      {
        config: writes,
        schema: {
          summary: 'Makes the draft an immutable version that new calls take; live calls keep theirs',
          description:
            '409 with all faults where it cannot be published. If-Match publishes only the draft you saw (412 otherwise).',
          tags,
          params,
          headers: Type.Object({ ...SeenSchema.properties, ...IdempotencySchema.properties }),
          response: { 201: FlowVersionSummarySchema },
        },
      },
      async (request, reply) => {
        const answer = await flows.publishDraft(request, request.params.id, seenBy(request));
        return reply.code(201).headers(headersOf(answer)).send(answer.body);
      },
    );
  };
}
