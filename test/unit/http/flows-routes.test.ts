import t from 'tap';
import type { FlowGraph } from '../../../daemon/flow/flow-graph.ts';
import type { FlowDetail } from '../../../daemon/http/flow-schemas.ts';
import type { AddVersionResult, FlowAdmin, PublishResult } from '../../../daemon/http/ports.ts';
import { ask, callId as flowId, key, tenantId, testApi } from './test-api.ts';

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
const flow: FlowDetail = {
  id: flowId,
  tenantId,
  name: 'Main',
  publishedVersion: 2,
  versions: [version],
  graph,
};

function flowsOf(of: Partial<FlowAdmin>): { flows: FlowAdmin } {
  return {
    flows: {
      list: async () => [],
      find: async () => undefined,
      addVersion: async () => ({ result: 'notFound' }),
      publish: async () => ({ result: 'notFound' }),
      ...of,
    },
  };
}

const headers = { authorization: `Bearer ${key}` };
const post = (url: string, payload: object) => ({ method: 'POST', url, headers, payload }) as const;

void t.test('flows are listed a page at a time', async (t) => {
  const asked: unknown[] = [];
  const { id, name, publishedVersion } = flow;
  const list: FlowAdmin['list'] = async (tenant, after, limit) => {
    asked.push([tenant, after, limit]);
    return [1, 2].map(() => ({ id, tenantId, name, publishedVersion }));
  };
  const app = testApi(t, flowsOf({ list }));
  t.match(await ask(app, { url: `/flows?limit=1&tenant=${tenantId}` }), {
    status: 200,
    body: { flows: [{ name: 'Main', publishedVersion: 2 }], next: flowId },
  });
  t.match(await ask(app, { url: `/flows?cursor=${flowId}` }), { body: { next: null } });
  t.same(asked, [
    [tenantId, undefined, 2],
    [undefined, flowId, 51],
  ]);
  t.equal((await ask(app, { url: '/flows?cursor=1;drop' })).status, 400);
});

void t.test('one flow comes with its graph as it was written', async (t) => {
  const app = testApi(t, flowsOf({ find: async () => flow }));
  const { status, body } = await ask(app, { url: `/flows/${flowId}` });
  t.equal(status, 200);
  t.same(body, flow, 'nothing is lost on the way out, whatever the params are');
  const empty = testApi(t, flowsOf({ find: async () => ({ ...flow, versions: [], graph: null }) }));
  t.match(await ask(empty, { url: `/flows/${flowId}` }), { status: 200, body: { graph: null } });
  t.equal((await ask(testApi(t), { url: `/flows/${flowId}` })).status, 404);
});

void t.test('a graph becomes a draft', async (t) => {
  const kept: FlowGraph[] = [];
  const addVersion = async (_id: string, sent: FlowGraph): Promise<AddVersionResult> => {
    kept.push(sent);
    return { result: 'added', version };
  };
  const app = testApi(t, flowsOf({ addVersion }));
  t.match(await ask(app, post(`/flows/${flowId}/versions`, graph)), { status: 201, body: version });
  t.same(kept, [graph], 'the graph arrives unchanged');
});

void t.test(
  'a graph of the wrong form is refused with all its faults, before anyone looks at it',
  async (t) => {
    const addVersion = async (): Promise<AddVersionResult> => t.fail('must not be asked') as never;
    const app = testApi(t, flowsOf({ addVersion }));
    const nodes = Array.from({ length: 30 }, (_, n) => ({
      id: `n${n}`,
      type: 'hangup',
      params: {},
      colour: 'red',
    }));
    const { status, body } = await ask(
      app,
      post(`/flows/${flowId}/versions`, { nodes, edges: [{ from: 'a b', to: 'x', order: '1' }], extra: 1 }),
    );
    t.equal(status, 422);
    t.equal(body['type'], 'urn:callfabric:problem:invalid-body');
    const fields = (body['faults'] as { field: string }[]).map((fault) => fault.field);
    for (const field of [
      '/entry',
      '/extra',
      '/nodes/0/colour',
      '/nodes/29/colour',
      '/edges/0/exit',
      '/edges/0/order',
      '/edges/0/from',
    ])
      t.ok(fields.includes(field), `${field} is named`);
  },
);

void t.test('a graph that cannot be walked is refused with the faults of the checks', async (t) => {
  const faults = [
    { field: '/nodes/0/params/cause', message: 'is no cause' },
    { field: '/edges/0', message: 'dangles' },
  ];
  const app = testApi(t, flowsOf({ addVersion: async () => ({ result: 'refused', faults }) }));
  t.match(await ask(app, post(`/flows/${flowId}/versions`, graph)), { status: 422, body: { faults } });
  t.equal((await ask(testApi(t), post(`/flows/${flowId}/versions`, graph))).status, 404);
});

void t.test('publishing tells what became of it', async (t) => {
  const results: PublishResult[] = [
    { result: 'published', version: { ...version, state: 'published', publishedAt: version.createdAt } },
    { result: 'refused', faults: [{ field: '/nodes/0/type', message: 'is unknown' }] },
    { result: 'notFound' },
  ];
  const app = testApi(
    t,
    flowsOf({ publish: async () => results.shift() ?? (t.fail('asked too often') as never) }),
  );
  const url = `/flows/${flowId}/versions/3/publish`;
  t.match(await ask(app, { method: 'POST', url }), { status: 200, body: { state: 'published' } });
  t.match(await ask(app, { method: 'POST', url }), {
    status: 409,
    body: { faults: [{ field: '/nodes/0/type' }] },
  });
  t.match(await ask(app, { method: 'POST', url }), { status: 404 });
  t.match(await ask(app, { method: 'POST', url: `/flows/${flowId}/versions/0/publish` }), { status: 400 });
});

void t.test('node types come with the schema of their params', async (t) => {
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
