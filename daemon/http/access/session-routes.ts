import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '../problem.ts';
import { UuidSchema } from '../schemas.ts';
import type { PasswordCheck } from './password-check.ts';
import type { AccessPorts } from './ports.ts';
import type { SessionCookie } from './session-cookie.ts';
import {
  AcceptanceSchema,
  PasswordBodySchema,
  SessionListSchema,
  SignInBodySchema,
  TenantChoiceSchema,
  WhoSchema,
} from './session-schemas.ts';
import type { Pace, SignInPace } from './sign-in-pace.ts';
import { originOf, signedIn, type Who, who, whoIn } from './who.ts';

export interface SessionParts {
  readonly access: Pick<AccessPorts, 'identities' | 'sessions' | 'invitations'>;
  readonly cookie: SessionCookie;
  readonly pace: SignInPace;
  readonly passwords: PasswordCheck;
}

const views = ['publisher', 'buyer'] as const;
const wrong = 'this e-mail address and password do not belong together';

/** Waits where the pace says so; throws where it refuses. */
async function keepPace(pace: Pace): Promise<void> {
  if ('afterMs' in pace) {
    if (pace.afterMs > 0) await wait(pace.afterMs);
    return;
  }
  const afterSeconds = Math.ceil(pace.refusedForMs / 1000);
  const detail = `too many tries from your address: try again in ${afterSeconds} s`;
  throw new Problem('too-many-requests', detail, undefined, { afterSeconds });
}

/** `POST /session`: outside of the guarded part, for nobody is known yet. */
export function signInRoutes({ access, cookie, pace, passwords }: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      '/session',
      {
        schema: {
          operationId: 'signIn',
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
        await keepPace(pace.begin(email, request.ip));
        const account = await access.sessions.account(email, request.ip);
        const stranger = account?.knownHere !== true;
        if (stranger) await keepPace(pace.stranger(email, request.ip));
        const right = await passwords.matches(request.body.password, account?.passwordHash);
        if (!right || account === undefined) {
          request.log.warn(
            { requestId: request.id, userId: account?.userId, address: request.ip },
            'sign-in refused',
          );
          // Not waited for: how long the answer takes must not tell that there is such an account.
          if (account !== undefined)
            void access.sessions
              .refused(account.userId, originOf(request))
              .catch((error: unknown) => request.log.warn({ err: error }, 'a refused sign-in was not noted'));
          throw new Problem('unauthorized', wrong);
        }
        pace.succeeded(email, request.ip, stranger);
        // Never the token the browser came with: somebody else may have put it there.
        const token = await access.sessions.begin(account, originOf(request), cookie.tokenOf(request));
        access.identities.forget();
        const identity = token === undefined ? undefined : await access.identities.ofSession(token);
        if (token === undefined || identity === undefined) throw new Problem('unauthorized', wrong);
        const [only] = identity.memberships.length === 1 ? identity.memberships : [];
        // Kept with the session: whoever is offered a second tenant stays where they are.
        cookie.begin(reply, token, only?.tenantId);
        reply.header('cache-control', 'no-store');
        return whoIn(identity, only?.tenantId, token);
      },
    );
  };
}

