import type { FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import { type Showing, showingTo, shownSummary } from '../access/number-policy.ts';
import type { Whose } from '../access.ts';
import { soughtBy } from '../call-list.ts';
import { type CallQuery, CallQuerySchema, type CallSummary } from '../call-schemas.ts';
import type { ApiPorts, CallFilter, CallPosition } from '../ports.ts';
import { csvResponse, exportBatch, exportTimeoutMs, sendCsv } from './csv-export.ts';

const columns = [
  'id',
  'tenantId',
  'startedAt',
  'answeredAt',
  'connectedAt',
  'endedAt',
  'caller',
  'callerName',
  'did',
  'campaignId',
  'publisherId',
  'buyerId',
  'buyer',
  'outcome',
  'refusal',
  'reason',
  'cause',
  'hungUpBy',
  'tags',
] as const satisfies readonly (keyof CallSummary)[];

// The list's own filters: whoever sees calls there can take the same ones home.
const { state: _ended, limit: _all, cursor: _whole, fields: _every, ...filters } = CallQuerySchema.properties;
const QuerySchema = Type.Object(filters, { additionalProperties: false });

async function* batches(
  { calls }: Pick<ApiPorts, 'calls'>,
  whose: Whose,
  filter: CallFilter,
  showing: Showing,
) {
  let after: CallPosition | undefined;
  for (;;) {
    const rows = await calls.list(whose, filter, after, exportBatch);
    yield rows.map((row) => ({ ...shownSummary(row, showing) }));
    after = rows.at(-1);
    if (after === undefined || rows.length < exportBatch) return;
  }
}

/** `GET /calls/export`: the ended calls of `GET /calls`. */
export function callsExport(ports: Pick<ApiPorts, 'calls' | 'access'>): FastifyPluginAsync {
  return async (app) => {
    app.get(
      '/calls/export',
      {
        config: {
          dear: 'export',
          access: { scope: 'calls:read', views: ['publisher', 'buyer'] },
          answerWithinMs: exportTimeoutMs,
        },
        schema: {
          summary: 'Ended calls as a CSV file, newest first',
          description:
            'Filters are those of GET /calls. A publisher gets the calls it sent, a buyer those it got, both with numbers masked unless the tenant set wholeNumbers (PATCH /tenant).',
          tags: ['calls'],
          querystring: QuerySchema,
          response: csvResponse,
        },
      },
      async (request, reply) => {
        const { principal } = request;
        const showing = await showingTo(ports.access.facts, principal);
        const filter = soughtBy(request.query as CallQuery, principal, showing);
        return sendCsv(reply, 'calls', columns, batches(ports, principal, filter, showing));
      },
    );
  };
}
