import type { LightMyRequestResponse } from 'fastify';
import t, { type Test } from 'tap';
import { filled } from '../../unit/http/registered-routes.ts';
import { roleRoutes } from '../../unit/http/role-routes.ts';
import { Browser } from './access/access-api.ts';
import { changesNothing, ofSessions, writtenBy } from './audited-routes.ts';
import { DoneRequests, isOperators, remoteAddress } from './done-requests.ts';
import { bodyOf, queryOf, tableAt, valueIn } from './valid-request.ts';
import { type Route, type WholeApi, wholeApi } from './whole-api.ts';

const unknownId = '01981234-0000-7000-8000-0000000000ff';

interface Entry {
  readonly tenant_id: string | null;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly action: string;
  readonly subject: string;
  readonly subject_id: string | null;
  readonly before: object | null;
  readonly after: object | null;
  readonly remote_address: string | null;
  readonly request_id: string | null;
}

let api: WholeApi;
let requests: DoneRequests;
t.before(async () => {
  api = await wholeApi(t);
  requests = await DoneRequests.begin(api);
});

const count = async (): Promise<number> =>
  (await api.sql<{ n: number }>('select count(*)::int as n from audit_log'))[0]?.n ?? 0;

/** What was written for the request that was answered. */
const entriesOf = (answer: LightMyRequestResponse): Promise<Entry[]> =>
  api.sql<Entry>('select * from audit_log where request_id = $1 order by id', [
    String(answer.headers['x-request-id']),
  ]);

/** Ways to be refused; after each the log is as it was. */
async function refusals(t: Test, route: Route, url: string, body: object | string | undefined) {
  const before = await count();
  const nowhere = filled(route.url, (name) => (name === 'version' ? '1' : unknownId));
  if (nowhere !== route.url)
    t.equal((await requests.send(route, nowhere, body)).statusCode, 404, `${route.name} of nothing`);
  if (body !== undefined) {
    const wrong = typeof body === 'string' ? `${body}not a row\n` : { ...body, 'no such field': 1 };
    t.equal((await requests.send(route, url, wrong)).statusCode, 422, `${route.name} with a wrong body`);
  }
  if (route.headers.includes('if-match'))
    t.equal(
      (await requests.send(route, url, body, '"another"')).statusCode,
      412,
      `${route.name} of another state`,
    );
  t.equal(await count(), before, `${route.name}: a request that is refused leaves nothing in the log`);
}

const mutating = (): Route[] =>
  api.routes.filter(({ name, method }) => method !== 'GET' && roleRoutes[name] !== undefined);

void t.test('every change is in the audit log once, and nothing else is', async (t) => {
  for (const route of mutating()) {
    if (route.name in changesNothing || route.name in ofSessions) continue;
    // Each for itself: one that fails hides no other.
    await t.test(route.name, (t) => oneEntry(t, route));
  }
});

