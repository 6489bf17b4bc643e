import fc from 'fast-check';
import t from 'tap';
import type { FlowGraph } from '../../../daemon/flow/flow-graph.ts';
import { checkGraph } from '../../../daemon/flow/graph-checks.ts';
import { graph, toyTypes } from './toy-flow.ts';

/** `node /field message` or `#edge /field message`, as a person would read them. */
const told = (document: unknown): string[] =>
  checkGraph(document, toyTypes).map(
    ({ node, edge, field, message }) =>
      `${node ?? (edge === undefined ? '' : `#${edge}`)} ${field} ${message}`,
  );
const fallback = { fallback: { cause: 'NORMAL_CLEARING' } };

void t.test('a whole flow has no faults', async (t) => {
  const nodes = { hello: 'say', ask: 'menu', bye: 'end', sorry: 'say' } as const;
  const edges = [
    'hello done ask',
    'ask key:1 bye',
    'ask key:2 hello',
    'ask hangup sorry',
    'ask timeout return:late',
    { from: 'hello', exit: 'error', to: 'bye', condition: { path: 'did', op: 'exists' } },
    { from: 'hello', exit: 'error', to: 'sorry', order: 1 },
  ];
  t.same(told(graph(nodes, edges, { fallback: { node: 'sorry' }, variables: { a: 'b' } })), []);
});

void t.test('all faults come at once, each with its place and what to do', async (t) => {
  const document = {
    entry: 'start',
    nodes: [
      { id: 'a', type: 'say', params: { file: 7, loud: true } },
      { id: 'a', type: 'say', params: {} },
      { id: 'b', type: 'menu', params: { keys: ['1', 'x'] } },
      { id: 'c', type: 'shout', params: {} },
      { id: 'return:d', type: 'menu', params: { keys: [] } },
    ],
    edges: [
      { from: 'a', exit: 'done', to: 'nobody' },
      { from: 'a', exit: 'finished', to: 'b' },
      { from: 'nobody', exit: 'done', to: 'a' },
      { from: 'b', exit: 'key:1', to: 'return:' },
      { from: 'b', exit: 'key:9', to: 'c', condition: { path: 'did', op: 'matches', value: '[' } },
    ],
    fallback: { cause: 'TIRED' },
    variables: { long: 'x'.repeat(2000), longer: 'x'.repeat(2000) },
  };
  const expected = [
    /^a \/params\/file must be string/,
    /^a \/params\/loud is unknown here: remove it/,
    /^a \/id another node is called a too/,
    /^b \/params\/keys\/1 /,
    /^c \/type there is no node type shout; there are note, say, menu/,
    /^return:d \/id must not begin with `return:`/,
    /^return:d \/params\/keys must name at least one key/,
    /^#0 \/to there is no node nobody/,
    /^#1 \/exit node a has no exit finished; it has done, error, hangup/,
    /^#2 \/from there is no node nobody/,
    /^#3 \/to a return needs a name/,
    /^#4 \/condition\/value .*missing closing/,
    /^ \/entry there is no node start/,
    /^ \/fallback\/cause TIRED is no hangup cause/,
    /^ \/variables with variable longer the call's variables would be/,
  ];
  const faults = told(document);
  for (const line of expected)
    t.ok(
      faults.some((fault) => line.test(fault)),
      line.source,
    );
  t.equal(faults.length, expected.length, faults.join('\n'));
});

void t.test('faults of form are told beside those of meaning', async (t) => {
  const document = {
    ...graph({ a: 'say', b: 'say' }, ['a done x']),
    edges: [{ from: 'a', exit: 'done', to: 'x', order: -1, colour: 'red' }],
    title: 'mine',
  };
  const faults = told(document);
  for (const line of [
    /^ \/title is unknown/,
    /^#0 \/order /,
    /^#0 \/colour is unknown/,
    /^#0 \/to /,
    /^b {2}is never/,
  ])
    t.ok(
      faults.some((fault) => line.test(fault)),
      `${line.source} in ${faults.join('\n')}`,
    );
  t.ok(told(null).length > 0);
  t.match(told({ entry: 'a' }), [/nodes is missing/, /edges is missing/]);
});

