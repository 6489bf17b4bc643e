import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { RedisAway } from '../caps/redis-link.ts';
import { isHangupCause } from '../telephony/hangup-cause.ts';
import type { CallId } from '../telephony/ids.ts';
import { showingTo, shownCall, shownRecords, shownSummary } from './access/number-policy.ts';
import { isLeasedOf, isOf, pageOfCalls, soughtBy } from './call-list.ts';
import {
  CallDetailSchema,
  CallPageSchema,
  CallQuerySchema,
  type CallRecords,
  CallSummarySchema,
  type CallView,
  HangupBodySchema,
} from './call-schemas.ts';
import { timelineOf } from './call-timeline.ts';
import { viewOfLeased, viewOfLive } from './live-calls.ts';
import { recordsOfLive } from './live-records.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, unavailable } from './problem.ts';
import { callsExport } from './resources/calls-export.ts';
import { itemQuery, pickerOf } from './resources/page-query.ts';
import { Nullable, UuidSchema } from './schemas.ts';

const nothing = { legs: [], attempts: [], trace: [], recordings: [] };
const params = Type.Object({ id: UuidSchema });
const read = { access: { scope: 'calls:read', views: ['publisher', 'buyer'] } } as const;

/** `GET /calls`, `GET /calls/export`, `GET /calls/:id`, `POST /calls/:id/hangup`. */
export function callsRoutes(
  ports: Pick<ApiPorts, 'liveCalls' | 'calls' | 'leased' | 'daemonId' | 'access'>,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    await app.register(callsExport(ports));
    app.get(
      '/calls',
      {
        config: read,
        schema: {
          summary: 'Live and ended calls, newest first',
          description:
            'Of all daemons. Of a call that lives at another daemon than the one that answers only what its cap leases tell is known: daemonId, tenantId, campaignId, phoneNumberId, switchName, the id of its buyer, and about when it began; where a filter asks for more, `complete` is false. A publisher sees the calls it sent, a buyer those it got, both with numbers masked unless the tenant set wholeNumbers (PATCH /tenant).',
          tags: ['calls'],
          querystring: CallQuerySchema,
          response: { 200: CallPageSchema },
        },
      },
      async (request) => {
        const narrow = pickerOf(Object.keys(CallSummarySchema.properties), request.query.fields);
        const showing = await showingTo(ports.access.facts, request.principal);
        const filter = soughtBy(request.query, request.principal, showing);
        const page = await pageOfCalls(ports, request.principal, request.query, filter);
        return { ...page, calls: page.calls.map((call) => narrow(shownSummary(call, showing))) };
      },
    );

    app.get(
      '/calls/:id',
      {
        config: read,
        schema: {
          summary: 'One call: legs, CDRs, attempts, trace, recordings, and all of it as a timeline',
          description:
            'Of a call that lives at another daemon than the one that answers, which daemon that is and little more.',
          tags: ['calls'],
          params,
          querystring: itemQuery,
          response: { 200: Type.Partial(CallDetailSchema) },
        },
      },
      async (request) => {
        const id = request.params.id.toLowerCase() as CallId;
        const narrow = pickerOf(Object.keys(CallDetailSchema.properties), request.query.fields);
        const showing = await showingTo(ports.access.facts, request.principal);
        const { call, ...records } = await found(request, id);
        const shown = { call: shownCall(call, showing), ...shownRecords(records, showing) };
        return narrow({ ...shown, timeline: timelineOf(shown.call, shown) });
      },
    );

    app.post(
      '/calls/:id/hangup',
      {
        config: { access: { scope: 'calls:write' } },
        schema: {
          summary: 'Ends a live call, whichever daemon runs it',
          description:
            'A call of another daemon is found by its cap leases and ended through its FreeSWITCH. 404: nobody runs it (any more).',
          tags: ['calls'],
          params,
          body: Nullable(HangupBodySchema),
          response: { 202: Type.Object({ id: Type.String(), cause: Type.String() }) },
        },
      },
      async (request, reply) => {
        const id = request.params.id.toLowerCase() as CallId;
        const cause = request.body?.cause ?? 'MANAGER_REQUEST';
        if (!isHangupCause(cause))
          throw new Problem('invalid-body', 'see faults', [
            { field: '/cause', message: 'is no hangup cause of FreeSWITCH, such as NORMAL_CLEARING' },
          ]);
        const { tenantId } = request.principal;
        const owner = ports.liveCalls.get(id)?.tenantId ?? tenantId;
        const done =
          tenantId === undefined || (await isCallOf(request, tenantId, id))
            ? await ports.liveCalls.hangup(id, cause)
            : ({ result: 'unknown' } as const);
        if (done.result === 'unreachable') throw unavailable(done.what);
        if (done.result === 'unknown')
          throw new Problem('not-found', 'no daemon runs a call with this id; it may have ended');
        const change = { action: 'call.hangup', subject: 'call', subjectId: id, after: { cause } };
        // It is done: a PostgreSQL that is away must not tell otherwise.
        await ports.access.audit
          .note(request, { ...change, tenantId: owner ?? null })
          .catch((error: unknown) => {
            request.log.error({ err: error, ...change, principal: request.principal.id }, 'audit entry lost');
          });
        return reply.code(202).send({ id, cause });
      },
    );
  };

  async function found(
    { principal }: FastifyRequest,
    id: CallId,
  ): Promise<CallRecords & { readonly call: CallView }> {
    // Live first: its record is only written when it ends, and a live call must be seen with PostgreSQL away.
    const live = ports.liveCalls.get(id);
    if (live !== undefined && isOf(principal, live)) {
      const soFar = ports.liveCalls.soFar(id);
      const records = soFar === undefined ? nothing : recordsOfLive(soFar);
      return { call: viewOfLive(live, ports.daemonId, soFar), ...records };
    }
    let away: Error | undefined;
    const ended = await ports.calls.find(principal, id).catch((error: unknown) => {
      away = error instanceof Error ? error : new Error(String(error));
    });
    if (ended !== undefined) return ended;
    const leased = await ports.leased.find(id).catch((error: unknown) => {
      if (!(error instanceof RedisAway)) throw error;
      throw away ?? redisAway();
    });
    if (leased !== undefined && isLeasedOf(principal, leased))
      return { call: viewOfLeased(leased), ...nothing };
    if (away !== undefined) throw away;
    throw new Problem('not-found', 'no call has this id');
  }

  /** Whose call it is, where another daemon runs it: every call holds a place of its tenant's cap. */
  async function isCallOf(request: FastifyRequest, tenantId: string, id: CallId): Promise<boolean> {
    const live = ports.liveCalls.get(id);
    if (live !== undefined) return live.tenantId === tenantId;
    const leased = await ports.leased.find(id).catch((error: unknown) => {
      request.log.warn({ err: error }, 'leases could not be read');
      throw redisAway();
    });
    return leased?.scopes.tenant === tenantId;
  }
}

function redisAway(): Problem {
  return unavailable('Redis, which knows the calls of other daemons,');
}
