import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Principal } from '../access.ts';
import { Problem } from '../problem.ts';
import type { Identities, SessionIdentity } from './identities.ts';
import { csrfTokenOf } from './secrets.ts';
import type { SessionCookie } from './session-cookie.ts';
import type { WhoSchema } from './session-schemas.ts';
import type { SignInOrigin } from './sessions.ts';

/** Who asks, as `GET /session` tells it. */
export type Who = Static<typeof WhoSchema>;

export function originOf(request: FastifyRequest): SignInOrigin {
  return { ip: request.ip, userAgent: request.headers['user-agent'], requestId: request.id };
}

/** The session a request comes from. Throws for a key: it is none. */
export async function signedIn(
  identities: Identities,
  cookie: SessionCookie,
  request: FastifyRequest,
): Promise<{ readonly token: string; readonly identity: SessionIdentity }> {
  const token = request.principal.sessionId === undefined ? undefined : cookie.tokenOf(request);
  const identity = token === undefined ? undefined : await identities.ofSession(token);
  if (token === undefined || identity === undefined)
    throw new Problem('conflict', 'this is for somebody who signed in, not for a key');
  return { token, identity };
}

export function who(
  { kind, tenantId, scopes, view }: Pick<Principal, 'kind' | 'tenantId' | 'scopes' | 'view'>,
  identity: SessionIdentity | undefined,
  token: string | undefined,
): Who {
  return {
    kind,
    user: identity === undefined ? null : { id: identity.userId, email: identity.email, name: identity.name },
    mustChoosePassword: identity?.mustChoosePassword ?? false,
    tenantId: tenantId ?? null,
    view: view.of,
    scopes: [...scopes],
    memberships: (identity?.memberships ?? []).map((one) => ({
      tenantId: one.tenantId,
      tenant: one.tenant,
      role: one.role,
      view: one.view.of,
      publisherId: one.view.of === 'publisher' ? one.view.publisherId : null,
      buyerId: one.view.of === 'buyer' ? one.view.buyerId : null,
      scopes: [...one.scopes],
    })),
    csrfToken: token === undefined ? null : csrfTokenOf(token),
  };
}
/** The same of somebody in a tenant of theirs; an operator may be in any; undefined: none is chosen. */
export function whoIn(identity: SessionIdentity, tenantId: string | undefined, token: string): Who {
  const membership = identity.memberships.find((one) => one.tenantId === tenantId);
  const scopes = identity.operator ? ['*'] : (membership?.scopes ?? []);
  const view = (identity.operator ? undefined : membership?.view) ?? ({ of: 'tenant' } as const);
  return who({ kind: identity.operator ? 'operator' : 'user', tenantId, scopes, view }, identity, token);
}
