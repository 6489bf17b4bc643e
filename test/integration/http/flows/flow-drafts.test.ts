import t from 'tap';
import { PostgresFlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import { nodeTypes } from '../../../../daemon/nodes/index.ts';
import { openOrm } from '../../../../orm/config.ts';
import { AuditLog, Campaign, Flow, Tenant } from '../../../../orm/index.ts';
import { testFlow } from '../../../../orm/seed.ts';
import { checkedApp, fakePorts, key } from '../../../unit/http/test-api.ts';
import { seededDatabase } from '../../seeded-database.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
interface Told {
  readonly status: number;
  readonly etag: string;
  readonly body: Record<string, unknown>;
}

void t.test('flows as documents in PostgreSQL', async (t) => {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const flows = new PostgresFlowAdmin(orm, nodeTypes);
  const app = checkedApp({ ports: fakePorts({ flows, nodeTypes }) });
  t.teardown(async () => {
    await app.close();
    await orm.close(true);
    await database.drop();
  });
  const em = orm.em.fork();
  const tenant = await em.findOneOrFail(Tenant, { slug: 'test-org' });
  const stranger = em.create(Tenant, { slug: 'stranger', name: 'Stranger' });
  await em.flush();

  const as =
    (tenantId: string) =>
    async (method: Method, url: string, payload?: object, ifMatch?: string): Promise<Told> => {
      const answer = await app.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${key}`,
          'x-callfabric-tenant': tenantId,
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        ...(payload === undefined ? {} : { payload }),
      });
      const body: Record<string, unknown> = answer.body === '' ? {} : answer.json();
      return { status: answer.statusCode, etag: String(answer.headers['etag']), body };
    };
  const ask = as(tenant.id);
  const make = async (name: string): Promise<string> => {
    const { status, body } = await ask('POST', '/flows', { name });
    t.equal(status, 201);
    return `/flows/${String(body['id'])}`;
  };
  const fieldsOf = (body: Record<string, unknown>) =>
    (body['faults'] as { field: string; node?: string }[]).map(({ field, node }) => [field, node]);

  await t.test('a draft begins empty, keeps what is incomplete, and says what is missing', async (t) => {
    const url = await make('Begun');
    const begun = await ask('GET', `${url}/draft`);
    t.match(begun, {
      status: 200,
      etag: '"new"',
      body: { draft: { nodes: [], edges: [] }, changedAt: null },
    });
    const half = {
      nodes: [
        { id: 'menu', type: 'ivr', params: { keys: 7 } },
        { id: 'menu', type: 'teleport', params: {} },
      ],
      edges: [{ from: 'menu', exit: 'key:1', to: 'gone' }],
    };
    const saved = await ask('PUT', `${url}/draft`, half, begun.etag);
    t.match(saved, { status: 200, etag: '"1"' });
    t.same(saved.body['draft'], half);
    const fields = fieldsOf(saved.body);
    for (const field of [
      ['/entry', undefined],
      ['/nodes/0/params/keys', 'menu'],
      ['/nodes/0/id', 'menu'],
      ['/edges/0/to', 'menu'],
    ])
      t.ok(
        fields.some((one) => one.join() === field.join()),
        `${field.join()} in ${JSON.stringify(fields)}`,
      );
    t.same((await ask('GET', `${url}/draft`)).body, saved.body);
    t.match(await ask('POST', `${url}/draft/validate`), { status: 200, body: { valid: false } });
    const refused = await ask('POST', `${url}/draft/publish`);
    t.equal(refused.status, 409);
    t.same(fieldsOf(refused.body), fields);
    t.same((await ask('GET', `${url}/versions`)).body, { versions: [], next: null });
  });

  await t.test('of two who change a draft at once, one is told', async (t) => {
    const url = await make('Contested');
    const document = (label: string) => ({
      ...testFlow,
      nodes: testFlow.nodes.map((node) => ({ ...node, label })),
    });
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((label) => ask('PUT', `${url}/draft`, document(label), '"new"')),
    );
    t.same(
      answers.map(({ status }) => status).sort((a, b) => a - b),
      [200, 412, 412],
    );
    t.equal((await ask('PUT', `${url}/draft`, document('d'))).status, 428);
    t.match(await ask('PUT', `${url}/draft`, document('d'), '"1"'), { status: 200, etag: '"2"' });
    t.equal((await ask('POST', `${url}/draft/publish`, undefined, '"1"')).status, 412);
    t.equal((await ask('POST', `${url}/draft/publish`, undefined, '"2"')).status, 201);
  });

  await t.test('what PostgreSQL cannot keep is refused with its field', async (t) => {
    const url = await make('Odd');
    for (const text of ['nul\u0000', 'half \ud83d']) {
      const nodes = [{ id: 'a', type: 'hangup', label: text, params: { deep: [{ text }] } }];
      const edges = [{ from: 'a', exit: text, to: 'a' }];
      const answer = await ask('PUT', `${url}/draft`, { nodes, edges, variables: { x: text } }, '*');
      t.equal(answer.status, 422);
      t.same(
        fieldsOf(answer.body)
          .map(([field]) => String(field))
          .sort(),
        ['/edges/0/exit', '/nodes/0/label', '/nodes/0/params/deep/0/text', '/variables/x'],
      );
      const version = { entry: 'a', nodes, edges };
      t.equal((await ask('POST', `${url}/versions`, version)).status, 422);
    }
  });

  await t.test('two who publish at once make two versions, one published', async (t) => {
    const url = await make('Hurried');
    await ask('PUT', `${url}/draft`, testFlow, '"new"');
    const answers = await Promise.all([1, 2, 3].map(() => ask('POST', `${url}/draft/publish`)));
    t.same(
      answers.map(({ status }) => status),
      [201, 201, 201],
    );
    const { body } = await ask('GET', `${url}/versions`);
    const versions = body['versions'] as { version: number; state: string }[];
    t.same(
      versions.map(({ version, state }) => [version, state]),
      [
        [3, 'published'],
        [2, 'retired'],
        [1, 'retired'],
      ],
    );
    const first = await ask('GET', `${url}/versions?limit=2`);
    t.match(first.body, { versions: [{ version: 3 }, { version: 2 }], next: '2' });
    t.match((await ask('GET', `${url}/versions?limit=2&cursor=2`)).body, {
      versions: [{ version: 1 }],
      next: null,
    });
    t.match(await ask('GET', `${url}/versions/2`), { status: 200, body: { version: 2, graph: testFlow } });
    t.equal((await ask('GET', `${url}/versions/9`)).status, 404);
  });

  await t.test('two versions are compared, and the way back is the version itself', async (t) => {
    const url = await make('Turning');
    await ask('PUT', `${url}/draft`, testFlow, '"new"');
    await ask('POST', `${url}/draft/publish`);
    await ask('PUT', `${url}/draft`, { ...testFlow, variables: { greeting: 'hi' } }, '"1"');
    t.match(await ask('GET', `${url}/diff?from=published&to=draft`), {
      status: 200,
      body: { flow: [{ field: '/variables/greeting', after: 'hi' }] },
    });
    await ask('POST', `${url}/draft/publish`);
    t.match(await ask('GET', `${url}/diff?from=2&to=1`), {
      status: 200,
      body: { nodes: { changed: [] }, flow: [{ field: '/variables/greeting', before: 'hi' }] },
    });
    t.equal((await ask('GET', `${url}/diff?from=2&to=7`)).status, 404);
    t.equal((await ask('GET', `${url}/diff?from=2`)).status, 400);
    t.match(await ask('POST', `${url}/versions/1/rollback`), {
      status: 200,
      body: { version: 1, state: 'published' },
    });
    t.match(await ask('GET', url), {
      body: { publishedVersion: 1, versions: [{ version: 2 }, { version: 1 }] },
    });
    await ask('POST', `${url}/versions`, testFlow);
    t.equal((await ask('POST', `${url}/versions/3/rollback`)).status, 409, 'it was never published');
  });

  await t.test('a flow goes out as a document and comes back the same', async (t) => {
    const url = await make('Travelling');
    await ask('PUT', `${url}/draft`, testFlow, '"new"');
    t.equal((await ask('GET', `${url}/export`)).status, 404, 'nothing is published');
    await ask('POST', `${url}/draft/publish`);
    const { body: document } = await ask('GET', `${url}/export`);
    t.same(document, { format: 'callfabric.flow', formatVersion: 1, name: 'Travelling', flow: testFlow });
    t.equal((await ask('POST', '/flows/import', document)).status, 409, 'the name is taken');
    const came = await ask('POST', '/flows/import', { ...document, name: 'Arrived' });
    t.match(came, { status: 201, body: { name: 'Arrived', publishedVersion: null } });
    const again = `/flows/${String(came.body['id'])}`;
    t.same((await ask('GET', `${again}/draft`)).body['draft'], testFlow);
    t.equal((await ask('POST', `${again}/draft/publish`)).status, 201);
    t.same((await ask('GET', `${again}/export`)).body, { ...document, name: 'Arrived' });
    const clone = await ask('POST', `${url}/clone`, { name: 'Twin', from: '1' });
    t.equal(clone.status, 201);
    t.same((await ask('GET', `/flows/${String(clone.body['id'])}/draft`)).body['draft'], testFlow);
    t.equal((await ask('POST', `${url}/clone`, { name: 'Twin' })).status, 409);
  });

  await t.test('a flow in use is kept, and who uses it is named', async (t) => {
    const url = await make('Used');
    const id = url.slice('/flows/'.length);
    await ask('PUT', `${url}/draft`, testFlow, '"new"');
    await ask('POST', `${url}/draft/publish`);
    const em = orm.em.fork();
    const campaign = em.create(Campaign, { tenant: tenant.id, name: 'Spring', flow: id });
    await em.flush();
    const caller = await make('Enters it');
    const enters = {
      entry: 'a',
      nodes: [{ id: 'a', type: 'goto', params: { flow: 'used' } }],
      edges: [],
      fallback: { cause: 'NORMAL_CLEARING' },
    };
    await ask('PUT', `${caller}/draft`, enters, '"new"');
    t.equal((await ask('POST', `${caller}/draft/publish`)).status, 201);
    const refused = await ask('DELETE', url, undefined, '*');
    t.match(refused, {
      status: 409,
      body: { faults: [{ message: /campaign Spring/ }, { message: /flow Enters it/ }] },
    });
    campaign.flow = null;
    await em.flush();
    t.equal((await ask('DELETE', caller, undefined, '*')).status, 204);
    t.equal((await ask('DELETE', url, undefined, '*')).status, 204);
    t.equal((await ask('GET', url)).status, 404);
    t.equal(await orm.em.fork().count(Flow, { id }), 0);
  });

  await t.test('names are renamed, and taken once', async (t) => {
    const url = await make('Before');
    t.match(await ask('PATCH', url, { name: 'After' }, '*'), { status: 200, body: { name: 'After' } });
    t.match(await ask('POST', '/flows', { name: 'After' }), {
      status: 409,
      body: { faults: [{ field: '/name' }] },
    });
    t.equal((await ask('PATCH', url, { name: 'Used elsewhere' }, '*')).status, 200);
    const entries = await orm.em
      .fork()
      .find(AuditLog, { subjectId: url.slice(7) }, { orderBy: { id: 'asc' } });
    t.same(
      entries.map(({ action, before, after }) => [action, before, after]),
      [
        ['flow.create', null, { name: 'Before' }],
        ['flow.rename', { name: 'Before' }, { name: 'After' }],
        ['flow.rename', { name: 'After' }, { name: 'Used elsewhere' }],
      ],
    );
  });

  await t.test('another tenant sees none of it', async (t) => {
    const url = await make('Private');
    await ask('PUT', `${url}/draft`, testFlow, '"new"');
    await ask('POST', `${url}/draft/publish`);
    const other = as(stranger.id);
    const routes: readonly (readonly [Method, string, object?])[] = [
      ['GET', url],
      ['PATCH', url, { name: 'Mine' }],
      ['DELETE', url],
      ['GET', `${url}/draft`],
      ['PUT', `${url}/draft`, testFlow],
      ['POST', `${url}/draft/validate`],
      ['POST', `${url}/draft/publish`],
      ['GET', `${url}/versions`],
      ['POST', `${url}/versions`, testFlow],
      ['GET', `${url}/versions/1`],
      ['POST', `${url}/versions/1/publish`],
      ['POST', `${url}/versions/1/rollback`],
      ['GET', `${url}/diff?from=1&to=1`],
      ['POST', `${url}/clone`, { name: 'Mine' }],
      ['GET', `${url}/export`],
    ];
    for (const [method, path, payload] of routes)
      t.equal((await other(method, path, payload, '*')).status, 404, `${method} ${path}`);
    t.same((await other('GET', `/flows?tenant=${tenant.id}`)).body, { flows: [], next: null });
    t.match(await ask('GET', url), { body: { name: 'Private', publishedVersion: 1 } });
  });
});
