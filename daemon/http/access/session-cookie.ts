import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import { csrfTokenOf, sameText } from './secrets.ts';
import { sessionSeconds } from './sessions.ts';

export interface CookieSettings {
  /** Secure cookies with a `__Host-` name. False only where the API is reached by plain http (loopback). */
  readonly secure: boolean;
  /** `https://callfabric.example`: where browsers reach the API; undefined: whatever `Host` they name. */
  readonly origin: string | undefined;
}

/**
 * The two cookies of a session: its token, and the tenant chosen (which is no secret, and counts only where its user
 * is a member). Scripts read neither, and no other site's page sends them.
 */
export class SessionCookie {
  readonly name: string;
  readonly #tenantName: string;
  readonly #settings: CookieSettings;

  constructor(settings: CookieSettings) {
    this.#settings = settings;
    const prefix = settings.secure ? '__Host-' : '';
    this.name = `${prefix}callfabric`;
    this.#tenantName = `${prefix}callfabric-tenant`;
  }

  /** The session's token a request bears. */
  tokenOf(request: FastifyRequest): string | undefined {
    const token = request.cookies[this.name];
    return token === undefined || !/^[A-Za-z0-9_-]{43}$/.test(token) ? undefined : token;
  }

  tenantOf(request: FastifyRequest): string | undefined {
    return request.cookies[this.#tenantName];
  }

  /** Of a session that begins in a tenant, or in none: what was chosen in the browser before is another session's. */
  begin(reply: FastifyReply, token: string, tenantId: string | undefined): void {
    this.renew(reply, token);
    if (tenantId === undefined) void reply.clearCookie(this.#tenantName, this.#attributes);
    else this.chooseTenant(reply, tenantId);
  }

  /** The session goes on under another token, in the tenant it is in. */
  renew(reply: FastifyReply, token: string): void {
    void reply.setCookie(this.name, token, { ...this.#attributes, maxAge: sessionSeconds });
  }

  chooseTenant(reply: FastifyReply, tenantId: string): void {
    void reply.setCookie(this.#tenantName, tenantId, { ...this.#attributes, maxAge: sessionSeconds });
  }

  end(reply: FastifyReply): void {
    void reply.clearCookie(this.name, this.#attributes).clearCookie(this.#tenantName, this.#attributes);
  }

  /**
   * Refuses a change that another site's page makes a browser send: the page's origin must be ours, and the request
   * bear the session's CSRF token, which only a page of ours can have read.
   */
  demandOwnPage(request: FastifyRequest, token: string): void {
    this.demandOwnOrigin(request);
    const presented = request.headers['x-csrf-token'];
    if (typeof presented !== 'string' || !sameText(presented, csrfTokenOf(token)))
      throw new Problem(
        'forbidden',
        'send the header x-csrf-token with csrfToken of GET /session: a cookie alone changes nothing',
      );
  }

  /** Browsers name the page's origin with every change; a request without one comes from no page. */
  demandOwnOrigin(request: FastifyRequest): void {
    const { origin } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const own =
      origin === undefined
        ? site === undefined || site === 'same-origin' || site === 'none'
        : this.#isOwn(origin, request.host);
    if (!own) throw new Problem('forbidden', "another site's page must not do this");
  }

  #isOwn(origin: string, host: string): boolean {
    if (this.#settings.origin !== undefined) return origin === this.#settings.origin;
    return URL.parse(origin)?.host === host.toLowerCase();
  }

  get #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'strict', secure: this.#settings.secure } as const;
  }
}
