import type { Person } from './access/people.ts';

/** Who may use a route, in the order of `columns`: x may, . may not. */
export const columns: readonly Person[] = ['operator', 'admin', 'publisher', 'buyer', 'readKey', 'nobody'];

/**
 * Every route of the API and who may use it. Whoever adds a route adds its line here: a route that is missing fails
 * role-routes.test.ts, and so does a line whose route is gone. HEAD goes with GET.
 *
 * Order: platform operator, tenant's admin, publisher, buyer, API key with `*:read`, nobody.
 */
export const roleRoutes: Readonly<Record<string, string>> = {
  'GET /health/live': 'xxxxxx',
  'GET /health/ready': 'xxxxxx',
  'GET /metrics': 'x.....',
  'POST /session': 'xxxxxx',
  'GET /session': 'xxxxx.',
  'DELETE /session': 'xxxxx.',
  'POST /session/tenant': 'xxxxx.',
  'PUT /session/password': 'xxxxx.',
  'GET /api-keys': 'xx..x.',
  'POST /api-keys': 'xx....',
  'GET /api-keys/:id': 'xx..x.',
  'DELETE /api-keys/:id': 'xx....',
  'POST /api-keys/:id/rotate': 'xx....',
  'GET /users': 'xx..x.',
  'POST /users': 'xx....',
  'GET /users/:id': 'xx..x.',
  'PUT /users/:id': 'xx....',
  'DELETE /users/:id': 'xx....',
  'GET /roles': 'xx..x.',
  'POST /roles': 'xx....',
  'GET /roles/:id': 'xx..x.',
  'PATCH /roles/:id': 'xx....',
  'DELETE /roles/:id': 'xx....',
  'GET /tenants': 'x.....',
  'POST /tenants': 'x.....',
  'GET /tenants/:id': 'x.....',
  'PATCH /tenants/:id': 'x.....',
  'DELETE /tenants/:id': 'x.....',
  'GET /audit-log': 'xx..x.',
  'GET /calls': 'xxxxx.',
  'GET /calls/:id': 'xxxxx.',
  'POST /calls/:id/hangup': 'xx....',
  'GET /flows': 'xx..x.',
  'GET /flows/:id': 'xx..x.',
  'POST /flows/:id/versions': 'xx....',
  'POST /flows/:id/versions/:version/publish': 'xx....',
  'GET /node-types': 'xx..x.',
  'GET /caps/:scope/holders': 'xx..x.',
};

/** Not for people: FreeSWITCH's own, with a secret of its own; and the docs, which tell nobody's data. */
export const otherRoutes: readonly RegExp[] = [/^POST \/freeswitch\/cdr$/, /^GET \/docs(\/.*)?$/];
