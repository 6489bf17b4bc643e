import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Principal } from '../access.ts';
import { Problem } from '../problem.ts';
import type { SessionIdentity } from './identities.ts';
import type { PasswordCheck } from './password-check.ts';
import type { AccessPorts } from './ports.ts';
import { csrfTokenOf } from './secrets.ts';
import type { SessionCookie } from './session-cookie.ts';
import { PasswordBodySchema, SignInBodySchema, TenantChoiceSchema, WhoSchema } from './session-schemas.ts';
import { type SignInOrigin, sessionSeconds } from './sessions.ts';
import type { Pace, SignInPace } from './sign-in-pace.ts';

export interface SessionParts {
  readonly access: Pick<AccessPorts, 'identities' | 'sessions'>;
  readonly cookie: SessionCookie;
  readonly pace: SignInPace;
  readonly passwords: PasswordCheck;
}

const views = ['publisher', 'buyer'] as const;
const wrong = 'this e-mail address and password do not belong together';

function originOf(request: FastifyRequest): SignInOrigin {
  return { ip: request.ip, userAgent: request.headers['user-agent'], requestId: request.id };
}

/** Waits where the pace says so; throws where it refuses. */
async function keepPace(reply: FastifyReply, pace: Pace): Promise<void> {
  if ('afterMs' in pace) {
    if (pace.afterMs > 0) await wait(pace.afterMs);
    return;
  }
  const seconds = Math.ceil(pace.refusedForMs / 1000);
  reply.header('retry-after', String(seconds));
  throw new Problem('too-many-requests', `too many tries from your address: try again in ${seconds} s`);
}

/** `POST /session`: outside of the guarded part, for nobody is known yet. */
export function signInRoutes({ access, cookie, pace, passwords }: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/session',
      {
        schema: {
          summary: 'Signs in with e-mail address and password: sets the cookie of a new session',
          description:
            'Every change by cookie needs the header `x-csrf-token` with `csrfToken` of the answer. 401 tells not which of the two was wrong; 429 when an address tries too often.',
          tags: ['access'],
          security: [],
          body: SignInBodySchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        cookie.demandOwnOrigin(request);
        const email = request.body.email.toLowerCase();
        await keepPace(reply, pace.begin(email, request.ip));
        const account = await access.sessions.account(email, request.ip);
        const stranger = account?.knownHere !== true;
        if (stranger) await keepPace(reply, pace.stranger(email, request.ip));
        const right = await passwords.matches(request.body.password, account?.passwordHash);
        if (!right || account === undefined) {
          request.log.warn(
            { requestId: request.id, userId: account?.userId, address: request.ip },
            'sign-in refused',
          );
          throw new Problem('unauthorized', wrong);
        }
        pace.succeeded(email, request.ip, stranger);
        // Never the token the browser came with: somebody else may have put it there.
        const token = await access.sessions.begin(account.userId, originOf(request), cookie.tokenOf(request));
        access.identities.forget();
        const identity = await access.identities.ofSession(token);
        if (identity === undefined) throw new Problem('unauthorized', wrong);
        cookie.begin(reply, token, sessionSeconds);
        reply.header('cache-control', 'no-store');
        const [only] = identity.memberships.length === 1 ? identity.memberships : [];
        return who(
          {
            kind: identity.operator ? 'operator' : 'user',
            tenantId: only?.tenantId,
            scopes: identity.operator ? ['*'] : (only?.scopes ?? []),
            view: only?.view ?? { of: 'tenant' },
          },
          identity,
          token,
        );
      },
    );
  };
}

/** `GET /session`, `DELETE /session`, `POST /session/tenant`, `PUT /session/password`. */
export function sessionRoutes({ access, cookie, pace, passwords }: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    const config = { access: { scope: 'signedIn', views } } as const;

    app.get(
      '/session',
      {
        config,
        schema: {
          summary: 'Who asks: user or key, tenant, scopes, memberships, and the CSRF token',
          tags: ['access'],
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        if (request.principal.sessionId === undefined) return who(request.principal, undefined, undefined);
        const { token, identity } = await signedIn(request);
        return who(request.principal, identity, token);
      },
    );

    app.delete(
      '/session',
      {
        config,
        schema: {
          summary: 'Signs out: the session is over',
          tags: ['access'],
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { identity } = await signedIn(request);
        await access.sessions.end(identity.sessionId);
        access.identities.forget();
        cookie.end(reply);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/session/tenant',
      {
        config,
        schema: {
          summary: 'Chooses the tenant the session works in from now on',
          tags: ['access'],
          body: TenantChoiceSchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        const { token, identity } = await signedIn(request);
        const tenantId = request.body.tenantId.toLowerCase();
        const membership = identity.memberships.find((one) => one.tenantId === tenantId);
        if (membership === undefined && !identity.operator)
          throw new Problem('not-found', 'no tenant of yours has this id');
        cookie.chooseTenant(reply, tenantId, sessionSeconds);
        const { kind, scopes, view } = request.principal;
        const chosen = identity.operator || membership === undefined ? { scopes, view } : membership;
        return who({ kind, tenantId, scopes: chosen.scopes, view: chosen.view }, identity, token);
      },
    );

    app.put(
      '/session/password',
      {
        config,
        schema: {
          summary: 'Changes the password: every session of the user ends, and this one gets a new cookie',
          tags: ['access'],
          body: PasswordBodySchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        const { identity } = await signedIn(request);
        const { email, userId } = identity;
        await keepPace(reply, pace.begin(email, request.ip));
        const hash = await access.sessions.passwordHashOf(userId);
        if (!(await passwords.matches(request.body.current, hash)))
          throw new Problem('invalid-body', 'see faults', [
            { field: '/current', message: 'is not the password of this account' },
          ]);
        pace.succeeded(email, request.ip, false);
        const changed = await passwords.hashed(request.body.new);
        const token = await access.sessions.changePassword(userId, changed, originOf(request));
        access.identities.forget();
        cookie.begin(reply, token, sessionSeconds);
        return who(request.principal, await access.identities.ofSession(token), token);
      },
    );
  };

  /** Throws for a key: it is no session. */
  async function signedIn(request: FastifyRequest): Promise<{ token: string; identity: SessionIdentity }> {
    const token = request.principal.sessionId === undefined ? undefined : cookie.tokenOf(request);
    const identity = token === undefined ? undefined : await access.identities.ofSession(token);
    if (token === undefined || identity === undefined)
      throw new Problem('conflict', 'this is for somebody who signed in, not for a key');
    return { token, identity };
  }
}

function who(
  { kind, tenantId, scopes, view }: Pick<Principal, 'kind' | 'tenantId' | 'scopes' | 'view'>,
  identity: SessionIdentity | undefined,
  token: string | undefined,
): Static<typeof WhoSchema> {
  return {
    kind,
    user: identity === undefined ? null : { id: identity.userId, email: identity.email, name: identity.name },
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
