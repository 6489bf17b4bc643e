import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { RedisAway } from '../caps/redis-link.ts';
import { isHangupCause } from '../telephony/hangup-cause.ts';
import type { CallId } from '../telephony/ids.ts';
import { pageOfCalls, summaryOfLeased, summaryOfLive } from './call-list.ts';
import {
  type CallDetail,
  CallDetailSchema,
  CallPageSchema,
  CallQuerySchema,
  type CallRecords,
  type CallSummary,
  HangupBodySchema,
} from './call-schemas.ts';
import { timelineOf } from './call-timeline.ts';
import { recordsOfLive } from './live-records.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, unavailable } from './problem.ts';
import { Nullable, UuidSchema } from './schemas.ts';

function withTimeline(call: CallSummary, records: CallRecords): CallDetail {
  const { legs, attempts, trace, recordings } = records;
  return { call, legs, attempts, trace, recordings, timeline: timelineOf(call, records) };
}

const nothing = { legs: [], attempts: [], trace: [], recordings: [] };
const params = Type.Object({ id: UuidSchema });

type CallPorts = Pick<ApiPorts, 'liveCalls' | 'calls' | 'leased' | 'daemonId'>;

/** `GET /calls`, `GET /calls/:id`, `POST /calls/:id/hangup`. */
export function callsRoutes(ports: CallPorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/calls',
      {
        config: { access: { scope: 'calls:read' } },
        schema: {
          summary: 'Live and ended calls, newest first',
          description:
            'Of all daemons. Of a call that lives at another daemon than the one that answers only what its cap leases tell is known: daemonId, tenantId, campaignId, the id of its buyer, and about when it began.',
          tags: ['calls'],
          querystring: CallQuerySchema,
          response: { 200: CallPageSchema },
        },
      },
      (request) => pageOfCalls(ports, request.query),
    );

    app.get(
      '/calls/:id',
      {
        config: { access: { scope: 'calls:read' } },
        schema: {
          summary: 'One call: legs, CDRs, attempts, trace, recordings, and all of it as a timeline',
          description:
            'Of a call that lives at another daemon than the one that answers, which daemon that is and little more.',
          tags: ['calls'],
          params,
          response: { 200: CallDetailSchema },
        },
      },
      async (request) => {
        const id = request.params.id.toLowerCase() as CallId;
        // Live first: its record is only written when it ends, and a live call must be seen with PostgreSQL away.
        const live = ports.liveCalls.get(id);
        if (live !== undefined) {
          const soFar = ports.liveCalls.soFar(id);
          const call = summaryOfLive(live, ports.daemonId, soFar);
          return withTimeline(call, soFar === undefined ? nothing : recordsOfLive(soFar));
        }
        let away: Error | undefined;
        const ended = await ports.calls.find(id).catch((error: unknown) => {
          away = error instanceof Error ? error : new Error(String(error));
        });
        if (ended !== undefined) return withTimeline(ended.call, ended);
        const leased = await ports.leased.find(id).catch((error: unknown) => {
          if (!(error instanceof RedisAway)) throw error;
          throw away ?? unavailable('Redis, which knows the calls of other daemons,');
        });
        if (leased !== undefined) return withTimeline(summaryOfLeased(leased), nothing);
        if (away !== undefined) throw away;
        throw new Problem('not-found', 'no call has this id');
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
        const done = await ports.liveCalls.hangup(id, cause);
        if (done.result === 'unreachable') throw unavailable(done.what);
        if (done.result === 'unknown')
          throw new Problem('not-found', 'no daemon runs a call with this id; it may have ended');
        return reply.code(202).send({ id, cause });
      },
    );
  };
}
