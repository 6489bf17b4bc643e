import t from 'tap';
import { key as installationKey } from '../../../unit/http/test-api.ts';
import { accessApi, Browser } from './access-api.ts';

interface Made {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
}

void t.test('API keys of a tenant', async (t) => {
  const { app, sql, another } = await accessApi(t);
  const admin = new Browser(app);
  await admin.signIn();
  const make = async (body: object): Promise<Made> => {
    const answer = await admin.send('POST', '/api-keys', body);
    t.equal(answer.statusCode, 201, answer.body);
    return answer.json<Made>();
  };
  const asKey = async (key: string, method = 'GET', url = '/roles', payload?: object, daemon = app) =>
    daemon.inject({
      method: method as 'GET',
      url,
      headers: { authorization: `Bearer ${key}`, 'if-match': '*' },
      ...(payload === undefined ? {} : { payload }),
    });

  await t.test('the key is shown once, and nothing of its secret is kept', async (t) => {
    const made = await make({ name: 'reader', scopes: ['access:read'] });
    t.match(made.key, /^cf_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    const secret = made.key.slice(made.prefix.length + 1);
    for (const url of ['/api-keys', `/api-keys/${made.id}`])
      t.notMatch((await admin.send('GET', url)).body, secret);
    t.notMatch(
      JSON.stringify([await sql('select * from api_key'), await sql('select * from audit_log')]),
      secret,
    );
    t.equal((await asKey(made.key)).statusCode, 200);
    t.equal((await asKey(`${made.key.slice(0, -1)}_`)).statusCode, 401);
    const again = await admin.send('POST', '/api-keys', { name: 'reader', scopes: [] });
    t.match(again.json(), { status: 409, faults: [{ field: '/name' }] });
  });

  await t.test('a key may do what its scopes say, and make no key that may do more', async (t) => {
    const reader = await make({ name: 'reads', scopes: ['access:read'] });
    t.equal((await asKey(reader.key, 'POST', '/api-keys', { name: 'x', scopes: [] })).statusCode, 403);
    t.equal((await asKey(reader.key, 'GET', '/tenants')).statusCode, 403);
    const maker = await make({ name: 'makes', scopes: ['access:write', 'calls:read'] });
    for (const scopes of [['*'], ['*:read'], ['calls:write'], ['access:write', 'flows:read']])
      t.match((await asKey(maker.key, 'POST', '/api-keys', { name: 'y', scopes })).json(), {
        status: 403,
        faults: [{ field: '/scopes' }],
      });
    const less = await asKey(maker.key, 'POST', '/api-keys', {
      name: 'y',
      scopes: ['calls:read', 'access:read'],
    });
    t.equal(less.statusCode, 201);
    const strong = await make({ name: 'strong', scopes: ['*'] });
    t.equal(
      (await asKey(maker.key, 'POST', `/api-keys/${strong.id}/rotate`)).statusCode,
      403,
      'nor take over one that may',
    );
    for (const scopes of [['nothing:read'], ['calls'], ['calls:read', 'calls:read']])
      t.equal((await admin.send('POST', '/api-keys', { name: 'z', scopes })).statusCode, 422);
  });

  await t.test('a rotated key has a new secret, a revoked and an expired one none that counts', async (t) => {
    const made = await make({ name: 'turns', scopes: ['access:read'] });
    t.equal((await asKey(made.key)).statusCode, 200);
    const turned = (await admin.send('POST', `/api-keys/${made.id}/rotate`)).json<Made>();
    t.equal(turned.id, made.id);
    t.equal((await asKey(made.key)).statusCode, 401, 'at once where it was rotated');
    t.equal((await asKey(turned.key)).statusCode, 200);
    t.equal((await admin.send('DELETE', `/api-keys/${made.id}`)).statusCode, 204);
    t.equal((await asKey(turned.key)).statusCode, 401);
    t.match((await admin.send('GET', `/api-keys/${made.id}`)).json(), { revokedAt: /Z$/ });
    t.equal((await admin.send('POST', `/api-keys/${made.id}/rotate`)).statusCode, 409);
    t.equal((await admin.send('DELETE', `/api-keys/${made.id}`)).statusCode, 204);
    t.equal((await admin.send('GET', `/api-keys/${made.id}`)).statusCode, 404);

    const past = { name: 'past', scopes: [], expiresAt: '2020-01-01T00:00:00Z' };
    t.match((await admin.send('POST', '/api-keys', past)).json(), { faults: [{ field: '/expiresAt' }] });
    t.equal((await admin.send('POST', '/api-keys', { ...past, expiresAt: 'soon' })).statusCode, 422);
    const dated = await make({ name: 'dated', scopes: ['access:read'], expiresAt: '2099-01-01T00:00:00Z' });
    t.equal((await asKey(dated.key)).statusCode, 200);
    await sql("update api_key set expires_at = now() where name = 'dated'");
    t.equal((await asKey(dated.key, 'GET', '/roles', undefined, another())).statusCode, 401);
  });

  await t.test(
    'a key that ends makes, renews and changes none that ends later, nor takes a stronger one',
    async (t) => {
      const expiresAt = '2099-01-01T00:00:00Z';
      const ends = await make({ name: 'ends', scopes: ['access:write', 'calls:read'], expiresAt });
      const lasts = await make({ name: 'lasts', scopes: ['calls:read'] });
      const strong = await make({ name: 'stronger', scopes: ['flows:read'] });
      const body = { name: 'heir', scopes: ['calls:read'] };
      const tooLong = { status: 403, faults: [{ field: '/expiresAt' }] };
      const later = '2099-01-01T00:00:00.001Z';
      t.match((await asKey(ends.key, 'POST', '/api-keys', body)).json(), tooLong);
      t.match((await asKey(ends.key, 'POST', '/api-keys', { ...body, expiresAt: later })).json(), tooLong);
      t.match((await asKey(ends.key, 'POST', `/api-keys/${lasts.id}/rotate`)).json(), tooLong);
      t.match((await asKey(ends.key, 'PATCH', `/api-keys/${lasts.id}`, { name: 'x' })).json(), tooLong);
      t.match((await asKey(ends.key, 'PATCH', `/api-keys/${ends.id}`, { expiresAt: null })).json(), tooLong);
      t.equal((await asKey(ends.key, 'POST', '/api-keys', { ...body, expiresAt })).statusCode, 201);
      t.equal((await asKey(ends.key, 'DELETE', `/api-keys/${strong.id}`)).statusCode, 403);
      t.equal((await asKey(ends.key, 'DELETE', `/api-keys/${lasts.id}`)).statusCode, 204);
    },
  );

  await t.test('a key that ends lets nobody in who stays; one without an end does', async (t) => {
    const scopes = ['*'];
    const ends = await make({ name: 'passing', scopes, expiresAt: '2099-01-01T00:00:00Z' });
    const lasts = await make({ name: 'lasting', scopes });
    const [admins] = await sql<{ id: string }>(
      "select id from role where name = 'admin' and tenant_id is null",
    );
    const role = (
      await asKey(ends.key, 'POST', '/roles', { name: 'kept', scopes: ['calls:read'] })
    ).json<Made>();
    const person = (email: string) => ({ email, name: 'Somebody', roleId: admins?.id });
    const made = (await asKey(lasts.key, 'POST', '/users', person('stays@test.example'))).json<Made>();
    const offer = { email: 'offered@test.example', roleId: admins?.id };
    for (const [method, url, body, allowed] of [
      ['POST', '/users', person('gone@test.example'), 201],
      ['POST', '/invitations', offer, 201],
      ['PUT', `/users/${made.id}`, { roleId: role.id }, 200],
      ['PATCH', `/users/${made.id}`, { resetPassword: true }, 200],
      ['PATCH', `/users/${made.id}`, { enabled: true }, 200],
      ['PATCH', `/roles/${role.id}`, { scopes: ['*'] }, 200],
    ] as const) {
      const refused = await asKey(ends.key, method, url, body);
      t.match(refused.json(), { status: 403, detail: /^a key that ends lets nobody in/ }, `${method} ${url}`);
      t.equal((await asKey(lasts.key, method, url, body)).statusCode, allowed, `${method} ${url}`);
    }
    t.equal((await asKey(ends.key, 'PATCH', `/users/${made.id}`, { enabled: false })).statusCode, 200);
    t.equal((await asKey(ends.key, 'PATCH', `/roles/${role.id}`, { description: 'x' })).statusCode, 200);
    t.equal((await asKey(ends.key, 'DELETE', `/users/${made.id}`)).statusCode, 204, 'and shuts out');
  });

  await t.test('its last use is noted, at most once a minute', async (t) => {
    const { key, id } = await make({ name: 'used', scopes: ['access:read'] });
    const lastUse = async (): Promise<string | null> => {
      const [row] = await sql<{ at: string | null }>(
        'select last_used_at::text as at from api_key where id = $1',
        [id],
      );
      return row?.at ?? null;
    };
    t.equal(await lastUse(), null);
    await asKey(key);
    const first = await lastUse();
    t.ok(first !== null);
    await asKey(key, 'GET', '/roles', undefined, another());
    t.equal(await lastUse(), first);
    await sql("update api_key set last_used_at = last_used_at - interval '2 minutes' where id = $1", [id]);
    const before = await lastUse();
    await asKey(key, 'GET', '/roles', undefined, another());
    t.not(await lastUse(), before);
  });

  await t.test('all of it stands in the audit log, which no route writes', async (t) => {
    const page = (await admin.send('GET', '/audit-log?subject=api_key&limit=200')).json<{
      entries: { action: string; actor: { kind: string }; requestId: string; address: string }[];
    }>();
    const actions = new Set(page.entries.map(({ action }) => action));
    for (const action of ['api_key.create', 'api_key.rotate', 'api_key.revoke', 'api_key.delete'])
      t.ok(actions.has(action), action);
    t.match(page.entries.at(-1), { actor: { kind: 'user' }, requestId: String, address: '127.0.0.1' });
    const first = (await admin.send('GET', '/audit-log?limit=1')).json<{ next: string }>();
    const second = await admin.send('GET', `/audit-log?limit=1&cursor=${first.next}`);
    t.not(second.json<{ next: string }>().next, first.next);
    const part = (await admin.send('GET', '/audit-log?limit=1&fields=action,at')).json<{
      entries: object[];
    }>();
    t.same(part.entries.map(Object.keys), [['at', 'action']]);
    t.equal((await admin.send('GET', '/audit-log?fields=secret')).statusCode, 400);
    t.same((await admin.send('GET', '/audit-log?to=2020-01-01T00:00:00Z')).json(), {
      entries: [],
      next: null,
    });
    t.equal((await admin.send('GET', '/audit-log?from=yesterday')).statusCode, 400);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      t.equal((await admin.send(method, '/audit-log')).statusCode, 404);
    const platform = await app.inject({
      url: '/audit-log?action=session.create',
      headers: { authorization: `Bearer ${installationKey}` },
    });
    t.ok(platform.json<{ entries: object[] }>().entries.length > 0, "an operator reads the platform's");
  });
});
