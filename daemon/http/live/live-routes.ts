import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { LRUCache } from 'lru-cache';
import { Type } from 'typebox';
import { type Showing, showingTo, type WholeNumbers } from '../access/number-policy.ts';
import { type Principal, stillAllowed, tenantOf } from '../access.ts';
import type { Pressure } from '../shedding.ts';
import type { LiveFeed } from './live-feed.ts';
import type { LiveReader } from './live-reader.ts';

/** What the route needs of the feed. */
export type LiveStream = Pick<LiveFeed, 'read' | 'stop' | 'endAll'>;

const description = `\`call.started\`, \`node.entered\`, \`call.bridged\`, \`call.ended\` and \`caps.changed\` of the tenant's calls,
at whichever daemon they run, as server-sent events; \`data\` is JSON (schemas Live_…). A publisher and a buyer see
their own. It ends when
your key or session does, or what the tenant lets you see of numbers changes. Send \`Last-Event-ID\` to go on where you were; the event \`gap\` says that some were missed: read GET /calls.
A reader that does not keep up is cut off. A stream ends after a quarter of an hour: come back, as browsers do.`;

/** How long the readers of a tenant share what it said of its numbers: they are looked after every second. */
const policyKeptMs = 5_000;

/** `GET /live`: what happens now. */
export function liveRoutes({
  live,
  access,
  pressure,
}: {
  readonly live: LiveStream;
  readonly access: { readonly facts: WholeNumbers };
  readonly pressure: Pressure;
}): FastifyPluginAsyncTypebox {
  const policies = new LRUCache<string, boolean>({ max: 1_000, ttl: policyKeptMs });
  const fresh: WholeNumbers = {
    async wholeNumbers(tenantId) {
      const whole = await access.facts.wholeNumbers(tenantId);
      policies.set(tenantId, whole);
      return whole;
    },
  };
  const remembered: WholeNumbers = {
    wholeNumbers: async (tenantId) => policies.get(tenantId) ?? fresh.wholeNumbers(tenantId),
  };
  /** Whether the tenant still shows them its numbers as when they began. */
  const sameShowing = async (principal: Principal, { masked }: Showing): Promise<boolean> =>
    (await showingTo(remembered, principal)).masked === masked;

  return async (app) => {
    // Before the server waits for the streams to end.
    app.addHook('preClose', async () => live.stop());
    // A reader costs as much as any request, but nobody would turn it away again.
    const looking = setInterval(() => {
      if (pressure.lasts(app)) live.endAll();
    }, 1_000).unref();
    app.addHook('onClose', async () => clearInterval(looking));

    app.get(
      '/live',
      {
        config: { access: { scope: 'calls:read', views: ['publisher', 'buyer'] }, answerWithinMs: 0 },
        exposeHeadRoute: false,
        schema: {
          operationId: 'streamLive',
          summary: 'What happens to calls and caps now, as a stream of server-sent events',
          description,
          tags: ['live'],
          headers: Type.Object({
            'last-event-id': Type.Optional(
              Type.String({ maxLength: 100, description: 'The id of the last event you had' }),
            ),
          }),
          response: {
            200: {
              description: 'The stream',
              content: { 'text/event-stream': { schema: Type.Unsafe<LiveReader>(Type.String()) } },
            },
          },
        },
      },
      async (request, reply) => {
        const { principal } = request;
        const showing = await showingTo(fresh, principal);
        const reader = live.read({
          tenantId: tenantOf(request),
          ...showing,
          principal: `${principal.kind} ${principal.id ?? ''}`,
          lastEventId: request.headers['last-event-id'],
          stillAllowed: async () => (await stillAllowed(request)) && (await sameShowing(principal, showing)),
        });
        return reply
          .type('text/event-stream; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no') // nginx would keep it back
          .send(reader);
      },
    );
  };
}