/** `/session` of whoever signed in: who they are, where they work, their password, their sessions, what they join. */
export function sessionRoutes({ access, cookie, pace, passwords }: SessionParts): FastifyPluginAsyncTypebox {
  return async (app) => {
    const config = { access: { scope: 'signedIn', views } } as const;
    /** Also for whoever has to choose a password first. */
    const always = { access: { scope: 'signedIn', views, beforePassword: true } } as const;
    const { identities, sessions, invitations } = access;

    app.get(
      '/session',
      {
        config: always,
        schema: {
          summary: 'Who asks: user or key, tenant, scopes, memberships, and the CSRF token',
          tags: ['access'],
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        if (request.principal.sessionId === undefined) return who(request.principal, undefined, undefined);
        const { token, identity } = await signedIn(identities, cookie, request);
        return who(request.principal, identity, token);
      },
    );

    app.delete(
      '/session',
      {
        config: always,
        schema: {
          operationId: 'signOut',
          summary: 'Signs out: the session is over',
          tags: ['access'],
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { identity } = await signedIn(identities, cookie, request);
        await sessions.end(identity.sessionId, identity.userId, originOf(request));
        identities.forget();
        cookie.end(reply);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/session/tenant',
      {
        config,
        schema: {
          operationId: 'chooseTenant',
          summary: 'Chooses the tenant the session works in from now on',
          tags: ['access'],
          body: TenantChoiceSchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        const { token, identity } = await signedIn(identities, cookie, request);
        const tenantId = request.body.tenantId.toLowerCase();
        const membership = identity.memberships.find((one) => one.tenantId === tenantId);
        if (membership === undefined && !identity.operator)
          throw new Problem('not-found', 'no tenant of yours has this id');
        cookie.chooseTenant(reply, tenantId);
        return whoIn(identity, tenantId, token);
      },
    );

    app.put(
      '/session/password',
      {
        config: always,
        schema: {
          summary: 'Changes the password: every session of the user ends, and this one gets a new cookie',
          tags: ['access'],
          body: PasswordBodySchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        const { identity } = await signedIn(identities, cookie, request);
        const { email, userId } = identity;
        const { current, new: chosen } = request.body;
        if (chosen === current)
          throw new Problem('invalid-body', 'see faults', [
            { field: '/new', message: 'is the password this account has' },
          ]);
        await keepPace(pace.begin(email, request.ip));
        const hash = await sessions.passwordHashOf(userId);
        if (hash === undefined || !(await passwords.matches(current, hash)))
          throw new Problem('invalid-body', 'see faults', [
            { field: '/current', message: 'is not the password of this account' },
          ]);
        pace.succeeded(email, request.ip, false);
        const changed = await passwords.hashed(chosen);
        const token = await sessions.changePassword(userId, hash, changed, originOf(request));
        return begun(reply, token, request.principal.tenantId);
      },
    );

    app.post(
      '/session/invitations',
      {
        config,
        schema: {
          operationId: 'acceptInvitation',
          summary: 'Accepts an invitation: whoever is signed in becomes a member of the tenant',
          description:
            'With it goes a new password, for another tenant may have given the present one: every session of the user ends, and this one gets a new cookie and works in the tenant joined.',
          tags: ['access'],
          body: AcceptanceSchema,
          response: { 200: WhoSchema },
        },
      },
      async (request, reply) => {
        const { identity } = await signedIn(identities, cookie, request);
        const { code, password } = request.body;
        // First: what follows tells whether this is the account's password, and who guesses it has no code.
        await invitations.demandOpen(identity.email, code);
        if (await passwords.matches(password, await sessions.passwordHashOf(identity.userId)))
          throw new Problem('invalid-body', 'see faults', [
            { field: '/password', message: 'is the password this account has: choose another one' },
          ]);
        const hash = await passwords.hashed(password);
        const { token, tenantId } = await invitations.accept(identity, code, hash, originOf(request));
        cookie.chooseTenant(reply, tenantId);
        return begun(reply, token, tenantId);
      },
    );

    app.get(
      '/session/sessions',
      {
        config,
        schema: {
          operationId: 'listSessions',
          summary: 'Where you are signed in, newest first; a key is nowhere',
          tags: ['access'],
          response: { 200: SessionListSchema },
        },
      },
      async (request) => {
        const { id, sessionId } = request.principal;
        if (id === undefined || sessionId === undefined) return { sessions: [] };
        return { sessions: await sessions.list(id, sessionId) };
      },
    );

    app.delete(
      '/session/sessions/:id',
      {
        config,
        schema: {
          operationId: 'endSession',
          summary: 'Ends one of your sessions',
          tags: ['access'],
          params: Type.Object({ id: UuidSchema }),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        const { id, sessionId } = request.principal;
        const own = id !== undefined && sessionId !== undefined;
        if (!own || !(await sessions.end(request.params.id, id, originOf(request))))
          throw new Problem('not-found', 'no session of yours has this id');
        identities.forget();
        return reply.code(204).send(null);
      },
    );
  };

  /** The session goes on under a new token. */
  async function begun(reply: FastifyReply, token: string, tenantId: string | undefined): Promise<Who> {
    access.identities.forget();
    const identity = await access.identities.ofSession(token);
    if (identity === undefined) throw new Problem('unauthorized', 'this session is over: sign in again');
    cookie.renew(reply, token);
    reply.header('cache-control', 'no-store');
    return whoIn(identity, tenantId, token);
  }
}
