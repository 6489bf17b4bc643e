import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { isHangupCause } from '../telephony/hangup-cause.ts';
import type { CallId } from '../telephony/ids.ts';
import { pageOfCalls, summaryOfLive } from './call-list.ts';
import { CallDetailSchema, CallPageSchema, CallQuerySchema, HangupBodySchema } from './call-schemas.ts';
import { timelineOf } from './call-timeline.ts';
import { recordsOfLive } from './live-records.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, unavailable } from './problem.ts';
import { Nullable, UuidSchema } from './schemas.ts';

const nothing = { legs: [], attempts: [], trace: [], recordings: [] };
const params = Type.Object({ id: UuidSchema });

/** `GET /calls`, `GET /calls/:id`, `POST /calls/:id/hangup`. */
export function callsRoutes(ports: Pick<ApiPorts, 'liveCalls' | 'calls'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/calls',
      {
        config: { access: { scope: 'calls:read' } },
        schema: {
          summary: 'Live and ended calls, newest first',
          description:
            'Live calls are those of the daemon that answers; ended ones are those of all daemons.',
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
          const call = summaryOfLive(live, soFar);
          const records = soFar === undefined ? nothing : recordsOfLive(soFar);
          return { call, ...records, timeline: timelineOf(call, records) };
        }
        const found = await ports.calls.find(id);
        if (found === undefined) throw new Problem('not-found', 'no call has this id');
        return { ...found, timeline: timelineOf(found.call, found) };
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
