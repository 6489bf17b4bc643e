import t from 'tap';
import { Check } from 'typebox/schema';
import { WhoSchema } from '../../../../daemon/http/access/session-schemas.ts';
import { accessApi, Browser, seededAdmin } from './access-api.ts';

void t.test('signing in with the seeded admin', async (t) => {
  const { app, sql, another } = await accessApi(t);
  const browser = new Browser(app);

  await t.test('the cookie is for no script and no other site, the answer says who and where', async (t) => {
    const answer = await browser.signIn({ ...seededAdmin, email: 'Admin@Test.callfabric.local' });
    t.equal(answer.statusCode, 200);
    const [cookie] = answer.cookies;
    t.match(cookie, {
      name: '__Host-callfabric',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Strict',
    });
    t.equal(cookie?.['domain'], undefined);
    t.equal(answer.headers['cache-control'], 'no-store');
    t.ok(Check(WhoSchema, answer.json()));
    t.match(answer.json(), {
      kind: 'user',
      user: { email: seededAdmin.email },
      scopes: ['*'],
      memberships: [{ tenant: 'Test Organization', role: 'admin', view: 'tenant' }],
    });
    t.same((await browser.send('GET', '/session')).json(), answer.json());
    const plain = await new Browser(another({ secureCookies: false })).signIn();
    t.match(plain.cookies, [{ name: 'callfabric', httpOnly: true }]);
    t.notOk(plain.cookies[0]?.secure, 'plain http, where that was set');
  });

  await t.test('nothing of the token is kept', async (t) => {
    const rows = await sql('select * from session');
    t.notMatch(JSON.stringify(rows), browser.cookies.get('__Host-callfabric') ?? 'none');
    t.match(await sql("select action, actor_kind from audit_log where action = 'session.create' limit 1"), [
      { actor_kind: 'user' },
    ]);
  });

  await t.test('a wrong password and an unknown address get the same answer', async (t) => {
    const other = new Browser(app);
    const wrong = await other.signIn({ ...seededAdmin, password: 'password124' });
    const unknown = await other.signIn({ ...seededAdmin, email: 'nobody@test.callfabric.local' });
    t.equal(wrong.statusCode, 401);
    t.equal(unknown.statusCode, 401);
    const { requestId: _, ...said } = wrong.json<Record<string, unknown>>();
    t.match(unknown.json(), said);
    t.same(wrong.cookies, []);
    for (const payload of [
      { email: 'x' },
      { ...seededAdmin, email: 'a\u0000@b' },
      { ...seededAdmin, more: 1 },
    ])
      t.equal((await other.send('POST', '/session', payload)).statusCode, 422);
  });

  await t.test("another site's page signs nobody in", async (t) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/session',
      payload: seededAdmin,
      headers: { host: 'cf.example', origin: 'https://evil.example' },
    });
    t.equal(answer.statusCode, 403);
    t.same(answer.cookies, []);
  });

  await t.test('signing in again makes a new token and ends the old one', async (t) => {
    const old = new Map(browser.cookies);
    t.equal((await browser.signIn()).statusCode, 200);
    t.not(browser.cookies.get('__Host-callfabric'), old.get('__Host-callfabric'));
    const stolen = new Browser(app);
    for (const [name, value] of old) stolen.cookies.set(name, value);
    t.equal((await stolen.send('GET', '/session')).statusCode, 401);
  });

  await t.test('a session ends by sign-out, idleness, age, or with its user', async (t) => {
    const ends: Record<string, string> = {
      idle: "update session set last_used_at = now() - interval '5 hours', created_at = now() - interval '6 hours'",
      old: 'update session set expires_at = now()',
      switchedOff: 'update user_account set enabled = false',
    };
    for (const [name, statement] of Object.entries(ends)) {
      const one = new Browser(app);
      t.equal((await one.signIn()).statusCode, 200);
      await sql(statement);
      const later = new Browser(another());
      for (const [cookie, value] of one.cookies) later.cookies.set(cookie, value);
      t.equal((await later.send('GET', '/calls')).statusCode, 401, name);
      if (name === 'switchedOff') t.equal((await new Browser(another()).signIn()).statusCode, 401);
      await sql('update user_account set enabled = true');
    }
    const one = new Browser(app);
    await one.signIn();
    const kept = new Map(one.cookies);
    t.equal(
      (await one.send('DELETE', '/session', undefined, { headers: { 'x-csrf-token': '' } })).statusCode,
      403,
    );
    t.equal((await one.send('DELETE', '/session')).statusCode, 204);
    t.equal(one.cookies.size, 0);
    for (const [cookie, value] of kept) one.cookies.set(cookie, value);
    t.equal((await one.send('GET', '/session')).statusCode, 401);
  });

  await t.test('changing the password ends every other session at once', async (t) => {
    const one = new Browser(app);
    const other = new Browser(app);
    await one.signIn();
    await other.signIn();
    t.equal((await other.send('GET', '/session')).statusCode, 200);
    const next = 'a much better one';
    const put = (body: object) => one.send('PUT', '/session/password', body);
    t.equal((await put({ current: 'wrong', new: next })).statusCode, 422);
    t.equal((await put({ current: seededAdmin.password, new: 'short' })).statusCode, 422);
    t.equal((await put({ current: seededAdmin.password, new: next })).statusCode, 200);
    t.equal((await other.send('GET', '/session')).statusCode, 401);
    t.equal((await one.send('GET', '/session')).statusCode, 200, 'its own goes on under a new token');
    t.equal((await new Browser(another()).signIn()).statusCode, 401);
    t.equal((await new Browser(another()).signIn({ ...seededAdmin, password: next })).statusCode, 200);
  });
});

