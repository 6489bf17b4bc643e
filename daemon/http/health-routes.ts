import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { ApiPorts } from './ports.ts';
import { ReadinessSchema, sharedReadiness } from './readiness.ts';

/** `GET /health/live` and `GET /health/ready`: without a key, and without words a stranger should not read. */
export function healthRoutes(ports: Pick<ApiPorts, 'health'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    const readiness = sharedReadiness(ports.health, {
      onFault: (check, error) => app.log.warn({ err: error, check: check.name }, 'a readiness check failed'),
    });
    app.get(
      '/health/live',
      {
        schema: {
          summary: 'The process runs and its event loop turns',
          tags: ['operations'],
          security: [],
          response: { 200: Type.Object({ live: Type.Literal(true) }) },
        },
      },
      async () => ({ live: true }) as const,
    );

    app.get(
      '/health/ready',
      {
        schema: {
          summary: 'Whether new calls should be sent to this daemon, with what each check said',
          tags: ['operations'],
          security: [],
          response: { 200: ReadinessSchema, 503: ReadinessSchema },
        },
      },
      async (_request, reply) => {
        const state = await readiness();
        return reply
          .code(state.ready ? 200 : 503)
          .header('cache-control', 'no-store')
          .send(state);
      },
    );
  };
}

/** `GET /metrics` in Prometheus' text form. */
export function metricsRoutes(
  ports: Pick<ApiPorts, 'metrics'>,
  options: { readonly open: boolean },
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/metrics',
      {
        config: { access: { scope: 'operator' } },
        schema: {
          operationId: 'getMetrics',
          summary: 'Figures for Prometheus',
          tags: ['operations'],
          ...(options.open ? { security: [] } : {}),
          response: {
            200: { description: 'Figures', content: { 'text/plain': { schema: Type.String() } } },
          },
        },
      },
      async (_request, reply) => reply.type(ports.metrics.contentType).send(await ports.metrics.text()),
    );
  };
}
