import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { isUuid } from '../../telephony/ids.ts';
import type { Principal } from '../access.ts';
import { type KeyDigest, namedTenant } from '../keys.ts';
import { Problem } from '../problem.ts';
import type { Identities, SessionIdentity } from './identities.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface AuthenticateParts {
  /** The installation's key: who has it is an operator. */
  readonly key: KeyDigest;
  readonly identities: Identities;
  readonly cookie: SessionCookie;
}

const none = 'send the header Authorization: Bearer <key>, or sign in with POST /session';
const noTenant = 'no tenant of yours has the id in x-callfabric-tenant';
const harmless = ['GET', 'HEAD', 'OPTIONS'];

/**
 * An `onRequest` hook that knows who asks before any handler runs: the installation's key, a tenant's API key, or a
 * session's cookie. A key that is sent counts, whatever cookie comes with it.
 */
export function authenticate(parts: AuthenticateParts): onRequestAsyncHookHandler {
  return async (request) => {
    request.principalNow = () => principalOf(parts, request);
    request.principal = await request.principalNow();
  };
}

async function principalOf(parts: AuthenticateParts, request: FastifyRequest): Promise<Principal> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const presented = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (presented === undefined) throw new Problem('unauthorized', none);
    return ofBearer(parts, request, presented);
  }
  const token = parts.cookie.tokenOf(request);
  if (token === undefined) throw new Problem('unauthorized', none);
  const identity = await parts.identities.ofSession(token);
  if (identity === undefined) throw new Problem('unauthorized', 'this session is over: sign in again');
  if (!harmless.includes(request.method)) parts.cookie.demandOwnPage(request, token);
  return ofSession(identity, namedTenant(request), parts.cookie.tenantOf(request));
}

async function ofBearer(
  { key, identities }: AuthenticateParts,
  request: FastifyRequest,
  presented: string,
): Promise<Principal> {
  const named = namedTenant(request);
  if (key.matches(presented))
    return { kind: 'operator', id: undefined, tenantId: named, scopes: ['*'], view: { of: 'tenant' } };
  const identity = presented.startsWith('cf_') ? await identities.ofKey(presented) : undefined;
  if (identity === undefined) throw new Problem('unauthorized', 'this key is not known');
  const { keyId, tenantId, scopes } = identity;
  if (named !== undefined && named !== tenantId) throw new Problem('not-found', noTenant);
  return { kind: 'api_key', id: keyId, tenantId, scopes, view: { of: 'tenant' } };
}

/**
 * The tenant: the one the request names, else the one chosen for the session, else the only one there is. One that was
 * chosen and is left is none, never another one: what is meant for one tenant must not land in another.
 */
function ofSession(
  { sessionId, userId, operator, mustChoosePassword, memberships }: SessionIdentity,
  named: string | undefined,
  chosen: string | undefined,
): Principal {
  const who = { id: userId, sessionId, ...(mustChoosePassword ? { mustChoosePassword } : {}) };
  const wanted = named ?? (isUuid(chosen ?? '') ? chosen?.toLowerCase() : undefined);
  if (operator) return { ...who, kind: 'operator', tenantId: wanted, scopes: ['*'], view: { of: 'tenant' } };
  const [only] = memberships.length === 1 ? memberships : [];
  const membership = wanted === undefined ? only : memberships.find(({ tenantId }) => tenantId === wanted);
  if (named !== undefined && membership === undefined) throw new Problem('not-found', noTenant);
  return {
    ...who,
    kind: 'user',
    tenantId: membership?.tenantId,
    scopes: membership?.scopes ?? [],
    view: membership?.view ?? { of: 'tenant' },
  };
}
