import type { LightMyRequestResponse } from 'fastify';
import { filled } from '../../unit/http/registered-routes.ts';
import { Browser } from './access/access-api.ts';
import { bodyOf, csvOf, queryOf, valueIn } from './valid-request.ts';
import type { Route, WholeApi } from './whole-api.ts';

/** Where they come from. */
export const remoteAddress = '203.0.113.7';

type Body = object | string | undefined;

/** What a route of a flow needs there to be. */
const readied: Readonly<Record<string, readonly (readonly [string, string, object?])[]>> = {
  'POST /flows/:id/versions': [['POST', '/versions']],
  'POST /flows/:id/draft/publish': [
    ['POST', '/versions'],
    ['POST', '/versions/1/publish'],
    ['PUT', '/draft'],
  ],
  'POST /flows/:id/versions/:version/publish': [
    ['POST', '/versions'],
    ['POST', '/versions'],
    ['POST', '/versions/2/publish'],
  ],
  'POST /flows/:id/versions/:version/rollback': [
    ['POST', '/versions'],
    ['POST', '/versions'],
    ['POST', '/versions/1/publish'],
    ['POST', '/versions/2/publish'],
  ],
};

/** Pairs of a campaign and somebody are made once: somebody new each time. */
const pairs: Readonly<Record<string, 'publisher' | 'buyer'>> = {
  'POST /campaigns/:campaignId/publishers': 'publisher',
  'POST /campaigns/:campaignId/buyers': 'buyer',
};

export const isOperators = ({ access }: Route): boolean => access?.scope === 'operator';

/**
 * Requests that are done: POST by the key of `one`, other changes by its admin, who signed in; the platform's by its
 * operator. Rows that are changed or removed are made for it.
 */
export class DoneRequests {
  readonly api: WholeApi;
  /** Routes with an answer of success. */
  readonly done = new Set<string>();
  /** What must never be read again: every password, key, secret and code that was given or told. */
  readonly secrets = new Set<string>();
  readonly adminId: string;
  /** The platform's role of an admin. */
  readonly adminRole: string;
  readonly #admin: Browser;

  constructor(
    api: WholeApi,
    admin: { readonly id: string; readonly roleId: string; readonly browser: Browser },
  ) {
    this.api = api;
    this.#admin = admin.browser;
    this.adminId = admin.id;
    this.adminRole = admin.roleId;
  }

  static async begin(api: WholeApi): Promise<DoneRequests> {
    const [role] = await api.sql<{ id: string }>(
      "select id from role where tenant_id is null and name = 'admin'",
    );
    const roleId = role?.id ?? '';
    const person = { email: 'admin@one.example', name: 'Admin', roleId, password: 'given to the admin' };
    const { id } = (await api.ask('POST', '/users', { body: person })).json<{ id: string }>();
    const browser = new Browser(api.app);
    await browser.settle(person.email, person.password, 'chosen by the admin');
    const requests = new DoneRequests(api, { id, roleId, browser });
    requests.secrets.add(person.password).add('chosen by the admin');
    return requests;
  }

  route(name: string): Route {
    const route = this.api.routes.find((one) => one.name === name);
    if (route === undefined) throw new Error(`there is no route ${name}`);
    return route;
  }

  async send(route: Route, url: string, body: Body, ifMatch = '*'): Promise<LightMyRequestResponse> {
    const { keys } = this.api;
    const query = route.name === 'DELETE /tenants/:id' ? { confirm: 'n-confirm' } : queryOf(route);
    const headers = { 'if-match': ifMatch };
    const key = isOperators(route) ? keys.operator : keys.one;
    const answer =
      isOperators(route) || route.method === 'POST'
        ? await this.api.ask(route.method, url, { key, query, body, headers, remoteAddress })
        : await this.#admin.send(route.method, url, body as object | undefined, { headers, remoteAddress });
    if (typeof body === 'object') this.keepSecrets(body);
    if (answer.statusCode < 300 && answer.body.startsWith('{')) this.keepSecrets(answer.json<object>());
    return answer;
  }

  /** Throws where it was not done. */
  async do(route: Route, url: string, body: Body): Promise<LightMyRequestResponse> {
    const answer = await this.send(route, url, body);
    if (answer.statusCode < 200 || answer.statusCode > 299)
      throw new Error(`${route.name} ${url}: ${answer.statusCode} ${answer.body}`);
    this.done.add(route.name);
    return answer;
  }

  /** What was given or is told once. */
  keepSecrets(body: object): void {
    for (const [name, value] of Object.entries(body))
      if (/^(key|secret|code|password|initialPassword|csrfToken)$/.test(name) && typeof value === 'string')
        // Behind a key's prefix is what opens.
        this.secrets.add(value).add(value.replace(/^cf_[^_]+_/, ''));
  }

  /** What changes something, or makes something new. */
  async body(route: Route): Promise<Body> {
    const pair = pairs[route.name];
    const somebody = pair === undefined ? {} : { [pair]: await this.#make(`POST /${pair}s`, {}) };
    if (route.name === 'POST /calls/:id/hangup') return { cause: 'NORMAL_CLEARING' };
    if (route.name === 'PUT /users/:id') return { roleId: this.adminRole };
    return csvOf(route) ?? bodyOf(route, { ...this.api.one, ...somebody });
  }

  /** The id of a row to be asked about, made for it; undefined where the address names none. */
  async target(route: Route): Promise<string | undefined> {
    if (!route.url.includes('/:id')) return undefined;
    const { liveId, one } = this.api;
    // Only a live call is hung up, and only one that ended is tagged.
    if (route.url === '/calls/:id/tags') return one['call'];
    if (route.url.startsWith('/calls/')) return liveId;
    const list = route.url.slice(0, route.url.indexOf('/:id'));
    const holder = list === '/billing-accounts' ? { kind: 'buyer', buyerId: one['buyer'] } : {};
    const named = list === '/tenants' ? { name: 'n-confirm' } : {};
    const id = await this.#make(`POST ${list}`, { ...holder, ...named });
    for (const [method, path] of readied[route.name] ?? []) {
      const step = this.route(`${method} /flows/:id${path.replace(/\d/, ':version')}`);
      await this.do(step, `/flows/${id}${path}`, bodyOf(step, one));
    }
    return id;
  }

  async #make(name: string, more: object): Promise<string> {
    const maker = this.route(name);
    const body = { ...((await this.body(maker)) as object), ...more };
    const made = await this.do(maker, filled(maker.url, valueIn(this.api.one, maker.url)), body);
    return made.json<{ id: string }>().id;
  }
}
