import t from 'tap';
import { Sessions } from '../../../../daemon/http/access/sessions.ts';
import { PostgresFlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import { nodeTypes } from '../../../../daemon/nodes/index.ts';
import { key } from '../../../unit/http/test-api.ts';
import { until } from '../../../until.ts';
import { accessApi, Browser, seededAdmin } from './access-api.ts';

interface Made {
  readonly id: string;
  readonly initialPassword: string;
}

void t.test('accounts, sessions and operators', async (t) => {
  const { app, orm, sql, another } = await accessApi(t, (of) => ({
    flows: new PostgresFlowAdmin(of, nodeTypes),
  }));
  const admin = new Browser(app);
  await admin.signIn();
  const [role] = await sql<{ id: string }>("select id from role where name = 'admin' and tenant_id is null");
  const roleId = role?.id;
  const operator = async (method: string, url: string, payload?: object, headers: object = {}) =>
    app.inject({
      method: method as 'GET',
      url,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
  const invite = async (email: string) =>
    (await admin.send('POST', '/users', { email, name: 'Somebody', roleId })).json<Made>();

  await t.test('an admin renames, shuts out, lets in again and gives a new first password', async (t) => {
    const made = await invite('one@test.example');
    const one = new Browser(app);
    await one.settle('one@test.example', made.initialPassword);
    const patch = (body: object) => admin.send('PATCH', `/users/${made.id}`, body);
    t.match((await patch({ name: 'Renamed' })).json(), { name: 'Renamed', initialPassword: null });
    t.match((await patch({ enabled: false })).json(), { enabled: false });
    t.equal((await one.send('GET', '/session')).statusCode, 401);
    t.match((await admin.send('GET', '/users?enabled=false&fields=email')).json(), {
      users: [{ email: 'one@test.example' }],
    });
    await patch({ enabled: true });
    t.equal((await one.send('GET', '/session')).statusCode, 200);
    const reset = (await patch({ resetPassword: true })).json<Made>();
    t.equal((await one.send('GET', '/session')).statusCode, 401, 'its sessions are over');
    const again = await one.signIn({ email: 'one@test.example', password: reset.initialPassword });
    t.match(again.json(), { mustChoosePassword: true });
    t.equal((await one.send('GET', '/users')).statusCode, 403);
    const me = (await admin.send('GET', '/session')).json<{ user: { id: string } }>().user.id;
    await admin.send('DELETE', `/users/${made.id}`);
    t.match((await admin.send('PATCH', `/users/${me}`, { enabled: false })).json(), {
      status: 409,
      detail: /without an admin/,
    });
  });

  await t.test('a sign-in whose password was checked before it changed begins no session', async (t) => {
    const sessions = new Sessions(orm);
    const origin = { ip: '127.0.0.1', userAgent: undefined, requestId: 'x' };
    const account = await sessions.account(seededAdmin.email, '127.0.0.1');
    if (account === undefined) throw new Error('there is no seeded admin');
    await sql("update user_account set password_hash = password_hash || 'x' where id = $1", [account.userId]);
    t.equal(await sessions.begin(account, origin), undefined);
    await t.rejects(sessions.changePassword(account.userId, account.passwordHash, 'y', origin), {
      message: /changed meanwhile/,
    });
    await sql('update user_account set password_hash = $2, enabled = false where id = $1', [
      account.userId,
      account.passwordHash,
    ]);
    t.equal(await sessions.begin(account, origin), undefined, 'nor one that was switched off');
    await sql('update user_account set enabled = true where id = $1', [account.userId]);
    t.type(await sessions.begin(account, origin), 'string');
  });

  await t.test('one sees and ends one’s own sessions, and no other’s', async (t) => {
    const mine = new Browser(app);
    await mine.signIn();
    const other = await invite('other@test.example');
    const others = new Browser(app);
    await others.settle('other@test.example', other.initialPassword);
    const list = async (of: Browser) =>
      (await of.send('GET', '/session/sessions')).json<{ sessions: { id: string; current: boolean }[] }>()
        .sessions;
    t.equal((await list(mine)).filter(({ current }) => current).length, 1);
    const [theirs] = await list(others);
    t.equal((await mine.send('DELETE', `/session/sessions/${theirs?.id}`)).statusCode, 404);
    const first = (await list(admin)).find(({ current }) => current);
    t.equal((await mine.send('DELETE', `/session/sessions/${first?.id}`)).statusCode, 204);
    t.equal((await admin.send('GET', '/session')).statusCode, 401);
    t.equal((await others.send('GET', '/session')).statusCode, 200);
    t.equal((await mine.send('DELETE', '/session')).statusCode, 204);
    await admin.signIn();
    t.equal((await sql("select 1 from audit_log where action = 'session.end'")).length, 2);
  });

  await t.test('a refused sign-in of an account is written down, once a minute at most', async (t) => {
    const guesser = new Browser(another());
    for (const password of ['wrong 1', 'wrong 2']) await guesser.signIn({ ...seededAdmin, password });
    await guesser.signIn({ email: 'nobody@test.example', password: 'wrong' });
    const noted = "select remote_address, tenant_id from audit_log where action = 'session.refuse'";
    await until('it is noted', async () => (await sql(noted)).length > 0);
    t.same(await sql(noted), [{ remote_address: '127.0.0.1', tenant_id: null }]);
  });

  await t.test('operators are made with accounts of their own, and the last one stays', async (t) => {
    const make = async (email: string) => operator('POST', '/operators', { email, name: 'Op' });
    t.match((await make(seededAdmin.email)).json(), { status: 409, faults: [{ field: '/email' }] });
    const one = (await make('One@op.example')).json<Made>();
    t.equal((await operator('DELETE', `/operators/${one.id}`)).statusCode, 409);
    const browser = new Browser(app);
    await browser.signIn({ email: 'one@op.example', password: one.initialPassword });
    t.equal((await browser.send('GET', '/tenants')).statusCode, 403, 'whose password somebody else gave');
    await browser.settle('one@op.example', one.initialPassword);
    t.equal((await browser.send('GET', '/tenants')).statusCode, 200);
    const two = (await make('two@op.example')).json<Made>();
    t.equal((await browser.send('DELETE', `/operators/${two.id}`)).statusCode, 204);
    t.same(await sql("select 1 from user_account where email = 'two@op.example'"), []);
    t.equal((await admin.send('DELETE', `/operators/${one.id}`)).statusCode, 403);
    t.match((await operator('GET', '/operators')).json(), {
      operators: [{ email: 'one@op.example' }],
      next: null,
    });
  });

  await t.test('nothing is changed unseen, nor made twice', async (t) => {
    const seen = async (url: string) => String((await admin.send('GET', url)).headers['etag']);
    const made = (await admin.send('POST', '/roles', { name: 'seen', scopes: ['calls:read'] })).json<Made>();
    const user = await invite('seen@test.example');
    const apiKey = (await admin.send('POST', '/api-keys', { name: 'seen', scopes: [] })).json<Made>();
    const cases = [
      ['PATCH', `/roles/${made.id}`, { description: 'x' }],
      ['PUT', `/users/${user.id}`, { roleId: made.id }],
      ['PATCH', `/users/${user.id}`, { name: 'Another' }],
      ['PATCH', `/api-keys/${apiKey.id}`, { name: 'other', scopes: ['calls:read'] }],
    ] as const;
    for (const [method, url, body] of cases) {
      const send = (tag: string, how: string = method) =>
        admin.send(how, url, how === 'DELETE' ? undefined : body, { headers: { 'if-match': tag } });
      const before = await seen(url);
      t.equal((await send('')).statusCode, 428, url);
      const changed = await send(before);
      t.equal(changed.statusCode, 200, changed.body);
      t.equal(changed.headers['etag'], await seen(url));
      t.equal((await send(before)).statusCode, 412, url);
      t.equal((await send(before, 'DELETE')).statusCode, 412, url);
      t.equal((await send('', 'DELETE')).statusCode, 428, url);
    }
    const tenant = (await operator('POST', '/tenants', { slug: 'seen', name: 'Seen' })).json<Made>();
    const url = `/tenants/${tenant.id}`;
    const tag = String((await operator('GET', url)).headers['etag']);
    t.equal((await operator('PATCH', url, { maxCalls: 1 })).statusCode, 428);
    t.equal((await operator('PATCH', url, { maxCalls: 1 }, { 'if-match': tag })).statusCode, 200);
    t.equal(
      (await operator('DELETE', `${url}?confirm=Seen`, undefined, { 'if-match': tag })).statusCode,
      412,
    );

    const headers = { 'idempotency-key': 'once' };
    const again = async (path: string, body: object) => {
      const [first, second] = [
        await admin.send('POST', path, body, { headers }),
        await admin.send('POST', path, body, { headers }),
      ];
      t.equal(second.headers['idempotency-replayed'], 'true', path);
      t.equal(second.statusCode, first.statusCode);
      return [first.json<Record<string, unknown>>(), second.json<Record<string, unknown>>()] as const;
    };
    const [key1, key2] = await again('/api-keys', { name: 'once', scopes: [] });
    t.same(key2, { ...key1, key: null });
    headers['idempotency-key'] = 'twice';
    const [user1, user2] = await again('/users', { email: 'once@test.example', name: 'O', roleId });
    t.same(user2, { ...user1, initialPassword: null });
    t.notMatch(
      JSON.stringify(await sql('select * from idempotency_key')),
      new RegExp(`${String(key1['key'])}|${String(user1['initialPassword'])}`),
    );
    const tenants = { slug: 'once', name: 'Once' };
    const ask = async () => operator('POST', '/tenants', tenants, { 'idempotency-key': 'once' });
    t.same((await ask()).json(), (await ask()).json());
  });

  await t.test('lists are filtered, and tell the fields that were asked for', async (t) => {
    const get = async (url: string) => (await admin.send('GET', url)).json<Record<string, unknown>>();
    t.match(await get('/users?email=SEEN@test.example&fields=id,name'), { users: [{ name: 'Another' }] });
    t.same(Object.keys((await get('/roles?name=admin&fields=scopes'))['roles'] as object), ['0']);
    t.same((await get('/roles?name=admin&fields=scopes'))['roles'], [{ scopes: ['*'] }]);
    t.match(await get('/api-keys?namePrefix=oth&fields=name'), { apiKeys: [{ name: 'other' }] });
    t.same((await get('/api-keys?namePrefix=%25'))['apiKeys'], [], 'a percent sign is itself');
    t.match(await get('/users?fields=password'), { status: 400, faults: [{ field: '/fields' }] });
    t.match((await operator('GET', '/tenants?slug=seen&fields=name')).json(), {
      tenants: [{ name: 'Seen' }],
    });
    await operator('POST', '/operators', { email: 'told@operators.example', name: 'Told' });
    const told = (await operator('GET', '/operators?fields=email')).json<{ operators: object[] }>();
    t.ok(told.operators.length > 0);
    for (const one of told.operators) t.same(Object.keys(one), ['email']);
    t.equal((await operator('GET', '/operators?fields=passwordHash')).statusCode, 400);
    const { id } = (
      await admin.send('POST', '/invitations', { email: 'told@test.example', roleId })
    ).json<Made>();
    t.same((await get('/invitations?limit=1&fields=id'))['invitations'], [{ id }]);
    t.same(await get(`/invitations/${id}?fields=email`), { email: 'told@test.example' });
    t.match(await get('/invitations?fields=code'), { status: 400, faults: [{ field: '/fields' }] });
  });

  await t.test('an operator who names a tenant that is not there is told so', async (t) => {
    const headers = { 'x-callfabric-tenant': crypto.randomUUID() };
    for (const [url, body] of [
      ['/roles', { name: 'x', scopes: [] }],
      ['/api-keys', { name: 'x', scopes: [] }],
      ['/users', { email: 'x@nowhere.example', name: 'x', roleId }],
      ['/invitations', { email: 'x@nowhere.example', roleId }],
      ['/flows', { name: 'x' }],
    ] as const)
      t.equal((await operator('POST', url, body, headers)).statusCode, 404, url);
    t.same(await sql("select 1 from user_account where email = 'x@nowhere.example'"), []);
  });
});
