import t from 'tap';
import type { TSchema } from 'typebox';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { RouteStore } from '../../../daemon/routing/route-store.ts';
import type { TenantId } from '../../../daemon/telephony/ids.ts';
import { filled } from '../../unit/http/registered-routes.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
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

/** Parameters of a query that name rows by id without being called so. */
const alsoIds = ['tenant', 'campaign', 'publisher', 'buyer'];

/** Rows of `other` that its own ids find, where filling made none: null for what is shown as a row in each answer. */
async function enrich({ ask, keys, other, sql }: WholeApi): Promise<Ids> {
  const own = [other['tenant'], other['campaign'], other['publisher'], other['buyer']];
  await sql('update call set campaign_id = $2, publisher_id = $3, buyer_id = $4 where tenant_id = $1', own);
  await sql(
    'update call_count set campaign_id = $2, publisher_id = $3, buyer_id = $4 where tenant_id = $1',
    own,
  );
  const call = [other['tenant'], other['call']];
  await sql('update consent_token set call_id = $2 where tenant_id = $1', call);
  await sql('update webhook_delivery set call_id = $2 where tenant_id = $1', call);
  await sql(
    `insert into conversion (id, tenant_id, call_id, version, rule, status, currency, price_micros, payout_micros, campaign_id, publisher_id, buyer_id)
     values (gen_random_uuid(), $1, $5, 7, 'connect', 'converted', 'USD', 1, 1, $2, $3, $4)`,
    [...own, other['call']],
  );
  await sql(
    `insert into ledger_entry (id, tenant_id, transaction_id, account_id, kind, amount_micros, currency, call_id)
     select gen_random_uuid(), $1, $2, id, 'adjustment', case kind when 'funding' then -1 else 1 end, 'USD', $3
     from billing_account where tenant_id = $1 and (id = $4 or (kind = 'buyer' and name = 'Filled'))`,
    [other['tenant'], crypto.randomUUID(), other['call'], other['billing_account']],
  );
  for (const kind of ['publisher', 'carrier']) {
    const body = { name: `of a ${kind}`, kind, currency: 'USD', [`${kind}Id`]: other[kind] };
    await ask('POST', '/billing-accounts', { key: keys.other, body });
  }
  await ask('PATCH', `/campaigns/${other['campaign']}`, { key: keys.other, body: { name: 'changed' } });
  const [entry] = await sql<{ transaction_id: string }>(
    'select transaction_id from ledger_entry where tenant_id = $1 limit 1',
    [other['tenant']],
  );
  return { ...other, ledger_transaction: entry?.transaction_id ?? '' };
}

/** How many rows an answer tells: of its list, or of its file below the header. */
function told(answer: {
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}): number {
  if (String(answer.headers['content-type']).startsWith('text/csv'))
    return answer.body.trim().split('\n').length - 1;
  const lists = Object.values(JSON.parse(answer.body) as object).filter((value) => Array.isArray(value));
  return lists.flat().length;
}

void t.test("another tenant's ids in a query find nothing", async (t) => {
  const { ask, keys, one } = api;
  const other = await enrich(api);
  let asked = 0;
  for (const route of tenantsRoutes().filter(({ method }) => method === 'GET')) {
    const { properties = {} } = (route.querystring ?? {}) as { readonly properties?: object };
    for (const name of Object.keys(properties)) {
      if (!/Ids?$/.test(name) && !alsoIds.includes(name)) continue;
      const id = other[kindOf(name, other)] ?? '';
      const send = (key: string, ids: Ids) =>
        ask('GET', filled(route.url, valueIn(ids, route.url)), {
          key,
          query: { ...queryOf(route), [name]: id },
        });
      const own = await send(keys.other, other);
      t.ok(
        own.statusCode === 200 && told(own) > 0,
        `${route.name}?${name}= its own: ${own.body.slice(0, 200)}`,
      );
      const answer = await send(keys.one, one);
      t.equal(
        answer.statusCode,
        200,
        `${route.name}?${name}= of another tenant: ${answer.body.slice(0, 200)}`,
      );
      t.equal(told(answer), 0, `${route.name}?${name}= finds nothing of another tenant`);
      t.notOk(answer.body.includes(id), `${route.name}?${name}= does not repeat it`);
      asked += 1;
    }
  }
  t.ok(asked > 30, `${asked} parameters`);
});

/** Params of nodes that may name a row by its id, and of which table: those whose description says so. */
const named: Readonly<Record<string, string>> = {
  'buyer buyer': 'buyer',
  'queue buyer': 'buyer',
  'goto flow': 'flow',
  'dial trunks': 'trunk',
};

