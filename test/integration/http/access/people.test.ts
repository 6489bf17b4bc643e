import t from 'tap';
import { key } from '../../../unit/http/test-api.ts';
import { accessApi, Browser, seededAdmin } from './access-api.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

void t.test('users and roles of a tenant', async (t) => {
  const { app, sql, another } = await accessApi(t);
  const admin = new Browser(app);
  const me = (await admin.signIn()).json<{ user: { id: string } }>().user.id;
  const { roles } = (await admin.send('GET', '/roles')).json<{ roles: Named[] }>();
  const roleId = (name: string): string => roles.find((role) => role.name === name)?.id ?? '';
  const [publisher] = await sql<{ id: string }>('select id from publisher');
  const invite = (body: object) => admin.send('POST', '/users', { name: 'Somebody', ...body });
  const faultAt = (field: string) => ({ status: 422, faults: [{ field }] });

  await t.test("the platform's roles are read and not changed", async (t) => {
    t.same(roles.map(({ name }) => name).toSorted(), ['admin', 'buyer', 'publisher']);
    t.equal((await admin.send('PATCH', `/roles/${roleId('buyer')}`, { scopes: ['*'] })).statusCode, 403);
    t.equal((await admin.send('DELETE', `/roles/${roleId('buyer')}`)).statusCode, 403);
  });

  await t.test(
    'somebody invited signs in with what the answer shows once, and sees their part',
    async (t) => {
      const email = 'Pub@Test.example';
      const body = { email, roleId: roleId('publisher'), publisherId: publisher?.id };
      const made = (await invite(body)).json<{ initialPassword: string; id: string }>();
      t.match(made, { email: 'pub@test.example', role: { name: 'publisher' }, publisherId: publisher?.id });
      t.match((await invite(body)).json(), { status: 409, faults: [{ field: '/email' }] });
      const one = new Browser(app);
      const given = await one.signIn({ email, password: made.initialPassword });
      t.match(given.json(), { mustChoosePassword: true });
      t.match((await one.send('GET', '/calls')).json(), { status: 403, detail: /choose a password/ });
      const same = { current: made.initialPassword, new: made.initialPassword };
      t.match((await one.send('PUT', '/session/password', same)).json(), faultAt('/new'));
      const who = await one.settle(email, made.initialPassword);
      t.match(who.json(), {
        view: 'publisher',
        mustChoosePassword: false,
        memberships: [{ role: 'publisher', publisherId: publisher?.id, buyerId: null }],
      });
      t.equal((await one.send('GET', '/calls')).statusCode, 200);
      t.equal((await one.send('GET', '/users')).statusCode, 403);
      t.match((await admin.send('GET', `/users/${made.id}`)).json(), { lastSignInAt: /Z$/ });
      const { users, next } = (await admin.send('GET', '/users?limit=1')).json<{
        users: Named[];
        next: string;
      }>();
      const more = (await admin.send('GET', `/users?limit=1&cursor=${next}`)).json<{ users: Named[] }>();
      t.same([...users, ...more.users].map(({ id }) => id).toSorted(), [me, made.id].toSorted());

      t.equal((await admin.send('DELETE', `/users/${made.id}`)).statusCode, 204);
      t.equal((await one.send('GET', '/calls')).statusCode, 401, 'who is in no tenant is no user');
      t.same(await sql("select 1 from user_account where email = 'pub@test.example'"), []);
    },
  );

  await t.test('a role that shows the rows of somebody must be told whose', async (t) => {
    const email = 'x@test.example';
    t.match((await invite({ email, roleId: roleId('publisher') })).json(), faultAt('/publisherId'));
    t.match(
      (await invite({ email, roleId: roleId('admin'), publisherId: publisher?.id })).json(),
      faultAt('/publisherId'),
    );
    t.match(
      (await invite({ email, roleId: roleId('buyer'), buyerId: publisher?.id })).json(),
      faultAt('/buyerId'),
    );
    t.match((await invite({ email, roleId: publisher?.id })).json(), faultAt('/roleId'));
    t.match((await invite({ email: 'x', roleId: roleId('admin') })).json(), { status: 422 });
    t.same(await sql("select 1 from user_account where email = 'x@test.example'"), [], 'and nobody was made');
  });

  await t.test('nobody gives, or takes, more than they have', async (t) => {
    const clerk = await admin.send('POST', '/roles', {
      name: 'clerk',
      scopes: ['access:write', 'calls:read'],
    });
    t.match(clerk.json(), { platform: false, view: 'tenant' });
    const clerkRole = clerk.json<Named>().id;
    const password = 'clerks password';
    await invite({ email: 'clerk@test.example', roleId: clerkRole, password });
    const one = new Browser(app);
    await one.settle('clerk@test.example', password);
    const post = async (method: string, url: string, body?: object): Promise<number> =>
      (await one.send(method, url, body)).statusCode;
    const invited = { email: 'y@test.example', name: 'Y' };
    t.equal(await post('POST', '/users', { ...invited, roleId: roleId('admin') }), 403);
    t.equal(await post('POST', '/roles', { name: 'king', scopes: ['*'] }), 403);
    t.equal(await post('PATCH', `/roles/${clerkRole}`, { scopes: ['access:write', 'billing:read'] }), 403);
    t.equal(await post('PUT', `/users/${me}`, { roleId: clerkRole }), 403, 'nor brings an admin down');
    t.equal(await post('DELETE', `/users/${me}`), 403);
    t.equal(await post('POST', '/users', { ...invited, roleId: clerkRole }), 201);
    t.equal(await post('PATCH', `/roles/${clerkRole}`, { scopes: ['access:write'] }), 200);
    t.equal((await admin.send('DELETE', `/roles/${clerkRole}`)).statusCode, 409, 'somebody has it');
  });

  await t.test('the last admin stays, whatever is tried', async (t) => {
    const weak = (await admin.send('POST', '/roles', { name: 'weak', scopes: ['calls:read'] })).json<Named>();
    await sql("delete from membership m using role r where r.id = m.role_id and r.name = 'clerk'");
    const stays = { status: 409, detail: /without an admin/ };
    t.match((await admin.send('DELETE', `/users/${me}`)).json(), stays);
    t.match((await admin.send('PUT', `/users/${me}`, { roleId: weak.id })).json(), stays);
    const own = (await admin.send('POST', '/roles', { name: 'boss', scopes: ['*'] })).json<Named>();
    t.equal((await admin.send('PUT', `/users/${me}`, { roleId: own.id })).statusCode, 200);
    t.match((await admin.send('PATCH', `/roles/${own.id}`, { scopes: ['calls:read'] })).json(), stays);
    t.equal((await new Browser(another()).signIn(seededAdmin)).statusCode, 200);
    const second = { email: 'second@test.example', roleId: roleId('admin'), password: 'second password' };
    t.equal((await invite(second)).statusCode, 201);
    t.equal(
      (await admin.send('PUT', `/users/${me}`, { roleId: weak.id })).statusCode,
      200,
      'with another one there',
    );
    t.equal((await admin.send('GET', '/users')).statusCode, 403);
  });

  await t.test('an operator makes, changes and deletes tenants, which nobody else sees', async (t) => {
    const operator = async (method: string, url: string, payload?: object) =>
      app.inject({
        method: method as 'GET',
        url,
        headers: { authorization: `Bearer ${key}`, 'if-match': '*' },
        ...(payload === undefined ? {} : { payload }),
      });
    const made = await operator('POST', '/tenants', { slug: 'new-one', name: 'New One', maxCalls: 5 });
    t.match(made.json(), { slug: 'new-one', enabled: true, maxCalls: 5, deletingSince: null });
    const url = `/tenants/${made.json<Named>().id}`;
    t.match((await operator('POST', '/tenants', { slug: 'new-one', name: 'x' })).json(), {
      faults: [{ field: '/slug' }],
    });
    t.match((await operator('PATCH', url, { maxCalls: null, enabled: false })).json(), {
      maxCalls: null,
      enabled: false,
    });
    t.equal((await operator('PATCH', url, {})).statusCode, 422);
    t.equal((await operator('DELETE', url)).statusCode, 400);
    t.match((await operator('DELETE', `${url}?confirm=new-one`)).json(), { faults: [{ field: '/confirm' }] });
    t.equal((await operator('DELETE', `${url}?confirm=New%20One`)).statusCode, 204);
    t.equal((await operator('GET', url)).statusCode, 404);
    t.same(await sql("select action, tenant_id from audit_log where subject = 'tenant' order by id"), [
      { action: 'tenant.create', tenant_id: null },
      { action: 'tenant.update', tenant_id: null },
      { action: 'tenant.delete', tenant_id: null },
      { action: 'tenant.deleted', tenant_id: null },
    ]);
    const { tenants } = (await operator('GET', '/tenants')).json<{ tenants: Named[] }>();
    t.same(
      tenants.map(({ name }) => name),
      ['Test Organization'],
    );
  });
});
