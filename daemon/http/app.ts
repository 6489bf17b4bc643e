import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { checkAccess, demandAccess } from './access.ts';
import { apiDescription, buildLocalReference, documentProblems } from './api-description.ts';
import { callsRoutes } from './calls-routes.ts';
import { capsRoutes } from './caps-routes.ts';
import { cdrRoutes } from './cdr-routes.ts';
import { flowsRoutes } from './flows/flows-routes.ts';
import { healthRoutes, metricsRoutes } from './health-routes.ts';
import { KeyDigest, requireBasic, requireBearer } from './keys.ts';
import { liveRoutes } from './live/live-routes.ts';
import type { ApiPorts } from './ports.ts';
import { answerBrokenRequest, answerWithProblems } from './problem.ts';
import { ProblemSchema } from './schemas.ts';
import { validatorCompiler } from './validation.ts';

export interface ApiSettings {
  /** The bearer key; at least 16 characters. */
  readonly key: string;
  /** Password mod_json_cdr sends; undefined: there is no `/freeswitch/cdr`. */
  readonly cdrSecret: string | undefined;
  /** Lets Prometheus read `/metrics` without a key. */
  readonly metricsWithoutKey: boolean;
  /** CallFabric's version, for the API's description. */
  readonly version: string;
}
export interface ApiDependencies {
  readonly settings: ApiSettings;
  readonly ports: ApiPorts;
  readonly log: FastifyBaseLogger;
}

/** Bodies larger than this are refused with 413 (flows are the largest; `/freeswitch/cdr` has its own bound). */
export const largestBodyBytes = 1024 * 1024;
const requestTimeoutMs = 10_000;
const answerTimeoutMs = 15_000;

/**
 * The admin API, not listening yet: tests use `inject`, `HttpServer` listens. Everything but health, the docs and (by
 * setting) the metrics needs the key; routes are made inside the guarded part, so that forgetting the guard is hard.
 *
 * @throws RangeError where the key or the CDR secret is missing or too short.
 */
export function buildApp({ settings, ports, log }: ApiDependencies): FastifyInstance {
  const key = new KeyDigest('CALLFABRIC_API_KEY', settings.key);
  const cdrSecret =
    settings.cdrSecret === undefined ? undefined : new KeyDigest('CALLFABRIC_CDR_SECRET', settings.cdrSecret);

  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: largestBodyBytes,
    requestTimeout: requestTimeoutMs,
    handlerTimeout: answerTimeoutMs,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    clientErrorHandler: answerBrokenRequest,
  });
  app.setValidatorCompiler(validatorCompiler);
  answerWithProblems(app);
  app.addSchema(ProblemSchema);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request;
    // The route, not the address: that may bear telephone numbers.
    const facts = { requestId: id, method, route: request.routeOptions.url, status: reply.statusCode };
    request.log.debug({ ...facts, ms: Math.round(reply.elapsedTime) }, 'request answered');
  });

  app.addHook('onRoute', documentProblems);
  void app.register(swagger, {
    openapi: apiDescription(settings.version),
    refResolver: { buildLocalReference },
  });
  void app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  void app.register(healthRoutes(ports));
  if (settings.metricsWithoutKey) void app.register(metricsRoutes(ports, { open: true }));

  void app.register(async (guarded) => {
    guarded.decorateRequest('principal');
    guarded.addHook('onRequest', requireBearer(key));
    guarded.addHook('onRequest', checkAccess);
    guarded.addHook('onRoute', demandAccess);
    if (!settings.metricsWithoutKey) await guarded.register(metricsRoutes(ports, { open: false }));
    await guarded.register(callsRoutes(ports));
    await guarded.register(flowsRoutes(ports));
    await guarded.register(capsRoutes(ports));
    await guarded.register(liveRoutes(ports));
  });

  if (cdrSecret !== undefined)
    void app.register(async (fromSwitch) => {
      fromSwitch.addHook('onRequest', requireBasic(cdrSecret));
      await fromSwitch.register(cdrRoutes(ports));
    });
  return app;
}
