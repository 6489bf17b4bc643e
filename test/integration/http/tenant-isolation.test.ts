import t from 'tap';
import { filled } from '../../unit/http/registered-routes.ts';
import { Browser } from './access/access-api.ts';
import { bodyOf, csvOf, idsIn, kindOf, type Path, queryOf, valueIn, withAt } from './valid-request.ts';
import { type Ids, type Route, type WholeApi, wholeApi } from './whole-api.ts';

/** A stream never ends, so that `inject` would wait for ever; it has tests of its own. */
const streams = /^GET \/live/;

/** What a tenant's key may use. */
function tenantsRoutes(): Route[] {
  return api.routes.filter(
    ({ name, access }) => access !== undefined && access.scope !== 'operator' && !streams.test(name),
  );
}

let api: WholeApi;
t.before(async () => {
  api = await wholeApi(t);
});

void t.test("with another tenant's key there is nothing", async (t) => {
  const { ask, contents, keys, one, other } = api;
  const send = (key: string, route: Route, url: string) =>
    ask(route.method, url, {
      key,
      query: queryOf(route),
      body: csvOf(route) ?? bodyOf(route, other),
      headers: { 'idempotency-key': url },
    });

  const routes = tenantsRoutes();
  // Its own key first: what is asked for is there, so that 404 means something. This also notes the key's use.
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    const answer = await send(keys.one, route, filled(route.url, valueIn(one, route.url)));
    t.equal(answer.statusCode, 200, `${route.name} with its own key: ${answer.body.slice(0, 200)}`);
  }
  const before = await contents();
  const secret = Object.values(one);
  for (const route of routes) {
    if (!route.url.includes(':') && route.method !== 'GET') continue; // names no row
    const params = route.url.match(/:(?!version)[A-Za-z]+/g) ?? [];
    // All of the other tenant; and behind one's own, where there is more than one.
    const addresses = new Set([filled(route.url, valueIn(one, route.url))]);
    let at = 0;
    if (params.length > 1)
      addresses.add(
        filled(route.url, (...of) => {
          at += 1;
          return valueIn(at === params.length ? one : other, route.url)(...of);
        }),
      );
    for (const url of addresses) {
      const answer = await send(keys.other, route, url);
      const said = answer.body.slice(0, 300);
      if (params.length === 0) t.equal(answer.statusCode, 200, `${route.name}: ${said}`);
      else
        t.equal(
          answer.statusCode,
          404,
          `${route.name} (${url}) shall not find another tenant's row: ${said}`,
        );
      const seen = secret.filter((id) => !url.includes(id) && answer.body.includes(id));
      t.same(seen, [], `${route.name} tells nothing of the other tenant`);
    }
  }
  t.same(await contents(), before, 'no row was changed, added or taken');
});

/** Whose session is asked, not whose key: a test of its own, below. */
const bySession = ['POST /session/tenant'];

/** One id in a body, to be another tenant's. */
interface Place {
  readonly route: Route;
  readonly path: Path;
  readonly name: string;
  readonly kind: string;
}

function placesIn(routes: readonly Route[], ids: Ids): Place[] {
  return routes.flatMap((route) =>
    idsIn(route.body).map((path) => {
      const property = path.findLast((step) => typeof step === 'string') ?? '';
      return { route, path, name: `${route.name} /${path.join('/')}`, kind: kindOf(property, ids) };
    }),
  );
}