void t.test('who tries too often is told when to come again', async (t) => {
  const { app } = await accessApi(t);
  const browser = new Browser(app);
  // The waits double: on a machine of whatever speed one of these comes too early.
  let answer = await browser.signIn({ ...seededAdmin, password: 'wrong' });
  for (let n = 0; n < 15 && answer.statusCode === 401; n += 1)
    answer = await browser.signIn({ ...seededAdmin, password: 'wrong' });
  t.equal(answer.statusCode, 429);
  t.ok(Number(answer.headers['retry-after']) >= 1);
  t.equal(answer.json()['type'], 'urn:callfabric:problem:too-many-requests');
  const elsewhere = await new Browser(app).send('POST', '/session', seededAdmin, {
    remoteAddress: '192.0.2.77',
  });
  t.equal(elsewhere.statusCode, 200, 'its holder is let in from another address');
});

void t.test('somebody in two tenants chooses one', async (t) => {
  const { app, sql, another } = await accessApi(t);
  await sql("insert into tenant (id, slug, name) values (gen_random_uuid(), 'second', 'A second')");
  const [second] = await sql<{ id: string }>("select id from tenant where slug = 'second'");
  const early = new Browser(app);
  const { tenantId: first } = (await early.signIn()).json<{ tenantId: string }>();
  await sql(
    `insert into membership (id, tenant_id, user_id, role_id) select gen_random_uuid(), $1, u.id, r.id
     from user_account u, role r where r.name = 'admin' and r.tenant_id is null`,
    [second?.id],
  );
  const browser = new Browser(another());
  t.match((await browser.signIn()).json(), { tenantId: null, memberships: [{ tenant: 'A second' }, {}] });
  browser.cookies.set('__Host-callfabric-tenant', first);
  t.match((await browser.signIn()).json(), { tenantId: null }, 'whatever was chosen in this browser before');
  t.equal(browser.cookies.has('__Host-callfabric-tenant'), false);
  const { cookies } = early;
  const elsewhere = new Browser(another());
  for (const [name, value] of cookies) elsewhere.cookies.set(name, value);
  t.match(
    (await elsewhere.send('GET', '/session')).json(),
    { tenantId: first },
    'who was in one stays there',
  );
  t.match((await browser.send('GET', '/flows')).json(), { status: 403, detail: /choose a tenant/ });
  t.equal((await browser.send('POST', '/session/tenant', { tenantId: crypto.randomUUID() })).statusCode, 404);
  t.match((await browser.send('POST', '/session/tenant', { tenantId: second?.id })).json(), {
    tenantId: second?.id,
    scopes: ['*'],
  });
  t.match((await browser.send('GET', '/session')).json(), { tenantId: second?.id });
  t.equal((await browser.send('GET', '/flows')).statusCode, 200);
});
