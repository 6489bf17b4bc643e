import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { isUuid } from '../telephony/ids.ts';
import { Problem } from './problem.ts';

/** Shorter keys can be guessed. */
const shortestKey = 16;

/** A key as it is kept in memory: its SHA-256. Keys are long random text, so a slow hash adds nothing. */
export class KeyDigest {
  readonly #digest: Buffer;

  /** Throws RangeError where the key is too short to be one. */
  constructor(name: string, key: string) {
    if (key.length < shortestKey)
      throw new RangeError(
        `${name} must have at least ${shortestKey} characters; make one with: openssl rand -hex 24`,
      );
    this.#digest = digestOf(key);
  }

  /** Takes the same time whatever was presented. */
  matches(presented: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(presented));
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** The tenant a request names, in the header `x-callfabric-tenant`. */
export function namedTenant(request: FastifyRequest): string | undefined {
  const named = request.headers['x-callfabric-tenant'];
  if (named === undefined || named === '') return undefined;
  if (typeof named !== 'string' || !isUuid(named))
    throw new Problem('invalid-parameters', 'x-callfabric-tenant must be the id of a tenant');
  return named.toLowerCase();
}

/** Lets in who sends the secret as the password of HTTP basic authentication, whatever the user is called. */
export function requireBasic(secret: KeyDigest): onRequestAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const coded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    const pair = coded === undefined ? '' : Buffer.from(coded, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    if (colon >= 0 && secret.matches(pair.slice(colon + 1))) return;
    reply.header('www-authenticate', 'Basic realm="callfabric"');
    throw new Problem('unauthorized', 'send the CDR secret as the password of basic authentication');
  };
}
