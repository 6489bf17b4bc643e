import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { accessRoutes } from './access/access-routes.ts';
import { authenticate } from './access/authenticate.ts';
import { PasswordCheck } from './access/password-check.ts';
import { SessionCookie } from './access/session-cookie.ts';
import { signInRoutes } from './access/session-routes.ts';
import { SignInPace } from './access/sign-in-pace.ts';
import { checkAccess, demandAccess } from './access.ts';
import { answerWithin } from './answer-time.ts';
import { apiDescription, buildLocalReference, documentProblems, writtenOnce } from './api-description.ts';
import { callTagsRoute } from './call-tags-route.ts';
import { callsRoutes } from './calls-routes.ts';
import { capsRoutes } from './caps-routes.ts';
import { cdrRoutes } from './cdr-routes.ts';
import { limitDear } from './dear-requests.ts';
import { flowsRoutes } from './flows/flows-routes.ts';
import { healthRoutes, metricsRoutes } from './health-routes.ts';
import { KeyDigest, requireBasic } from './keys.ts';
import { liveRoutes } from './live/live-routes.ts';
import { describeOperation } from './operation-description.ts';
import type { ApiPorts } from './ports.ts';
import { answerBrokenRequest, answerWithProblems } from './problem.ts';
import { recordingContent } from './recording-content.ts';
import { reportsRoutes } from './reports/reports-routes.ts';
import { resourcesRoutes } from './resources/resources.ts';
import { ProblemSchema } from './schemas.ts';
import { buildSerializer } from './serializers.ts';
import { longestLoopDelayMs, Pressure, shedding } from './shedding.ts';
import { refuseUnstorable } from './storable-text.ts';
import { validatorCompiler } from './validation.ts';

export interface ApiSettings {
  /** The bearer key; at least 16 characters. */
  readonly key: string;
  /** Password mod_json_cdr sends; undefined: there is no `/freeswitch/cdr`. */
  readonly cdrSecret: string | undefined;
  /** Lets Prometheus read `/metrics` without a key. */
  readonly metricsWithoutKey: boolean;
  /** Sessions' cookies go over https alone. Default true. */
  readonly secureCookies?: boolean;
  /** `https://callfabric.example`: where browsers reach the API. Default: whatever host they name. */
  readonly origin?: string | undefined;
  /** Whose X-Forwarded-For is believed. Default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** CallFabric's version, for the API's description. */
  readonly version: string;
}
export interface ApiDependencies {
  readonly settings: ApiSettings;
  readonly ports: ApiPorts;
  readonly log: FastifyBaseLogger;
  /** Milliseconds of a clock that never goes back: a test's own. */
  readonly now?: () => number;
  /** How long an answer may take, where its route does not say otherwise. Default 15000. */
  readonly answerWithinMs?: number;
}

/** Bodies larger than this are refused with 413 (flows are the largest; `/freeswitch/cdr` has its own bound). */
export const largestBodyBytes = 1024 * 1024;
const headersTimeoutMs = 10_000;
/** The whole of a request: as long as the longest import. Other routes give up with their answer's time. */
const requestTimeoutMs = 10 * 60_000;
const longestAnswerMs = 15_000;

/**
 * The admin API, not listening yet: tests use `inject`, `HttpServer` listens. Everything but health, the docs and (by
 * setting) the metrics needs the key; routes are made inside the guarded part, so that forgetting the guard is hard.
 *
 * @throws RangeError where the key or the CDR secret is missing or too short.
 */
export function buildApp({
  settings,
  ports,
  log,
  now,
  answerWithinMs = longestAnswerMs,
}: ApiDependencies): FastifyInstance {
  const key = new KeyDigest('CALLFABRIC_API_KEY', settings.key);
  const cdrSecret =
    settings.cdrSecret === undefined ? undefined : new KeyDigest('CALLFABRIC_CDR_SECRET', settings.cdrSecret);

  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: largestBodyBytes,
    http: { headersTimeout: headersTimeoutMs },
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    trustProxy: settings.trustedProxies?.length ? [...settings.trustedProxies] : false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    clientErrorHandler: answerBrokenRequest,
    schemaController: { compilersFactory: { buildSerializer } },
  });
  const pressure = new Pressure(now);
  const shed = shedding(pressure);
  const sessionCookie = new SessionCookie({
    secure: settings.secureCookies ?? true,
    origin: settings.origin,
  });
  const accessParts = {
    access: ports.access,
    cookie: sessionCookie,
    pace: new SignInPace(now),
    passwords: new PasswordCheck(),
  };
  app.setValidatorCompiler(validatorCompiler);
  answerWithProblems(app);
  app.addSchema(ProblemSchema);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onRequest', answerWithin(answerWithinMs));
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request;
    // The route, not the address: that may bear telephone numbers.
    const facts = { requestId: id, method, route: request.routeOptions.url, status: reply.statusCode };
    request.log.debug({ ...facts, ms: Math.round(reply.elapsedTime) }, 'request answered');
  });

  // No CORS: another origin's page reads nothing. The docs' page brings a policy of its own, fit for its scripts.
  void app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"] },
    },
  });
  // Only measures; who is turned away is said where the routes are.
  void app.register(underPressure, { maxEventLoopDelay: longestLoopDelayMs, pressureHandler: () => {} });
  void app.register(cookie);
  app.addHook('onRoute', documentProblems);
  void app.register(swagger, {
    openapi: apiDescription({ version: settings.version, cookieName: sessionCookie.name }),
    transform: describeOperation,
    refResolver: { buildLocalReference },
  });
  void app.register(async (docs) => {
    docs.addHook('onRequest', shed);
    docs.addHook('onRequest', writtenOnce());
    await docs.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  });
  void app.register(healthRoutes(ports));
  void app.register(async (open) => {
    open.addHook('onRequest', shed);
    await open.register(signInRoutes(accessParts));
  });
  if (settings.metricsWithoutKey) void app.register(metricsRoutes(ports, { open: true }));

  void app.register(async (guarded) => {
    guarded.decorateRequest('principal');
    guarded.decorateRequest('principalNow');
    guarded.addHook('onRequest', shed);
    const { identities } = ports.access;
    guarded.addHook('onRequest', authenticate({ key, identities, cookie: sessionCookie }));
    guarded.addHook('onRequest', checkAccess);
    guarded.addHook('preHandler', refuseUnstorable);
    guarded.addHook('onRoute', demandAccess);
    guarded.addHook('preHandler', limitDear());
    if (!settings.metricsWithoutKey) await guarded.register(metricsRoutes(ports, { open: false }));
    await guarded.register(accessRoutes(accessParts));
    await guarded.register(callsRoutes(ports));
    await guarded.register(callTagsRoute(ports));
    await guarded.register(flowsRoutes(ports));
    await guarded.register(capsRoutes(ports));
    await guarded.register(resourcesRoutes(ports.resources));
    await guarded.register(recordingContent(ports));
    await guarded.register(liveRoutes({ ...ports, pressure }));
    await guarded.register(reportsRoutes(ports));
  });

  if (cdrSecret !== undefined)
    void app.register(async (fromSwitch) => {
      fromSwitch.addHook('onRequest', requireBasic(cdrSecret));
      await fromSwitch.register(cdrRoutes(ports));
    });
  return app;
}
