import t from 'tap';
import { key } from '../../../unit/http/test-api.ts';
import { until } from '../../../until.ts';
import { accessApi, Browser } from './access-api.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

void t.test('somebody with an account joins a second tenant', async (t) => {
  const { app, orm, sql } = await accessApi(t);
  const admin = new Browser(app);
  await admin.signIn();
  const [role] = await sql<Named>("select id, name from role where name = 'admin' and tenant_id is null");
  const roleId = role?.id ?? '';
  await sql("insert into tenant (id, slug, name) values (gen_random_uuid(), 'second', 'A second')");
  const [second] = await sql<Named>("select id, name from tenant where slug = 'second'");
  const tenantId = second?.id ?? '';
  /** The second tenant's admin, in whose place an operator acts. */
  const other = async (method: string, url: string, payload?: object) =>
    app.inject({
      method: method as 'GET',
      url,
      headers: { authorization: `Bearer ${key}`, 'x-callfabric-tenant': tenantId, 'if-match': '*' },
      ...(payload === undefined ? {} : { payload }),
    });
  const email = 'both@test.example';
  // The first tenant's admin made the account, and knows what its password is.
  const known = 'known to the first admin';
  const person = (
    await admin.send('POST', '/users', { email, name: 'Both', roleId, password: 'first password' })
  ).json<Named>();
  const impostor = new Browser(app);
  await impostor.settle(email, 'first password', known);

  await t.test('to be offered a membership gives nothing, shows nothing and disturbs nothing', async (t) => {
    t.match((await other('POST', '/users', { email, name: 'B', roleId })).json(), {
      status: 409,
      faults: [{ field: '/email', message: /POST \/invitations/ }],
    });
    const offered = await other('POST', '/invitations', { email: 'Both@Test.example', roleId });
    t.match(offered.json(), { email, code: /^[\w-]{43}$/, role: { name: 'admin' } });
    t.equal(offered.headers['cache-control'], 'no-store');
    const { id, code } = offered.json<{ id: string; code: string }>();
    for (const url of ['/users', '/invitations', `/invitations/${id}`, '/audit-log'])
      t.notMatch((await other('GET', url)).body, new RegExp(`${person.id}|${code}|"Both"`), url);
    t.notMatch(JSON.stringify(await sql('select * from invitation')), code);
    t.match((await impostor.send('GET', '/session')).json(), { memberships: [{ role: 'admin' }] });
    t.equal((await impostor.send('GET', '/flows')).statusCode, 200, 'and stays where it is');
    const headers = { 'x-callfabric-tenant': tenantId };
    t.equal((await impostor.send('GET', '/users', undefined, { headers })).statusCode, 404);
    for (const password of [known, 'some other one'])
      t.match(
        (await impostor.send('POST', '/session/invitations', { code: 'x'.repeat(43), password })).json(),
        { status: 422, faults: [{ field: '/code' }] },
        'without the code nothing is told of the password',
      );
  });

  await t.test(
    'the code is another one’s account’s, void once offered anew, taken back or over',
    async (t) => {
      const offer = async () =>
        (await other('POST', '/invitations', { email, roleId })).json<{ id: string; code: string }>();
      const accept = async (browser: Browser, code: string) =>
        (await browser.send('POST', '/session/invitations', { code, password: 'chosen with the code' }))
          .statusCode;
      const old = await offer();
      const renewed = await offer();
      t.equal(await accept(impostor, old.code), 422);
      t.equal(await accept(admin, renewed.code), 422);
      t.equal((await other('DELETE', `/invitations/${renewed.id}`)).statusCode, 204);
      t.equal(await accept(impostor, renewed.code), 422);
      const late = await offer();
      await sql('update invitation set expires_at = now() where id = $1', [late.id]);
      t.equal(await accept(impostor, late.code), 422);
    },
  );

  await t.test('whoever accepts has another password than the first tenant’s admin knows', async (t) => {
    const { code } = (await other('POST', '/invitations', { email, roleId })).json<{ code: string }>();
    const one = new Browser(app);
    await one.signIn({ email, password: known });
    const accept = (password: string) => one.send('POST', '/session/invitations', { code, password });
    t.match((await accept(known)).json(), { status: 422, faults: [{ field: '/password' }] });
    const chosen = 'chosen with the code';
    t.match((await accept(chosen)).json(), { tenantId, memberships: [{}, {}] });
    t.equal((await one.send('GET', '/users')).statusCode, 200);
    t.equal((await impostor.send('GET', '/session')).statusCode, 401, 'the sessions before are over');
    t.equal((await new Browser(app).signIn({ email, password: known })).statusCode, 401);
    t.equal((await one.send('POST', '/session/invitations', { code, password: 'again' })).statusCode, 422);
    for (const url of ['/users', '/invitations'])
      t.equal((await other('GET', url)).body.includes(person.id), url === '/users');
    t.match((await other('POST', '/invitations', { email, roleId })).json(), {
      faults: [{ field: '/email' }],
    });
  });

  await t.test('from then on no tenant changes the account, and each may only let go of it', async (t) => {
    for (const body of [{ resetPassword: true }, { enabled: false }, { name: 'Mine' }]) {
      t.equal((await admin.send('PATCH', `/users/${person.id}`, body)).statusCode, 409);
      t.equal((await other('PATCH', `/users/${person.id}`, body)).statusCode, 409);
    }
    t.equal((await admin.send('DELETE', `/users/${person.id}`)).statusCode, 204);
    t.match(await sql('select 1 from user_account where email = $1', [email]), [{}]);
  });

  await t.test('a tenant that lets somebody go while they join another leaves the account', async (t) => {
    const made = (
      await admin.send('POST', '/users', {
        email: 'moves@test.example',
        name: 'M',
        roleId,
        password: 'moves password',
      })
    ).json<Named>();
    const { promise: over, resolve: release } = Promise.withResolvers<void>();
    const { promise: joined, resolve: isJoined } = Promise.withResolvers<void>();
    const accepting = orm.em.fork().transactional(async (em) => {
      await em.execute('select 1 from user_account where id = ? for update', [made.id]);
      await em.execute(
        'insert into membership (id, tenant_id, user_id, role_id) values (gen_random_uuid(), ?, ?, ?)',
        [tenantId, made.id, roleId],
      );
      isJoined();
      await over;
    });
    await joined;
    const leaving = admin.send('DELETE', `/users/${made.id}`);
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await until('the removal waits', async () => (await sql(waiting)).length > 0).finally(release);
    await accepting;
    t.equal((await leaving).statusCode, 204);
    t.match(await sql('select tenant_id from membership where user_id = $1', [made.id]), [
      { tenant_id: tenantId },
    ]);
  });

  await t.test(
    'who else has an account is told ten times, not for every address one can think of',
    async (t) => {
      const addresses = Array.from({ length: 11 }, (_, index) => `elsewhere${index}@test.example`);
      for (const elsewhere of addresses)
        t.equal((await other('POST', '/users', { email: elsewhere, name: 'E', roleId })).statusCode, 201);
      const status = async (address: string | undefined) =>
        (await admin.send('POST', '/users', { email: address, name: 'E', roleId })).statusCode;
      for (const elsewhere of addresses.slice(1)) t.equal(await status(elsewhere), 409);
      t.equal(await status(addresses[0]), 429);
      t.equal(await status('nobody-yet@test.example'), 429, 'nor by what is not refused');
      const offered = await admin.send('POST', '/invitations', { email: addresses[0], roleId });
      t.equal(offered.statusCode, 201, 'whoever is wanted is invited all the same');
    },
  );
});
