import t from 'tap';
import type { SessionIdentity } from '../../../../daemon/http/access/identities.ts';
import { csrfTokenOf } from '../../../../daemon/http/access/secrets.ts';
import { callId, fakeAccess, key, tenantId, testApi } from '../test-api.ts';
import { headersOf, peopleAccess } from './people.ts';

const otherTenant = '01981234-0000-7000-8000-00000000000b';
const token = 'a'.repeat(43);
const cookie = `__Host-callfabric=${token}`;
const hangup = { method: 'POST', url: `/calls/${callId}/hangup` } as const;

function sessionOf(tenants: readonly string[], operator = false) {
  const memberships = tenants.map((id) => ({
    tenantId: id,
    tenant: id,
    role: 'admin',
    scopes: ['*'],
    view: { of: 'tenant' } as const,
  }));
  const identity: SessionIdentity = {
    sessionId: callId,
    userId: callId,
    email: 'a@b.example',
    name: 'A',
    operator,
    mustChoosePassword: false,
    memberships,
  };
  return fakeAccess({
    identities: {
      ...fakeAccess().identities,
      ofSession: async (of) => (of === token ? identity : undefined),
    },
  });
}

void t.test('a cookie changes something only with its CSRF token, from a page of ours', async (t) => {
  const app = testApi(t, { access: sessionOf([tenantId]) });
  const post = async (headers: Record<string, string>): Promise<number> =>
    (await app.inject({ ...hangup, headers: { host: 'cf.example', cookie, ...headers } })).statusCode;
  const csrf = { 'x-csrf-token': csrfTokenOf(token) };
  t.equal(await post(csrf), 404, 'let in: there is no such call');
  t.equal(await post({ ...csrf, origin: 'https://cf.example' }), 404);
  t.equal(await post({}), 403);
  t.equal(await post({ 'x-csrf-token': csrfTokenOf('b'.repeat(43)) }), 403, "another session's");
  t.equal(await post({ ...csrf, origin: 'https://evil.example' }), 403);
  t.equal(await post({ ...csrf, origin: 'null' }), 403);
  t.equal(await post({ ...csrf, 'sec-fetch-site': 'cross-site' }), 403);
  t.equal(await post({ ...csrf, cookie: `__Host-callfabric=${'b'.repeat(43)}` }), 401, 'no such session');
  t.equal(await post({ ...csrf, cookie: `callfabric=${token}` }), 401, 'a cookie that http could have set');
  const strict = testApi(t, { access: sessionOf([tenantId]) }, { origin: 'https://cf.example' });
  const headers = { host: 'evil.example', cookie, ...csrf, origin: 'https://evil.example' };
  t.equal((await strict.inject({ ...hangup, headers })).statusCode, 403, 'whatever host is named');
});

void t.test('reading by cookie needs no CSRF token', async (t) => {
  const app = testApi(t, { access: sessionOf([tenantId]) });
  t.equal((await app.inject({ url: '/calls', headers: { cookie } })).statusCode, 200);
});

void t.test('a session works in its only tenant, or in the one that was chosen', async (t) => {
  const get = async (tenants: readonly string[], headers: Record<string, string>, operator = false) => {
    const app = testApi(t, { access: sessionOf(tenants, operator) });
    const seen: unknown[] = [];
    app.addHook('preHandler', async (request) => seen.push(request.principal.tenantId));
    const { statusCode } = await app.inject({ url: '/calls', headers: { cookie, ...headers } });
    return [statusCode, ...seen];
  };
  const named = (id: string) => ({ 'x-callfabric-tenant': id });
  const chosen = (id: string) => ({ cookie: `${cookie}; __Host-callfabric-tenant=${id}` });
  t.same(await get([tenantId], {}), [200, tenantId]);
  t.same(await get([tenantId, otherTenant], {}), [403], 'which of two it cannot know');
  t.same(await get([tenantId, otherTenant], named(otherTenant)), [200, otherTenant]);
  t.same(await get([tenantId, otherTenant], chosen(otherTenant)), [200, otherTenant]);
  t.same(await get([tenantId, otherTenant], { ...chosen(otherTenant), ...named(tenantId) }), [200, tenantId]);
  t.same(await get([tenantId], chosen(otherTenant)), [403], 'one that was left is never another one');
  t.same(await get([tenantId], named(otherTenant)), [404], 'not a member');
  t.same(await get([], {}), [403], 'a member of none');
  t.same(await get([], named(otherTenant), true), [200, otherTenant], 'an operator in any');
  t.same(await get([], {}, true), [200, undefined]);
});

void t.test(
  'a key speaks for its own tenant alone, and a key that is sent counts before a cookie',
  async (t) => {
    const app = testApi(t, { access: peopleAccess });
    const get = async (headers: object): Promise<number> =>
      (await app.inject({ url: '/flows', headers: { ...headers } })).statusCode;
    t.equal(await get(headersOf('readKey')), 200);
    t.equal(await get({ ...headersOf('readKey'), 'x-callfabric-tenant': tenantId }), 200);
    t.equal(await get({ ...headersOf('readKey'), 'x-callfabric-tenant': otherTenant }), 404);
    t.equal(await get({ ...headersOf('admin'), authorization: 'Bearer cf_0123456789ab_no' }), 401);
    t.equal(await get({ ...headersOf('admin'), authorization: 'Basic eA==' }), 401);
    t.equal(await get({ authorization: `Bearer ${key}`, 'x-callfabric-tenant': 'x' }), 400);
    t.equal(
      (await app.inject({ ...hangup, headers: headersOf('readKey') })).statusCode,
      403,
      'it may only read',
    );
  },
);