function paramsWithIds(): string[] {
  return [...nodeTypes.values()].flatMap(({ type, params }) => {
    const { properties = {} } = params as unknown as { readonly properties?: Record<string, TSchema> };
    const told = Object.entries(properties).filter(([, param]) => /\bids?\b/i.test(JSON.stringify(param)));
    return told.map(([name]) => `${type} ${name}`);
  });
}

void t.test("a flow that names another tenant's rows is as one that names none", async (t) => {
  const { ask, contents, keys, one, orm, other, sql } = api;
  t.same(
    paramsWithIds().toSorted(),
    Object.keys(named).toSorted(),
    'add a param that takes an id to named in test/integration/http/tenant-isolation.test.ts',
  );
  const make = async (key: string, name: string): Promise<string> =>
    (await ask('POST', '/flows', { key, body: { name } })).json<{ id: string }>().id;
  const goto = async (id: string, flow: string | undefined) => {
    const nodes = [{ id: 'a', type: 'goto', params: { flow } }];
    const body = { entry: 'a', nodes, edges: [], fallback: { cause: 'NORMAL_CLEARING' } };
    await ask('PUT', `/flows/${id}/draft`, { key: keys.other, body });
    return ask('POST', `/flows/${id}/draft/publish`, { key: keys.other });
  };

  /** Everything a document is given to, and what it answers; what is made each time is left out. */
  const answersTo = async (type: string, param: string, id: string | undefined): Promise<string[]> => {
    const params = type === 'dial' ? { destination: '+15551230001', [param]: [id] } : { [param]: id };
    const nodes = [{ id: 'a', type, params }];
    const body = { entry: 'a', nodes, edges: [], fallback: { cause: 'NORMAL_CLEARING' } };
    const flow = await make(keys.other, crypto.randomUUID());
    const answers = [
      await ask('PUT', `/flows/${flow}/draft`, { key: keys.other, body }),
      await ask('POST', `/flows/${flow}/draft/validate`, { key: keys.other }),
      await ask('POST', '/flows/validate', { key: keys.other, body }),
      await ask('POST', `/flows/${flow}/draft/publish`, { key: keys.other }),
      await ask('POST', `/flows/${flow}/versions`, { key: keys.other, body }),
      await ask('POST', `/flows/${flow}/versions/2/publish`, { key: keys.other }),
      await ask('POST', '/flows/import', {
        key: keys.other,
        body: { format: 'callfabric.flow', formatVersion: 1, name: crypto.randomUUID(), flow: body },
      }),
    ];
    return answers.map(({ statusCode, body: text }) =>
      `${statusCode} ${text}`
        .replaceAll(String(id), 'the id')
        .replaceAll(/"(requestId|id|flowId|name|\w+At)":"[^"]*"/g, '"$1"'),
    );
  };
  const before = await contents();
  for (const [place, kind] of Object.entries(named)) {
    const [type = '', param = ''] = place.split(' ');
    const told = await answersTo(type, param, one[kind]);
    t.same(
      told,
      await answersTo(type, param, crypto.randomUUID()),
      `${place}: nobody learns that it is there`,
    );
    t.match(told.at(-1), /^201/, place);
    for (const id of Object.values(one)) t.notOk(told.join().includes(id), `${place} tells nothing`);
  }
  const written = Object.entries(await contents()).flatMap(([table, sum]) =>
    sum === before[table] ? [] : [table],
  );
  t.same(
    written.toSorted(),
    ['audit_log', 'flow', 'flow_draft', 'flow_version', 'node'],
    'flows alone are written',
  );
  t.equal((await sql('select 1 from flow where tenant_id = $1', [one['tenant']])).length, 1);

  // What a call does with it: it finds no such flow, and leaves by `missing`.
  const store = new RouteStore({ orm, log: quietLog() });
  const entered = (tenant: Ids, flow: string | undefined) =>
    store.flowByName(tenant['tenant'] as TenantId, flow ?? '', 'latest');
  t.ok(await entered(one, one['flow']), 'its own tenant enters it');
  t.equal(await entered(other, one['flow']), undefined);

  // And the tenant whose flow it is is not held up by strangers, nor told of them.
  const wanted = await make(keys.one, 'wanted');
  const stranger = await make(keys.other, 'strange flow');
  t.equal((await goto(stranger, wanted)).statusCode, 201);
  t.equal((await ask('DELETE', `/flows/${wanted}`)).statusCode, 204, 'deleted although a stranger enters it');
  const used = await make(keys.other, 'used by its own');
  t.equal((await goto(stranger, used)).statusCode, 201);
  t.equal((await ask('DELETE', `/flows/${used}`, { key: keys.other })).statusCode, 409);
});
