import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { codeOf } from '../../orm/database-fault.ts';
import { isAway } from './away.ts';
import type { Fault, ProblemBody } from './schemas.ts';

/** Every kind of problem the API tells, by its stable name. Names are never reused for another meaning. */
export const problems = {
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  'invalid-parameters': { status: 400, title: 'A parameter of the address is wrong' },
  unauthorized: { status: 401, title: 'A valid key is needed' },
  forbidden: { status: 403, title: 'This is not for whoever asks' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This method does not exist here' },
  'request-timeout': { status: 408, title: 'The request came too slowly' },
  conflict: { status: 409, title: 'This does not fit the present state' },
  'still-running': { status: 409, title: 'The same request is being done just now' },
  'audio-pending': { status: 409, title: 'The audio is not ready yet' },
  'no-audio': { status: 409, title: 'There is no audio to hear' },
  'audio-missing': { status: 409, title: 'The audio is not where it was kept' },
  'audio-deleted': { status: 410, title: 'The audio was deleted' },
  'precondition-failed': { status: 412, title: 'It is not as the client saw it any more' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has the wrong content type' },
  'range-not-satisfiable': { status: 416, title: 'There are no such bytes' },
  'invalid-body': { status: 422, title: 'The body was understood, but is not valid' },
  'too-many-requests': { status: 429, title: 'This comes too often' },
  'key-reused': { status: 422, title: 'This idempotency key was used for another request' },
  'precondition-required': { status: 428, title: 'The request must say which state it is about' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'CallFabric failed' },
  unavailable: { status: 503, title: 'Something this needs is away just now' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;
export type ProblemName = keyof typeof problems;

/** Thrown by a route to answer with a problem. `detail` is seen by the client: nothing secret in it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly problem: ProblemName;
  readonly faults: readonly Fault[] | undefined;
  /** When to ask again; undefined: soon, where that helps at all. */
  readonly afterSeconds: number | undefined;
  constructor(
    problem: ProblemName,
    detail: string,
    faults?: readonly Fault[],
    { afterSeconds }: { readonly afterSeconds?: number } = {},
  ) {
    super(detail);
    this.problem = problem;
    this.faults = faults;
    this.afterSeconds = afterSeconds;
  }
}

/** Marks a failure of something outside (Redis, PostgreSQL) that the client may try again: answered 503. */
export function unavailable(what: string): Problem {
  return new Problem('unavailable', `${what} cannot be reached; try again soon`);
}

/** PostgreSQL's class 22: what was sent got past our checks, and is none of its type. A check is missing here. */
function isUnkeepable(error: FastifyError | Problem): boolean {
  return !(error instanceof Problem) && /^22[0-9A-Z]{3}$/.test(codeOf(error) ?? '');
}

function problemOf(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error.validation !== undefined) {
    const inBody = error.validationContext === 'body';
    const faults = error.validation.map((fault) => ({
      field: fault.instancePath,
      message: fault.message ?? 'is not valid',
    }));
    const detail = inBody ? 'see faults' : `wrong in ${error.validationContext ?? 'the request'}: see faults`;
    return new Problem(inBody ? 'invalid-body' : 'invalid-parameters', detail, faults);
  }
  if (isAway(error)) return unavailable('PostgreSQL');
  if (isUnkeepable(error)) return new Problem('invalid-body', 'a value is out of the range that can be kept');
  const [name, detail] = byStatus.get(error.statusCode) ?? [
    'internal',
    'the log has the cause under this request id',
  ];
  return new Problem(name, detail);
}

/** What Fastify itself answers, in our words. */
const byStatus: ReadonlyMap<number | undefined, readonly [ProblemName, string]> = new Map([
  [400, ['malformed-request', 'the body is not what its content type says']],
  [413, ['too-large', 'send less in one request']],
  [415, ['unsupported-media-type', 'send application/json']],
  [503, ['unavailable', 'the answer took too long; try again soon']],
]);

function send(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title } = problems[problem.problem];
  const body: ProblemBody = {
    type: `urn:callfabric:problem:${problem.problem}`,
    title,
    status,
    ...(problem.message === '' ? {} : { detail: problem.message }),
    requestId: request.id,
    ...(problem.faults === undefined ? {} : { faults: [...problem.faults] }),
  };
  if (status === 401 && !reply.hasHeader('www-authenticate'))
    reply.header('www-authenticate', 'Bearer realm="callfabric"');
  // The rest of such a request may still be coming, slowly or for ever: nobody waits for it.
  if (status === 413 || ([422, 429, 503].includes(status) && !request.raw.complete))
    reply.header('connection', 'close');
  const later = status === 503 || status === 429 || problem.problem === 'still-running';
  if (later && !reply.hasHeader('retry-after'))
    reply.header('retry-after', String(problem.afterSeconds ?? 2));
  // Already text: a route's own response schema must not cut the problem.
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(body);
}

/** Makes every failure of `app` problem details; what is our own fault is logged and never shown. */
export function answerWithProblems(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError | Problem>((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.problem === 'internal' || isAway(error) || isUnkeepable(error))
      request.log.error(
        { err: error, requestId: request.id, route: request.routeOptions.url },
        'request failed',
      );
    return send(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    send(request, reply, new Problem('not-found', `there is nothing at ${request.method} on this address`)),
  );
}

/** What Node's HTTP server answers where no request could be made of the bytes. */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: NodeJS.WritableStream & { writable: boolean },
): void {
  if (!socket.writable || error.code === 'ECONNRESET') return;
  const name: ProblemName =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request-timeout'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? 'headers-too-large'
        : 'malformed-request';
  const { status, title } = problems[name];
  const body = JSON.stringify({ type: `urn:callfabric:problem:${name}`, title, status });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