void t.test("another tenant's ids in a body name nothing", async (t) => {
  const { ask, contents, keys, one, other, sql } = api;
  const platform = await sql<{ id: string; name: string }>(
    'select id, name from role where tenant_id is null',
  );
  const roleOf = (name: string) => ({ roleId: platform.find((role) => role.name === name)?.id });
  /** What a body needs beside an id so that it is valid with it. */
  const beside: Record<string, object> = {
    'POST /billing-accounts /buyerId': { kind: 'buyer' },
    'POST /billing-accounts /publisherId': { kind: 'publisher' },
    'POST /billing-accounts /carrierId': { kind: 'carrier' },
    'POST /billing-accounts /rateCardId': { kind: 'funding' },
    ...Object.fromEntries(
      ['POST /users', 'PUT /users/:id', 'POST /invitations'].flatMap((route) => [
        [`${route} /publisherId`, roleOf('publisher')],
        [`${route} /buyerId`, roleOf('buyer')],
      ]),
    ),
  };
  const places = placesIn(tenantsRoutes(), other).filter(({ route }) => !bySession.includes(route.name));
  t.ok(places.length > 30, `${places.length} ids in bodies`);
  /** What its own ids made: what a change is tried on. */
  const made = new Map<string, string>();
  const send = ({ route, path, name, kind }: Place, mine: Ids, foreign?: Ids) => {
    const list = route.url.replace(/\/:id$/, '');
    const own = made.get(`${list} /${path.join('/')}`);
    const url = filled(route.url, (param, before) =>
      param === 'id' && own !== undefined ? own : valueIn(mine, route.url)(param, before),
    );
    const body = withAt({ ...bodyOf(route, mine), ...beside[name] }, path, (foreign ?? mine)[kind]);
    return ask(route.method, url, { key: keys.other, body: body as object });
  };
  const fresh = async (list: string): Promise<string> =>
    (await ask('POST', list, { key: keys.other, body: { name: crypto.randomUUID() } })).json<{ id: string }>()
      .id;
  const ids = new Map<string, Ids>();
  // With its own ids first: what is refused below is refused for whose they are.
  for (const place of places) {
    const mine = { ...other, buyer: await fresh('/buyers'), publisher: await fresh('/publishers') };
    ids.set(place.name, mine);
    const answer = await send(place, mine);
    t.match(String(answer.statusCode), /^20[01]$/, `${place.name}, its own: ${answer.body.slice(0, 300)}`);
    if (place.route.method === 'POST')
      made.set(`${place.route.url} /${place.path.join('/')}`, answer.json<{ id: string }>().id);
  }
  const before = await contents();
  const secret = Object.values(one);
  for (const place of places) {
    const answer = await send(place, ids.get(place.name) ?? other, one);
    const said = answer.json<{ status: number; faults?: { field: string }[] }>();
    const field = `/${place.path.join('/')}`;
    t.ok(
      said.status === 404 || (said.status === 422 && said.faults?.[0]?.field === field),
      `${place.name} of another tenant names nothing: ${answer.body.slice(0, 300)}`,
    );
    t.same(
      secret.filter((id) => id !== one[place.kind] && answer.body.includes(id)),
      [],
      `${place.name} tells nothing of the other tenant`,
    );
  }
  t.same(await contents(), before, 'nothing was written, not even into the audit log');
});

void t.test('nobody chooses a tenant that is none of theirs', async (t) => {
  const { app, ask, keys, one, other, sql } = api;
  const email = 'chooser@test.example';
  const [admin] = await sql<{ id: string }>("select id from role where tenant_id is null and name = 'admin'");
  const user = { email, name: 'Chooser', roleId: admin?.id, password: 'given by an admin' };
  t.equal((await ask('POST', '/users', { key: keys.other, body: user })).statusCode, 201);
  const browser = new Browser(app);
  await browser.settle(email, user.password);
  const choose = async (tenantId: string | undefined) =>
    (await browser.send('POST', '/session/tenant', { tenantId })).statusCode;
  t.equal(await choose(one['tenant']), 404);
  t.equal(await choose(other['tenant']), 200);
});

/** Columns of an import that hold ids. */
const importedIds: Readonly<Record<string, readonly string[]>> = {
  'POST /numbers/import': ['campaignId', 'publisherId'],
  'POST /rate-cards/:rateCardId/import': [],
  'POST /dnc-lists/:listId/import': [],
};

void t.test("another tenant's ids in a file name nothing", async (t) => {
  const { ask, contents, keys, one, other } = api;
  const imports = tenantsRoutes().filter((route) => csvOf(route) !== undefined);
  t.same(
    imports.map(({ name }) => name).toSorted(),
    Object.keys(importedIds).toSorted(),
    'add an import to importedIds in test/integration/http/tenant-isolation.test.ts',
  );
  for (const route of imports)
    for (const column of importedIds[route.name] ?? []) {
      const [header, row] = csvOf(route)?.split('\n') ?? [];
      const send = (ids: Ids, mode: string) =>
        ask('POST', filled(route.url, valueIn(other, route.url)), {
          key: keys.other,
          query: { mode },
          body: `${header},${column}\n${row},${ids[kindOf(column, ids)]}\n`,
        });
      const before = await contents();
      t.match((await send(one, 'all-or-nothing')).json(), { status: 422, faults: [{ field: `/${column}` }] });
      t.match((await send(one, 'report-and-continue')).json(), {
        imported: 0,
        failed: 1,
        errors: [{ field: `/${column}` }],
      });
      t.same(await contents(), before, `${route.name} ${column}: nothing was written`);
      t.match((await send(other, 'all-or-nothing')).json(), { imported: 1 }, `${column} of its own`);
    }
});
