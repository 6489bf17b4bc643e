import type { FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import { inTenant } from '../../../orm/in-tenant.ts';
import { tenantOf } from '../access.ts';
import { instant } from '../call-columns.ts';
import { filterOf } from '../call-list.ts';
import { CallQuerySchema, type CallQuery as Filters } from '../call-schemas.ts';
import { csvResponse, exportBatch, exportTimeoutMs, sendCsv } from './csv-export.ts';
import type { Condition, Row } from './resource-rows.ts';
import type { ResourcePorts } from './resource-scope.ts';

/** A column of the file, and where it is in a row `c`. */
const columns = {
  id: 'c.id',
  startedAt: instant('c.started_at'),
  answeredAt: instant('c.answered_at'),
  connectedAt: instant('c.connected_at'),
  endedAt: instant('c.ended_at'),
  caller: 'c.caller',
  callerName: 'c.caller_name',
  did: 'c.did',
  campaignId: 'c.campaign_id',
  publisherId: 'c.publisher_id',
  buyerId: 'c.buyer_id',
  outcome: 'c.outcome',
  refusal: 'c.refusal',
  reason: 'c.reason',
  cause: 'c.cause',
  hungUpBy: 'c.hung_up_by',
  tags: 'to_jsonb(c.tags)',
};
const rowObject = `jsonb_build_object(${Object.entries(columns)
  .map(([name, sql]) => `'${name}', ${sql}`)
  .join(', ')})`;

const { caller, did, outcome, from, to } = CallQuerySchema.properties;
const QuerySchema = Type.Object(
  { caller, did, outcome, from, to, campaignId: idFilter(), publisherId: idFilter(), buyerId: idFilter() },
  { additionalProperties: false },
);

type CallQuery = Filters & { readonly [filter: string]: unknown };

function idFilter() {
  return Type.Optional(Type.String({ format: 'uuid' }));
}

function conditionsOf(query: CallQuery): Condition[] {
  const filter = filterOf(query);
  const all: readonly (readonly [string, unknown])[] = [
    ['c.caller = ?', filter.caller],
    ['c.did = ?', filter.did],
    ['c.outcome = ?', filter.outcome],
    ['c.started_at >= ?', filter.from],
    ['c.started_at < ?', filter.to],
    ['c.campaign_id = ?', query['campaignId']],
    ['c.publisher_id = ?', query['publisherId']],
    ['c.buyer_id = ?', query['buyerId']],
  ];
  return all.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, values: [value] }]));
}

async function* batches(ports: ResourcePorts, tenantId: string, conditions: readonly Condition[]) {
  let after: Condition | undefined;
  for (;;) {
    const all = [...conditions, ...(after === undefined ? [] : [after])];
    const found = await inTenant(ports.orm, tenantId, (em) =>
      em.execute<{ row: Row }[]>(
        `select ${rowObject} as row from call c ${all.length === 0 ? '' : `where ${all.map(({ sql }) => sql).join(' and ')}`}
         order by c.started_at desc, c.id desc limit ?`,
        [...all.flatMap(({ values }) => values), exportBatch],
      ),
    );
    const rows = found.map(({ row }) => row);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < exportBatch) return;
    after = {
      sql: '(c.started_at, c.id) < (?::timestamptz, ?::uuid)',
      values: [last['startedAt'], last['id']],
    };
  }
}

/** `GET /calls/export`: the ended calls of a tenant. */
export function callsExport(ports: ResourcePorts): FastifyPluginAsync {
  return async (app) => {
    app.get(
      '/calls/export',
      {
        config: { dear: 'export', access: { scope: 'calls:read' } },
        handlerTimeout: exportTimeoutMs,
        schema: {
          summary: 'Ended calls as a CSV file, newest first',
          tags: ['calls'],
          querystring: QuerySchema,
          response: csvResponse,
        },
      },
      (request, reply) => {
        const found = batches(ports, tenantOf(request), conditionsOf(request.query as CallQuery));
        return sendCsv(reply, 'calls', Object.keys(columns), found);
      },
    );
  };
}
