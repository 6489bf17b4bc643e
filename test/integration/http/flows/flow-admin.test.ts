import t from 'tap';
import { PostgresFlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import { nodeTypes } from '../../../../daemon/nodes/index.ts';
import { openOrm } from '../../../../orm/config.ts';
import { testFlow } from '../../../../orm/seed.ts';
import { ask, checkedApp, fakePorts, key } from '../../../unit/http/test-api.ts';
import { seededDatabase } from '../../seeded-database.ts';

void t.test('flows in PostgreSQL through the API', async (t) => {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const flows = new PostgresFlowAdmin(orm, nodeTypes);
  const app = checkedApp({ ports: fakePorts({ flows, nodeTypes }) });
  t.teardown(async () => {
    await app.close();
    await orm.close(true);
    await database.drop();
  });
  const post = (url: string, payload?: object) =>
    ask(app, {
      method: 'POST',
      url,
      headers: { authorization: `Bearer ${key}` },
      ...(payload === undefined ? {} : { payload }),
    });
  const { body: page } = await ask(app, { url: '/flows' });
  const [seeded] = page['flows'] as { id: string; tenantId: string }[];
  if (seeded === undefined) throw new Error('no flow was seeded');
  const url = `/flows/${seeded.id}`;
  const unknown = '/flows/01981234-0000-7000-8000-00000000ffff';

  await t.test('the seeded flow is listed, and told as it was written', async (t) => {
    t.match(page, { flows: [{ publishedVersion: 1 }], next: null });
    t.same((await ask(app, { url: `/flows?tenant=${seeded.tenantId}&cursor=${seeded.id}` })).body, {
      flows: [],
      next: null,
    });
    const { status, body } = await ask(app, { url });
    t.equal(status, 200);
    t.same(body['graph'], testFlow);
    t.match(body['versions'], [{ version: 1, state: 'published', publishedAt: /Z$/ }]);
    t.equal((await ask(app, { url: unknown })).status, 404);
  });

  const changed = { ...testFlow, variables: { greeting: 'hello' } };
  await t.test('a new version is a draft until it is published, and then the one in force', async (t) => {
    t.match(await post(`${url}/versions`, changed), {
      status: 201,
      body: { version: 2, state: 'draft', publishedAt: null },
    });
    t.match((await ask(app, { url })).body, { publishedVersion: 1, graph: testFlow });
    t.match(await post(`${url}/versions/2/publish`), {
      status: 200,
      body: { version: 2, state: 'published' },
    });
    t.match(await post(`${url}/versions/2/publish`), { status: 200 }, 'again changes nothing');
    const { body } = await ask(app, { url });
    t.same(body['graph'], changed);
    t.match(body, { publishedVersion: 2, versions: [{ version: 2 }, { version: 1, state: 'retired' }] });
    t.match(await post(`${url}/versions/1/publish`), { status: 200 }, 'back to the first');
    t.match((await ask(app, { url })).body, { publishedVersion: 1 });
  });

  await t.test('a graph with faults is refused with all of them and nothing is kept', async (t) => {
    const broken = {
      ...testFlow,
      entry: 'nowhere',
      edges: [...testFlow.edges, { from: 'menu', exit: 'key:2', to: 'gone' }],
      nodes: [...testFlow.nodes, { id: 'odd', type: 'teleport', params: {} }],
    };
    const { status, body } = await post(`${url}/versions`, broken);
    t.equal(status, 422);
    const faults = body['faults'] as { field: string; message: string }[];
    for (const field of [
      '/entry',
      `/edges/${testFlow.edges.length}/to`,
      `/nodes/${testFlow.nodes.length}/type`,
    ])
      t.ok(
        faults.some((fault) => fault.field === field),
        `${field} in ${JSON.stringify(faults)}`,
      );
    t.equal(((await ask(app, { url })).body['versions'] as unknown[]).length, 2);
  });

  await t.test('what does not exist cannot be changed', async (t) => {
    t.equal((await post(`${unknown}/versions`, changed)).status, 404);
    t.equal((await post(`${unknown}/versions/1/publish`)).status, 404);
    t.equal((await post(`${url}/versions/99/publish`)).status, 404);
  });
});
