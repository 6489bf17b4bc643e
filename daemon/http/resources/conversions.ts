import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { newId } from '../../telephony/ids.ts';
import { audited } from '../audited.ts';
import { Problem } from '../problem.ts';
import { conversionStatuses, conversions } from './call-facts.ts';
import { Currency, Id, MicrosNotNegative, Note } from './fields.ts';
import { IdempotencySchema, once } from './idempotency.ts';
import { findRow, type Row } from './resource-rows.ts';
import { accessTo, inScope, type ResourcePorts } from './resource-scope.ts';

/** Whose a call was, by its last conversion or by itself. */
const partiesOf = `select version, campaign_id, buyer_id, publisher_id from (
    select version, campaign_id, buyer_id, publisher_id from conversion where call_id = ?
    union all select 0, campaign_id, buyer_id, publisher_id from call where id = ?
  ) known order by version desc limit 1`;

/** `POST /conversions`: what a call was worth is never changed, but said anew. */
export function conversionRoutes(ports: ResourcePorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      conversions.address,
      {
        config: { access: accessTo(conversions, 'write') },
        schema: {
          summary: 'Say what a call was worth',
          description:
            "The next version of the call's conversion, of the rule `correction`: the highest one counts, those before it stay. Its campaign, buyer and publisher are those of the call.",
          tags: [conversions.thing],
          headers: IdempotencySchema,
          body: Type.Object(
            {
              callId: Id,
              status: Type.Enum([...conversionStatuses]),
              currency: Currency,
              priceMicros: MicrosNotNegative,
              payoutMicros: MicrosNotNegative,
              reason: Type.Optional(Note),
            },
            { additionalProperties: false },
          ),
          response: { 201: conversions.schemas.whole },
        },
      },
      async (request, reply) => {
        const { callId, status, currency, priceMicros, payoutMicros, reason = null } = request.body;
        const answer = await inScope(ports, request, conversions, 'write', (em, scope) =>
          once(em, request, scope.tenantId, async () => {
            // Two at once are two versions, one after the other.
            await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
              `conversion ${callId}`,
            ]);
            const [known] = await em.execute<
              { version: number; campaign_id: string; buyer_id: string; publisher_id: string }[]
            >(partiesOf, [callId, callId]);
            if (known === undefined)
              throw new Problem('invalid-body', 'see faults', [
                { field: '/callId', message: 'names no call that ended' },
              ]);
            const id = newId();
            await em.execute(
              `insert into conversion (id, tenant_id, call_id, version, campaign_id, buyer_id, publisher_id, rule, status, currency, price_micros, payout_micros, reason)
               values (?, ?, ?, ?, ?, ?, ?, 'correction', ?, ?, ?, ?, ?)`,
              [
                id,
                scope.tenantId,
                callId,
                known.version + 1,
                known.campaign_id,
                known.buyer_id,
                known.publisher_id,
                status,
                currency,
                priceMicros,
                payoutMicros,
                reason,
              ],
            );
            const row = await findRow(em, conversions, scope, id);
            if (row === undefined) throw new Error(`conversion ${id} was written and is not seen`);
            audited(em, request, {
              action: 'conversion.create',
              subject: 'conversion',
              subjectId: id,
              before: null,
              after: row,
              tenantId: scope.tenantId,
            });
            return { status: 201, body: row, headers: { location: `${conversions.address}/${id}` } };
          }),
        );
        if (answer.replayed) reply.header('idempotency-replayed', 'true');
        return reply
          .code(201)
          .headers(answer.headers)
          .send(answer.body as Row);
      },
    );
  };
}