void t.test('exits exist by the params of their node', async (t) => {
  const menu = (key: string) => graph({ a: ['menu', { keys: ['3'] }] }, [`a key:${key} return:x`], fallback);
  t.same(told(menu('3')), []);
  t.match(told(menu('1')), [/^#0 \/exit node a has no exit key:1; it has timeout, error, hangup, key:3/]);
  const goto = graph({ a: ['enter', { flow: 'x' }] }, ['a return:whatever return:x']);
  t.same(told(goto), [], 'names that only the other flow knows');
});

void t.test('a required exit is wired for every case, or the flow states a fallback', async (t) => {
  t.match(told(graph({ a: 'menu' }, [])), [/^a \/exits exit timeout leads nowhere: add an edge/]);
  t.same(told(graph({ a: 'menu' }, [], fallback)), []);
  const condition = { path: 'did', op: 'exists' };
  const sometimes = graph({ a: 'menu' }, [{ from: 'a', exit: 'timeout', to: 'return:x', condition }]);
  t.match(told(sometimes), [/exit timeout has only edges with conditions/]);
});

void t.test('an edge behind one without a condition is never taken', async (t) => {
  const edges = [
    { from: 'a', exit: 'done', to: 'return:x', order: 2 },
    { from: 'a', exit: 'done', to: 'return:y', order: 1 },
  ];
  t.match(told(graph({ a: 'say' }, edges)), [/^#0 \/order is never taken: edge 1/]);
});

void t.test('the seed flow of three nodes and two edges is whole with its fallback', async (t) => {
  const seed = graph(
    { ivr: 'menu', queue: 'menu', buyer: 'say' },
    ['ivr key:1 queue', 'queue key:2 buyer'],
    fallback,
  );
  t.same(told(seed), []);
});

void t.test('nodes no call reaches are named; those behind the fallback are reached', async (t) => {
  const edges = ['a done b', 'd done e', 'e timeout d'];
  const faults = told(graph({ a: 'say', b: 'menu', c: 'say', d: 'say', e: 'menu' }, edges, fallback));
  t.match(faults, [/^c {2}is never reached/, /^d {2}is never reached/, /^e {2}is never reached/]);
  const behind = graph({ a: 'say', d: 'say', e: 'menu' }, ['d done e'], { fallback: { node: 'd' } });
  t.same(told(behind), []);
  t.match(told(graph({ a: 'say' }, [], { fallback: { node: 'z' } })), [/fallback\/node there is no node z/]);
});

void t.test('a loop needs a node that waits for the caller', async (t) => {
  const loop = told(graph({ a: 'say', b: 'note', c: 'note' }, ['a done b', 'b next c', 'c next b']));
  t.match(loop, [/^b {2}goes round in a loop \(b → c\)/]);
  t.match(told(graph({ a: 'crash' }, ['a error a'])), [/^a {2}goes round in a loop \(a\)/]);
  t.same(told(graph({ a: 'say', b: 'menu' }, ['a done b', 'b timeout a'])), []);
  const two = ['a done b', 'a error c', 'b done a', 'c done c'];
  t.equal(told(graph({ a: 'say', b: 'say', c: 'say' }, two)).length, 2, 'each loop once');
});

void t.test('a chain of 500 nodes is checked, 501 are too many', async (t) => {
  const chain = (count: number): FlowGraph => {
    const names = Array.from({ length: count }, (_, index) => `n${index}`);
    const edges = names.slice(1).map((name, index) => `n${index} done ${name}`);
    return graph(Object.fromEntries(names.map((name) => [name, 'say'])), edges);
  };
  t.same(told(chain(500)), []);
  t.match(told(chain(501)), [/^ \/nodes /]);
});

void t.test('no document makes the check throw', async (t) => {
  const text = fc.constantFrom(
    'a',
    'b',
    'say',
    'menu',
    'enter',
    'done',
    'key:1',
    'return:x',
    '__proto__',
    '',
  );
  const any = fc.oneof(text, fc.jsonValue());
  const document = fc.oneof(
    fc.jsonValue(),
    fc.record({
      entry: any,
      fallback: fc.oneof(any, fc.record({ node: any }), fc.record({ cause: any })),
      variables: fc.oneof(any, fc.dictionary(text, any)),
      nodes: fc.oneof(any, fc.array(fc.record({ id: text, type: text, params: any }))),
      edges: fc.oneof(
        any,
        fc.array(fc.record({ from: text, exit: text, to: text, order: any, condition: any })),
      ),
    }),
  );
  const edge = (order: unknown) => ({ from: 'a', exit: 'a', to: 'a', order });
  // An order that JavaScript can make no number of.
  const disordered = { entry: 'a', nodes: [], edges: [edge({ toString: 0 }), edge({})] };
  t.same(
    checkGraph(disordered, toyTypes).flatMap(({ edge, field }) => (field === '/order' ? [edge] : [])),
    [0, 1, 1],
  );
  let legible = 0;
  fc.assert(
    fc.property(document, (made) => {
      const faults = checkGraph(made, toyTypes);
      if (faults.some(({ node, edge }) => node !== undefined || edge !== undefined)) legible += 1;
      return faults.every(({ message }) => message.length > 0);
    }),
    { numRuns: 1000 },
  );
  t.ok(legible > 100);
});