async function oneEntry(t: Test, route: Route): Promise<void> {
  const { one } = api;
  const said = writtenBy[route.name] ?? {};
  const id = await requests.target(route);
  const url = filled(route.url, (name, before) =>
    name === 'id' && id !== undefined ? id : valueIn(one, route.url)(name, before),
  );
  const body = await requests.body(route);
  await refusals(t, route, url, body);
  const before = await count();
  const answer = await requests.do(route, url, body);
  const entries = await entriesOf(answer);
  t.equal(entries.length, 1, `${route.name} is one entry`);
  t.equal(await count(), before + 1 + (said.more ?? 0), `${route.name} writes no other`);
  const [entry] = entries;
  if (entry === undefined) return;
  const list = route.url.replace(/\/:id.*$/, '').replace(/\/import$/, '');
  const table = tableAt(list);
  const verb = { POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' }[route.method];
  const made = answer.body.startsWith('{') ? answer.json<{ id?: string }>().id : undefined;
  const parent = url.split('/')[2];
  const ids = { made, named: id, parent };
  const { subjectId = id === undefined ? 'made' : 'named' } = said;
  const operators = isOperators(route);
  const byKey = { actor_kind: 'api_key', actor_id: one['api_key'] };
  const byAdmin = { actor_kind: 'user', actor_id: requests.adminId };
  t.match(
    entry,
    {
      action: said.action ?? `${table}.${verb}`,
      subject: said.subject ?? table,
      subject_id: subjectId === null ? null : ids[subjectId],
      tenant_id: operators ? null : one['tenant'],
      ...(operators ? { actor_kind: 'operator', actor_id: null } : route.method === 'POST' ? byKey : byAdmin),
      remote_address: remoteAddress,
      request_id: String(answer.headers['x-request-id']),
    },
    route.name,
  );
  const has = {
    before: said.before ?? route.method !== 'POST',
    after: said.after ?? route.method !== 'DELETE',
  };
  for (const side of ['before', 'after'] as const) {
    t.equal(entry[side] !== null, has[side], `${route.name}: what there was ${side}`);
    if (said.is?.[side] !== undefined) t.same(entry[side], said.is[side], `${route.name}: ${side}`);
  }
  if (route.method !== 'PATCH') return;
  t.match(entry.after, body, `${route.name}: after it is as was asked`);
  t.notMatch(entry.before, body, `${route.name}: before it was not`);
}

void t.test('whoever signs in, out or elsewhere is in the log of the platform', async (t) => {
  const { app, ask, keys, one } = api;
  const { adminRole: roleId } = requests;
  const email = 'session@other.example';
  const given = 'given by the other one';
  const body = { email, name: 'Session', roleId, password: given };
  const { id } = (await ask('POST', '/users', { key: keys.other, body })).json<{ id: string }>();
  const invited = await ask('POST', '/invitations', { body: { email, roleId } });
  requests.keepSecrets(invited.json<object>());
  const { code } = invited.json<{ code: string }>();
  const own = new Browser(app);
  const elsewhere = new Browser(app);
  const passwords = [given, 'chosen by themselves', 'chosen once more'];
  for (const password of passwords) requests.secrets.add(password);
  const sessionOf = async (browser: Browser): Promise<string> => {
    const { sessions } = (await browser.send('GET', '/session/sessions')).json<{
      sessions: { id: string; current: boolean }[];
    }>();
    return sessions.find(({ current }) => current)?.id ?? '';
  };
  const steps: readonly (readonly [string, () => Promise<LightMyRequestResponse>])[] = [
    ['POST /session', () => own.send('POST', '/session', { email, password: given }, { remoteAddress })],
    [
      'PUT /session/password',
      () => own.send('PUT', '/session/password', { current: given, new: passwords[1] }, { remoteAddress }),
    ],
    [
      'POST /session/invitations',
      () => own.send('POST', '/session/invitations', { code, password: passwords[2] }, { remoteAddress }),
    ],
    [
      'POST /session/tenant',
      () => own.send('POST', '/session/tenant', { tenantId: one['tenant'] }, { remoteAddress }),
    ],
    [
      'DELETE /session/sessions/:id',
      async () => {
        await elsewhere.signIn({ email, password: passwords[2] ?? '' });
        return own.send('DELETE', `/session/sessions/${await sessionOf(elsewhere)}`, undefined, {
          remoteAddress,
        });
      },
    ],
    ['DELETE /session', () => own.send('DELETE', '/session', undefined, { remoteAddress })],
  ];
  t.same(
    steps.map(([name]) => name).toSorted(),
    mutating()
      .flatMap(({ name }) => (name.includes(' /session') ? [name] : []))
      .toSorted(),
    'each of them is asked here',
  );
  for (const [name, step] of steps) {
    const answer = await step();
    t.match(String(answer.statusCode), /^20[04]$/, `${name}: ${answer.body.slice(0, 200)}`);
    if (answer.body !== '') requests.keepSecrets(answer.json<object>());
    for (const { name: of, value } of answer.cookies)
      if (value !== '' && !of.includes('tenant')) requests.secrets.add(value);
    requests.done.add(name);
    const entries = await entriesOf(answer);
    t.same(entries.map(({ action }) => action).toSorted(), ofSessions[name] ?? [], name);
    for (const entry of entries)
      t.match(
        entry,
        {
          actor_kind: 'user',
          actor_id: id,
          subject_id: /^[0-9a-f-]{36}$/,
          tenant_id: entry.action === 'user.accept' ? one['tenant'] : null,
          remote_address: remoteAddress,
          ...(entry.action === 'user.accept' ? { after: { role_id: roleId } } : {}),
        },
        `${name}: ${entry.action}`,
      );
  }
});

void t.test('what changes nothing leaves nothing in the log', async (t) => {
  for (const name of Object.keys(changesNothing)) {
    const route = requests.route(name);
    if (name in ofSessions || name.includes(' /session')) continue; // above
    const url = filled(route.url, valueIn(api.one, route.url));
    const before = await count();
    await requests.do(route, url, bodyOf(route, api.one));
    t.equal(await count(), before, `${name}: ${changesNothing[name]}`);
  }
});

void t.test('a file is one entry for each five hundred of its rows', async (t) => {
  const numbers = Array.from({ length: 501 }, (_, n) => `+1666${String(1_000_000 + n)}`);
  const answer = await api.ask('POST', `/dnc-lists/${api.one['dnc_list']}/import`, {
    body: ['e164', ...numbers].join('\n'),
  });
  t.match(answer.json(), { imported: 501 });
  t.same(
    (await entriesOf(answer)).map(({ after }) => after),
    [
      { imported: 500, lines: [2, 501] },
      { imported: 1, lines: [502, 502] },
    ],
  );
});

void t.test("an operator in a tenant is in that tenant's log", async (t) => {
  const { ask, keys, one } = api;
  const headers = { 'x-callfabric-tenant': one['tenant'] ?? '' };
  const answer = await ask('POST', '/tags', {
    key: keys.operator,
    body: { name: 'by the operator' },
    headers,
  });
  t.match(await entriesOf(answer), [{ actor_kind: 'operator', actor_id: null, tenant_id: one['tenant'] }]);
});

void t.test('the same request again, by its idempotency key, is no change', async (t) => {
  const again = () =>
    api.ask('POST', '/tags', { body: { name: 'once' }, headers: { 'idempotency-key': 'audited-once' } });
  t.equal((await entriesOf(await again())).length, 1);
  const before = await count();
  t.equal((await again()).headers['idempotency-replayed'], 'true');
  t.equal(await count(), before);
});

void t.test('no secret stands in the log', async (t) => {
  const written = await api.sql<{ text: string }>(
    'select jsonb_build_array(before, after)::text as text from audit_log where before is not null or after is not null',
  );
  const { secrets } = requests;
  t.ok(secrets.size > 20 && written.length > 50, `${secrets.size} secrets, ${written.length} entries`);
  for (const { text } of written) {
    const found = [...secrets].filter((secret) => text.includes(secret));
    if (found.length > 0 || /"[a-z_]*(password|secret|token|hash)[a-z_]*":/i.test(text)) t.fail(text);
  }
});

void t.test('its tenant reads the log, and writes it by no address', async (t) => {
  const { ask, one, routes, sql } = api;
  const kept = await sql<{ id: string }>('select id from audit_log where tenant_id = $1', [one['tenant']]);
  interface Page {
    readonly entries: readonly { readonly id: string }[];
    readonly next: string | null;
  }
  const read: string[] = [];
  let cursor: string | null = null;
  do {
    const query: Record<string, string> = { limit: '200', ...(cursor === null ? {} : { cursor }) };
    const page: Page = (await ask('GET', '/audit-log', { query })).json();
    read.push(...page.entries.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  t.same(read.toSorted(), kept.map(({ id }) => id).toSorted());
  t.same(
    routes.flatMap(({ name, url }) => (url.startsWith('/audit-log') ? [name] : [])),
    ['GET /audit-log'],
  );
});

/** What is read, but by no `inject`: why. */
const notRead: Readonly<Record<string, string>> = {
  'GET /live': 'a stream that never ends: live-routes.test.ts and live-feed.test.ts hold it to its schemas',
};
/** Lists that have nothing to show here: why. */
const empty: Readonly<Record<string, string>> = {
  'GET /caps/:scope/holders': 'caps are in Redis: caps-routes are asked with fakes',
  'GET /session/sessions': 'a key is nowhere',
};

void t.test('every route was answered as its document says', async (t) => {
  const { ask, keys, routes, sql } = api;
  const [node] = await sql<{ id: string }>('select id from freeswitch_node');
  const one = { ...api.one, freeswitch_node: node?.id ?? '' };
  for (const route of routes.filter(({ name, method }) => method === 'GET' && !(name in notRead))) {
    const operators = isOperators(route) || route.url === '/metrics';
    const url = filled(route.url, valueIn(one, route.url));
    const answer = await ask('GET', url, {
      key: operators ? keys.operator : keys.one,
      query: queryOf(route),
    });
    if (!t.equal(answer.statusCode, 200, `${route.name}: ${answer.body.slice(0, 300)}`)) continue;
    requests.done.add(route.name);
    const page = answer.body.startsWith('{') ? answer.json<object>() : {};
    if ('next' in page && !(route.name in empty))
      t.ok(
        Object.values(page)
          .flat()
          .some((row) => typeof row === 'object' && row !== null),
        `${route.name} has something to hold to its schema`,
      );
  }
  for (const name of Object.keys(roleRoutes))
    if (!(name in notRead)) t.ok(requests.done.has(name), `${name} was answered with success`);
});
