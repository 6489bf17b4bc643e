import fc from 'fast-check';
import t from 'tap';
import { diffFlows } from '../../../../daemon/http/flows/flow-diff.ts';
import type { FlowDraftDocument } from '../../../../daemon/http/flows/flow-schemas.ts';

const flow: FlowDraftDocument = {
  entry: 'menu',
  variables: { greeting: 'hello', 'a/b': '1' },
  fallback: { cause: 'NORMAL_CLEARING' },
  nodes: [
    {
      id: 'menu',
      type: 'ivr',
      label: 'Menu',
      params: { keys: ['1', '2'], prompt: { kind: 'file', file: 'a.wav' } },
    },
    { id: 'sell', type: 'buyer', params: {} },
  ],
  edges: [
    { from: 'menu', exit: 'key:1', to: 'sell' },
    { from: 'menu', exit: 'key:2', to: 'sell', condition: { equals: ['tag', 'x'] } },
  ],
};
const nothing = {
  nodes: { added: [], removed: [], changed: [] },
  edges: { added: [], removed: [] },
  flow: [],
};

void t.test('every kind of change is told, with its field', async (t) => {
  const after: FlowDraftDocument = {
    entry: 'hello',
    variables: { greeting: 'hi', fresh: 'x' },
    fallback: { node: 'sell' },
    nodes: [
      { id: 'hello', type: 'answer', params: {} },
      { id: 'menu', type: 'ivr', params: { keys: ['2', '1'], prompt: { kind: 'file', file: 'b.wav' } } },
    ],
    edges: [
      { from: 'menu', exit: 'key:2', to: 'sell', condition: { equals: ['tag', 'y'] } },
      { from: 'menu', exit: 'key:1', to: 'sell', order: 0 },
    ],
  };
  t.same(diffFlows(flow, after), {
    nodes: {
      added: [{ id: 'hello', type: 'answer' }],
      removed: [{ id: 'sell', type: 'buyer' }],
      changed: [
        {
          id: 'menu',
          changes: [
            { field: '/label', before: 'Menu' },
            { field: '/params/keys/0', before: '1', after: '2' },
            { field: '/params/keys/1', before: '2', after: '1' },
            { field: '/params/prompt/file', before: 'a.wav', after: 'b.wav' },
          ],
        },
      ],
    },
    edges: {
      added: [{ from: 'menu', exit: 'key:2', to: 'sell', condition: { equals: ['tag', 'y'] } }],
      removed: [{ from: 'menu', exit: 'key:2', to: 'sell', condition: { equals: ['tag', 'x'] } }],
    },
    flow: [
      { field: '/entry', before: 'menu', after: 'hello' },
      { field: '/fallback/cause', before: 'NORMAL_CLEARING' },
      { field: '/fallback/node', after: 'sell' },
      { field: '/variables/a~1b', before: '1' },
      { field: '/variables/fresh', after: 'x' },
      { field: '/variables/greeting', before: 'hello', after: 'hi' },
    ],
  });
});

void t.test('an edge that is there twice and then once is one removed', async (t) => {
  const [edge] = flow.edges;
  const twice = { ...flow, edges: [...flow.edges, ...(edge === undefined ? [] : [edge])] };
  t.same(diffFlows(twice, flow), { ...nothing, edges: { added: [], removed: [edge] } });
});

void t.test('a name of every object is a name like any other', async (t) => {
  const before = { ...flow, nodes: [{ id: 'a', type: 'x', params: JSON.parse('{"toString":1}') }] };
  const after = { ...flow, nodes: [{ id: 'a', type: 'x', params: {} }] };
  t.match(diffFlows(before, after).nodes.changed, [
    { id: 'a', changes: [{ field: '/params/toString', before: 1 }] },
  ]);
});

const id = fc.constantFrom('a', 'b', 'c', 'd');
const document: fc.Arbitrary<FlowDraftDocument> = fc.record({
  entry: id,
  nodes: fc.uniqueArray(
    fc.record({ id, type: id, params: fc.dictionary(id, fc.jsonValue({ maxDepth: 2 })) as never }),
    { selector: (node: { id: string }) => node.id },
  ),
  edges: fc.array(fc.record({ from: id, exit: id, to: id })),
}) as never;

void t.test('the order of nodes and edges means nothing; both ways tell the same', async (t) => {
  fc.assert(
    fc.property(document, document, (one, other) => {
      const turned = { ...one, nodes: one.nodes.toReversed(), edges: one.edges.toReversed() };
      t.same(diffFlows(one, turned), nothing);
      const there = diffFlows(one, other);
      const back = diffFlows(other, one);
      t.same(there.nodes.added, back.nodes.removed);
      t.same(there.edges.removed, back.edges.added);
      t.same(
        there.nodes.changed.map(({ changes }) => changes.map(({ field }) => field)),
        back.nodes.changed.map(({ changes }) => changes.map(({ field }) => field)),
      );
    }),
    { numRuns: 100 },
  );
});
