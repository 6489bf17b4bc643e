import { isDeepStrictEqual } from 'node:util';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { Problem } from './problem.ts';

/** What a route is about; a role's and a key's scopes are `<thing>:read` and `<thing>:write`, `*` is every thing. */
export const things = [
  'access', // users, memberships, roles, API keys
  'audit',
  'billing',
  'calls',
  'campaigns',
  'caps',
  'compliance',
  'endpoints', // a buyer's: where it is rung
  'flows',
  'invoices',
  'numbers',
  'operations',
  'parties', // publishers, buyers and their groups
  'payouts',
  'recordings',
  'reports',
  'telephony', // carriers, trunks, caller-ID pools
  'tenants',
  'webhooks',
] as const;
export type Thing = (typeof things)[number];
export type Scope = `${Thing}:${'read' | 'write'}`;

/** Whose rows somebody sees: a tenant's, or within it those of one publisher or of one buyer. */
export type View =
  | { readonly of: 'tenant' }
  | { readonly of: 'publisher'; readonly publisherId: string }
  | { readonly of: 'buyer'; readonly buyerId: string };

/** Who asks. An operator may work in every tenant; `tenantId` is then the one it named, if any. */
export interface Principal {
  readonly kind: 'operator' | 'user' | 'api_key';
  /** The user's or the key's row; undefined for the key of the installation. */
  readonly id: string | undefined;
  /** Of somebody who signed in. */
  readonly sessionId?: string;
  /** Somebody else gave the password: it opens nothing but the choice of another. */
  readonly mustChoosePassword?: boolean;
  readonly tenantId: string | undefined;
  readonly scopes: readonly string[];
  readonly view: View;
}

/** Who may use a route. Stated at every route, in `config.access`: one without it is not made. */
export interface Access {
  /** `operator`: the platform's own. `signedIn`: whoever is known, in a tenant or in none. */
  readonly scope: Scope | 'operator' | 'signedIn';
  /** Besides those who see the whole tenant. The route itself then shows them their own rows alone. */
  readonly views?: readonly ('publisher' | 'buyer')[];
  /** Of an operator's route: it minds the tenant that is named. */
  readonly inTenant?: true;
  /** Also for whoever has to choose a password first. */
  readonly beforePassword?: true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
  interface FastifyRequest {
    /** Set before any handler of the guarded part. */
    principal: Principal;
    /** Whom the same key or session stands for by now. Rejects with a Problem where it is over. */
    principalNow: () => Promise<Principal>;
  }
}

/** Whether these scopes hold that one. Who may write may read. */
export function holds(scopes: readonly string[], scope: Scope): boolean {
  const [thing, verb] = scope.split(':');
  const fitting = verb === 'read' ? ['read', 'write'] : ['write'];
  return (
    fitting.some((one) => scopes.includes(`${thing}:${one}`) || scopes.includes(`*:${one}`)) ||
    scopes.includes('*')
  );
}

/** The scopes among `wanted` that these do not hold: nobody gives away more than they have. */
export function missingScopes(scopes: readonly string[], wanted: readonly string[]): string[] {
  return wanted.filter((one) => !holds(scopes, (one === '*' ? '*:write' : one) as Scope));
}

/** Undefined where the principal may; otherwise why not. */
export function refusal(principal: Principal, access: Access): string | undefined {
  if (principal.mustChoosePassword === true && access.beforePassword !== true)
    return 'choose a password of your own first: PUT /session/password';
  if (principal.kind === 'operator') return undefined;
  if (access.scope === 'operator') return 'only operators of the platform may do this';
  if (principal.tenantId === undefined && access.scope !== 'signedIn')
    return 'choose a tenant first: POST /session/tenant, or the header x-callfabric-tenant';
  const { of } = principal.view;
  if (of !== 'tenant' && access.views?.includes(of) !== true) return `this is not for the role of a ${of}`;
  if (access.scope === 'signedIn' || holds(principal.scopes, access.scope)) return undefined;
  return `this needs the scope ${access.scope}`;
}

/** An `onRoute` hook: a route of the guarded part that does not say who may use it is a mistake found at the start. */
export function demandAccess(route: RouteOptions): void {
  if (route.config?.access === undefined)
    throw new Error(`${String(route.method)} ${route.url} does not say who may use it (config.access)`);
}

/** An `onRequest` hook, after the principal is known. */
export async function checkAccess(request: FastifyRequest): Promise<void> {
  const access = request.routeOptions.config.access;
  if (access === undefined) return; // no route: the answer is 404
  const reason = refusal(request.principal, access);
  if (reason !== undefined) throw new Problem('forbidden', reason);
}

/**
 * Whether an answer that takes its time (a stream, an export) may go on: whoever asked is asked about again, and a key,
 * session, membership or role that was taken away ends it within seconds. Rejects where PostgreSQL is away.
 */
export async function stillAllowed(request: FastifyRequest): Promise<boolean> {
  const { principal } = request;
  const now = await request.principalNow().catch((error: unknown) => {
    if (error instanceof Problem) return undefined;
    throw error;
  });
  const access = request.routeOptions.config.access;
  if (now === undefined || now.tenantId !== principal.tenantId) return false;
  return (
    isDeepStrictEqual(now.view, principal.view) &&
    (access === undefined || refusal(now, access) === undefined)
  );
}

/** Whose rows a request sees: of one tenant and in it of one view; of all tenants for an operator who named none. */
export interface Whose {
  readonly tenantId: string | undefined;
  readonly view: View;
}

/** The tenant a request is about. An operator names it in the header `x-callfabric-tenant`. */
export function tenantOf(request: FastifyRequest): string {
  const { tenantId } = request.principal;
  if (tenantId === undefined)
    throw new Problem(
      'invalid-parameters',
      'name the tenant: send the header x-callfabric-tenant with its id',
    );
  return tenantId;
}
