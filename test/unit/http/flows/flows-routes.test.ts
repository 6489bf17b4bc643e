import t from 'tap';
import type { FlowGraph } from '../../../../daemon/flow/flow-graph.ts';
import type { FlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import type { FlowDetail, FlowDraftDetail } from '../../../../daemon/http/flows/flow-schemas.ts';
import { Problem } from '../../../../daemon/http/problem.ts';
import { ask, callId as flowId, key, tenantId, testApi } from '../test-api.ts';
import { fakeFlows } from './fake-flows.ts';

const graph: FlowGraph = {
  entry: 'end',
  variables: { greeting: 'hello' },
  fallback: { cause: 'NORMAL_CLEARING' },
  nodes: [
    { id: 'end', type: 'hangup', params: { cause: 'NORMAL_CLEARING', deep: { list: [1, null, 'x'] } } },
  ],
  edges: [{ from: 'end', exit: 'error', to: 'end', order: 1, condition: { any: [true] } }],
};
const version = {
  id: '01981234-0000-7000-8000-0000000000ff',
  version: 3,
  state: 'draft' as const,
  createdAt: '2026-07-17T09:00:00.000000Z',
  publishedAt: null,
};
const summary = { id: flowId, tenantId, name: 'Main', publishedVersion: 2 };
const flow: FlowDetail = { ...summary, versions: [version], graph };
const draft: FlowDraftDetail = {
  flowId,
  etag: '"4"',
  changedAt: null,
  draft: { nodes: [], edges: [] },
  faults: [],
};

const flowsOf = (of: Partial<FlowAdmin>) => ({ flows: fakeFlows(of) });
const headers = { authorization: `Bearer ${key}` };
const post = (url: string, payload?: object) =>
  ({ method: 'POST', url, headers, ...(payload === undefined ? {} : { payload }) }) as const;
const once = <Body>(body: Body) => ({ status: 201, body, headers: {}, replayed: false });
const unasked = async (): Promise<never> => t.fail('must not be asked') as never;

void t.test('flows are listed a page at a time', async (t) => {
  const asked: unknown[] = [];
  const list: FlowAdmin['list'] = async (_asker, wanted, limit) => {
    asked.push([JSON.parse(JSON.stringify(wanted)), limit]);
    return [summary, summary];
  };
  const app = testApi(t, flowsOf({ list }));
  t.match(await ask(app, { url: `/flows?limit=1&tenant=${tenantId}` }), {
    status: 200,
    body: { flows: [{ name: 'Main', publishedVersion: 2 }], next: flowId },
  });
  t.match(await ask(app, { url: `/flows?cursor=${flowId}` }), { body: { next: null } });
  t.same((await ask(app, { url: '/flows?limit=1&name=Main&namePrefix=M&fields=name' })).body, {
    flows: [{ name: 'Main' }],
    next: flowId,
  });
  t.same(asked, [
    [{ tenant: tenantId }, 2],
    [{ before: flowId }, 51],
    [{ name: 'Main', namePrefix: 'M' }, 2],
  ]);
  t.match(await ask(app, { url: '/flows?fields=graph' }), {
    status: 400,
    body: { faults: [{ field: '/fields' }] },
  });
  t.equal((await ask(app, { url: '/flows?cursor=1;drop' })).status, 400);
});

void t.test('one flow comes with its graph as it was written', async (t) => {
  const told = (body: FlowDetail) => flowsOf({ find: async () => ({ body, etag: '"f"' }) });
  const app = testApi(t, told(flow));
  const { status, body } = await ask(app, { url: `/flows/${flowId}` });
  t.equal(status, 200);
  t.same(body, flow, 'nothing is lost on the way out, whatever the params are');
  t.same((await ask(app, { url: `/flows/${flowId}?fields=name,graph` })).body, { name: 'Main', graph });
  const known = { url: `/flows/${flowId}`, headers: { ...headers, 'if-none-match': '"f"' } };
  t.match(await app.inject(known), { statusCode: 304, headers: { etag: '"f"' }, body: '' });
  const empty = testApi(t, told({ ...flow, versions: [], graph: null }));
  t.match(await ask(empty, { url: `/flows/${flowId}` }), { status: 200, body: { graph: null } });
  t.equal((await ask(testApi(t), { url: `/flows/${flowId}` })).status, 404);
});

void t.test('the versions of a flow come in pages, with the fields that were asked for', async (t) => {
  const asked: unknown[] = [];
  const versions: FlowAdmin['versions'] = async (_asker, id, below, limit) => {
    asked.push([id, below, limit]);
    return [version, { ...version, version: version.version - 1 }];
  };
  const app = testApi(t, flowsOf({ versions }));
  const url = `/flows/${flowId}/versions`;
  t.same((await ask(app, { url: `${url}?limit=1&cursor=9&fields=state` })).body, {
    versions: [{ state: version.state }],
    next: String(version.version),
  });
  t.match((await ask(app, { url })).body, { versions: [version, {}], next: null });
  t.same(asked, [
    [flowId, 9, 2],
    [flowId, undefined, 51],
  ]);
  t.match(await ask(app, { url: `${url}?fields=graph` }), {
    status: 400,
    body: { faults: [{ field: '/fields' }] },
  });
});

void t.test('a flow is made for the tenant that is named, and needs a name to read', async (t) => {
  const made: unknown[] = [];
  const create: FlowAdmin['create'] = async (_asker, tenant, name) => {
    made.push([tenant, name]);
    return once(summary);
  };
  const app = testApi(t, flowsOf({ create }));
  const named = { ...headers, 'x-callfabric-tenant': tenantId };
  t.match(await ask(app, { ...post('/flows', { name: 'Main' }), headers: named }), {
    status: 201,
    body: summary,
  });
  t.same(made, [[tenantId, 'Main']]);
  t.match(await ask(app, post('/flows', { name: 'Main' })), { status: 400 }, 'no tenant was named');
  for (const name of ['', '  ', 'a\u0000b', 'a\nb', 'x'.repeat(201)])
    t.equal((await ask(app, { ...post('/flows', { name }), headers: named })).status, 422, name.slice(0, 9));
});

void t.test('a graph becomes a version', async (t) => {
  const kept: FlowGraph[] = [];
  const addVersion: FlowAdmin['addVersion'] = async (_asker, _id, sent) => {
    kept.push(sent);
    return once(version);
  };
  const app = testApi(t, flowsOf({ addVersion }));
  t.match(await ask(app, post(`/flows/${flowId}/versions`, graph)), { status: 201, body: version });
  t.same(kept, [graph], 'the graph arrives unchanged');
});

void t.test(
  'a graph of the wrong form is refused with all its faults, before anyone looks at it',
  async (t) => {
    const app = testApi(t, flowsOf({ addVersion: unasked, saveDraft: unasked }));
    const nodes = Array.from({ length: 30 }, (_, n) => ({
      id: `n${n}`,
      type: 'hangup',
      params: {},
      colour: 'red',
    }));
    const wrong = { nodes, edges: [{ from: 'a b', to: 'x', order: '1' }], extra: 1 };
    const faulty = [
      '/extra',
      '/nodes/0/colour',
      '/nodes/29/colour',
      '/edges/0/exit',
      '/edges/0/order',
      '/edges/0/from',
    ];
    const { status, body } = await ask(app, post(`/flows/${flowId}/versions`, wrong));
    t.equal(status, 422);
    t.equal(body['type'], 'urn:callfabric:problem:invalid-body');
    const fields = (body['faults'] as { field: string }[]).map((fault) => fault.field);
    for (const field of ['/entry', ...faulty]) t.ok(fields.includes(field), `${field} is named`);
    const put = { method: 'PUT', headers: { ...headers, 'if-match': '*' }, payload: wrong } as const;
    const draft = await ask(app, { ...put, url: `/flows/${flowId}/draft` });
    t.equal(draft.status, 422);
    const inDraft = (draft.body['faults'] as { field: string }[]).map((fault) => fault.field);
    t.same(inDraft.sort(), fields.filter((field) => field !== '/entry').sort(), 'a draft may lack its entry');
  },
);

void t.test('a draft comes with its etag, and is changed by those who saw it', async (t) => {
  const seen: unknown[] = [];
  const saveDraft: FlowAdmin['saveDraft'] = async (_asker, _id, _document, tags) => {
    seen.push(tags);
    return { ...draft, etag: '"5"' };
  };
  const app = testApi(t, flowsOf({ draft: async () => draft, saveDraft }));
  const url = `/flows/${flowId}/draft`;
  const read = await app.inject({ url, headers });
  t.equal(read.headers['etag'], '"4"');
  t.same(read.json(), draft);
  const put = { method: 'PUT', url, payload: { nodes: [], edges: [] } } as const;
  t.match(await ask(app, { ...put, headers }), {
    status: 428,
    body: { type: 'urn:callfabric:problem:precondition-required' },
  });
  for (const tag of ['"4"', '*', '"3", "4"'])
    t.equal((await app.inject({ ...put, headers: { ...headers, 'if-match': tag } })).headers['etag'], '"5"');
  t.equal((await ask(app, { ...put, headers: { ...headers, 'if-match': 'nonsense' } })).status, 428);
  t.same(seen, [['"4"'], ['*'], ['"3"', '"4"']]);
});

void t.test('a document is validated without a flow, whatever it is', async (t) => {
  const app = testApi(t);
  const validate = async (payload: unknown) =>
    (
      await ask(app, {
        ...post('/flows/validate'),
        headers: { ...headers, 'content-type': 'application/json' },
        payload: JSON.stringify(payload),
      })
    ).body;
  t.same(
    await validate({
      entry: 'end',
      nodes: [{ id: 'end', type: 'hangup', params: { cause: 'X' } }],
      edges: [],
    }),
    {
      valid: true,
      faults: [],
    },
  );
  t.match(
    await validate({
      nodes: [{ id: 'a', type: 'teleport', params: {} }],
      edges: [{ from: 'a', exit: 'x', to: 'b' }],
    }),
    {
      valid: false,
      faults: [
        { field: '/entry' },
        { node: 'a', field: '/nodes/0/type' },
        { node: 'a', field: '/edges/0/to' },
      ],
    },
  );
  for (const odd of [null, 7, 'x', [], {}, { nodes: 1 }, { nodes: [null], edges: [7], entry: {} }])
    t.match(await validate(odd), { valid: false, faults: [{}] });
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const answer = await ask(app, {
    ...post('/flows/validate'),
    headers: { ...headers, 'content-type': 'application/json' },
    payload: deep,
  });
  t.match(answer, { status: 422, body: { faults: [{ message: /nested deeper/ }] } });
});

void t.test(
  'an import of another form, or of what is unknown here, is refused with all its faults',
  async (t) => {
    const app = testApi(t, flowsOf({ create: unasked }));
    const of = (over: object) => ({
      format: 'callfabric.flow',
      formatVersion: 1,
      name: 'Main',
      flow: {},
      ...over,
    });
    t.match(await ask(app, post('/flows/import', of({ formatVersion: 2 }))), {
      status: 422,
      body: { faults: [{ field: '/formatVersion' }] },
    });
    const nodes = [
      { id: 'a', type: 'teleport', params: {} },
      { id: 'b', type: 'hangup', params: { why: 1 } },
    ];
    const { status, body } = await ask(
      app,
      post('/flows/import', of({ flow: { entry: 'a', nodes, edges: [], odd: 1 } })),
    );
    t.equal(status, 422);
    const faults = (body['faults'] as { field: string }[]).map(({ field }) => field);
    for (const field of ['/flow/odd', '/flow/nodes/0/type', '/flow/nodes/1/params/cause', '/flow/nodes/1'])
      t.ok(faults.includes(field), `${field} in ${faults.join()}`);
  },
);

void t.test('publishing and going back tell what became of it', async (t) => {
  const published = { ...version, state: 'published' as const, publishedAt: version.createdAt };
  const answers = [
    async () => ({ body: published, etag: '"f"' }),
    async () => {
      throw new Problem('conflict', 'see faults', [
        { node: 'a', field: '/nodes/0/type', message: 'is unknown' },
      ]);
    },
    async () => {
      throw new Problem('not-found', 'none');
    },
  ];
  for (const [route, method] of [
    ['publish', 'publish'],
    ['rollback', 'rollback'],
  ] as const) {
    const left = [...answers];
    const app = testApi(t, flowsOf({ [method]: () => (left.shift() ?? unasked)() }));
    const url = `/flows/${flowId}/versions/3/${route}`;
    t.match(await ask(app, { method: 'POST', url }), { status: 200, body: { state: 'published' } });
    t.match(await ask(app, { method: 'POST', url }), {
      status: 409,
      body: { faults: [{ node: 'a', field: '/nodes/0/type' }] },
    });
    t.match(await ask(app, { method: 'POST', url }), { status: 404 });
    t.match(await ask(app, { method: 'POST', url: `/flows/${flowId}/versions/0/${route}` }), { status: 400 });
  }
});

void t.test('node types come with the schema of their params and what their exits mean', async (t) => {
  const { status, body } = await ask(testApi(t), { url: '/node-types' });
  t.equal(status, 200);
  t.match(body, {
    nodeTypes: [
      {
        type: 'hangup',
        help: 'Ends the call.',
        params: { type: 'object', properties: { cause: { type: 'string' } }, required: ['cause'] },
        exits: [],
        waitsForCaller: false,
      },
    ],
  });
});

void t.test('a flow is changed by those who saw it', async (t) => {
  const seen: unknown[] = [];
  const told = { body: { ...version, state: 'published' as const }, etag: '"g"' };
  const app = testApi(
    t,
    flowsOf({
      rename: async (_asker, _id, _name, tags) => {
        seen.push(tags);
        return { body: summary, etag: '"g"' };
      },
      remove: async (_asker, _id, tags) => void seen.push(tags),
      publish: async (_asker, _id, _number, tags) => {
        seen.push(tags);
        return told;
      },
      rollback: async (_asker, _id, _number, tags) => {
        seen.push(tags);
        return told;
      },
    }),
  );
  const url = `/flows/${flowId}`;
  const publish = `${url}/versions/3/publish`;
  const rename = { method: 'PATCH', url, payload: { name: 'Other' } } as const;
  t.equal((await ask(app, { ...rename, headers })).status, 428);
  t.equal((await ask(app, { method: 'DELETE', url, headers })).status, 428);
  t.equal((await ask(app, { method: 'POST', url: publish, headers })).status, 200, 'may be left out');
  const tagged = { ...headers, 'if-match': '"f"' };
  t.match(await app.inject({ ...rename, headers: tagged }), { statusCode: 200, headers: { etag: '"g"' } });
  t.match(await app.inject({ method: 'POST', url: publish, headers: tagged }), { headers: { etag: '"g"' } });
  await ask(app, { method: 'POST', url: `${url}/versions/3/rollback`, headers: tagged });
  await ask(app, { method: 'DELETE', url, headers: tagged });
  t.same(seen, [undefined, ['"f"'], ['"f"'], ['"f"'], ['"f"']]);
});
