import fc from 'fast-check';
import t from 'tap';
import type { FlowGraph } from '../../../daemon/flow/flow-graph.ts';
import { checkGraph } from '../../../daemon/flow/graph-checks.ts';
import { encodeWalkState } from '../../../daemon/flow/walk-state.ts';
import { FakeChannel } from '../fake-channel.ts';
import { toyTypes, toyWalk } from './toy-flow.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const id = fc.constantFrom(...ids);
const params: Record<string, fc.Arbitrary<Record<string, unknown>>> = {
  note: fc.record(
    { name: fc.constantFrom('x', 'y'), value: fc.string({ maxLength: 2500 }) },
    { requiredKeys: [] },
  ),
  say: fc.constantFrom({}, { file: 1 }),
  menu: fc.constantFrom({}, { keys: ['1'] }, { keys: [] }),
  crash: fc.constant({}),
  enter: fc.constantFrom({ flow: 'main' }, { flow: 'inner' }, { flow: 'nosuch' }, {}),
  end: fc.constant({}),
  nosuch: fc.constant({}),
};
const condition = fc.constantFrom(
  undefined,
  { path: 'variables.x', op: 'empty' },
  { path: 'tags', op: 'contains', value: 'was:a' },
  { not: { path: 'caller', op: 'exists' } },
  { path: 'broken' },
);
const node = fc
  .constantFrom(...Object.keys(params), 'note', 'menu', 'say')
  .chain((type) => (params[type] ?? fc.constant({})).map((given) => ({ type, params: given })));
const edge = fc.record({
  from: id,
  exit: fc.constantFrom(
    'next',
    'done',
    'key:1',
    'key:2',
    'timeout',
    'error',
    'hangup',
    'return:x',
    'missing',
  ),
  to: fc.oneof(
    { weight: 5, arbitrary: id },
    { weight: 1, arbitrary: fc.constantFrom('return:x', 'nowhere') },
  ),
  order: fc.nat(3),
  condition,
});
const graphs: fc.Arbitrary<FlowGraph> = fc
  .record({
    nodes: fc.array(node, { minLength: ids.length, maxLength: ids.length }),
    edges: fc.array(edge, { minLength: 5, maxLength: 40 }),
    fallback: fc.constantFrom(undefined, { node: 'b' }, { cause: 'USER_BUSY' }, { cause: 'TIRED' }),
  })
  .map(({ nodes, edges, fallback }) => ({
    entry: 'a',
    nodes: nodes.map((made, index) => ({ id: ids[index] ?? '', ...made })),
    edges,
    ...(fallback === undefined ? {} : { fallback }),
  }));
const digits = fc.array(fc.constantFrom('1', '2', ''), { maxLength: 300 });
const gone = fc.record({
  goneDuring: fc.oneof(fc.nat(30), fc.constant(-1)),
  by: fc.constantFrom('caller', 'callfabric', 'lost'),
});

void t.test('every walk ends within its budget, whatever the flow and the caller do', async (t) => {
  const ends = new Map<string, number>();
  const walks = fc.asyncProperty(
    graphs,
    graphs,
    digits,
    gone,
    async (main, inner, keys, { goneDuring, by }) => {
      const channel = new FakeChannel({
        digits: keys,
        goneDuring,
        goneAs: { cause: 'NORMAL_CLEARING', by: by as 'caller' },
      });
      const { end, trace, states } = await toyWalk({ main, inner }, {}, channel);
      if (end.end === 'failed' && end.fault === 'internal') throw new Error(end.reason);
      if (trace.length > 220) throw new Error(`${trace.length} visits`);
      const steps = new Set(trace.map(({ step }) => step));
      if (steps.size !== trace.length || Math.max(...steps) !== trace.length)
        throw new Error('a visit has no row');
      for (const state of states) encodeWalkState(state);
      const name = end.end === 'finished' ? end.by : end.end === 'failed' ? end.fault : end.end;
      ends.set(name, (ends.get(name) ?? 0) + 1);
    },
  );
  const all = ['node', 'fallback', 'unwired', 'return', 'gone', 'stepBudget', 'crashBudget', 'nodeMissing'];
  // The rarest ends come ten times in 1,500 walks, and so never in one of some thousand runs of them.
  for (let runs = 0; runs < 5 && (runs === 0 || !all.every((name) => ends.has(name))); runs += 1)
    await fc.assert(walks, { numRuns: 1500 });
  for (const name of all)
    t.ok(ends.has(name), `${name} was among them: ${JSON.stringify(Object.fromEntries(ends))}`);
});

void t.test('a walk taken over at any step ends where it would have ended', async (t) => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(graphs, graphs, digits, fc.nat(1000), async (main, inner, keys, at) => {
      const whole = await toyWalk({ main, inner }, {}, new FakeChannel({ digits: keys }));
      const start = whole.states[at % whole.states.length];
      if (start === undefined || (whole.end.end === 'failed' && whole.end.fault !== 'nodeMissing')) return;
      // Keys the first daemon's nodes collected: every menu visited before the step.
      const before = whole.trace.filter(({ step }) => step < start.steps);
      if (before.some(({ exit }) => exit === 'error') || whole.trace.length > 150) return;
      const used = before.filter(({ nodeType }) => nodeType === 'menu').length;
      const rest = new FakeChannel({ digits: keys.slice(used) });
      const resumed = await toyWalk({ main, inner }, { start, resumed: true }, rest);
      compared += 1;
      const ending = ({ end }: typeof whole) =>
        JSON.stringify([end.end, end.nodeId, end.exit, end.state.tags]);
      if (ending(whole) !== ending(resumed)) throw new Error(`${ending(whole)} became ${ending(resumed)}`);
    }),
    { numRuns: 1000 },
  );
  t.ok(compared > 100, `${compared} compared`);
});

/** Takes away what the publish checks name until nothing is left to name. */
function repaired(flow: FlowGraph): FlowGraph | undefined {
  let left: FlowGraph = { ...flow, fallback: { cause: 'NO_ANSWER' } };
  for (;;) {
    const faults = checkGraph(left, toyTypes);
    if (faults.length === 0) return left;
    const nodes = new Set(faults.map((fault) => fault.node));
    const edges = new Set(faults.map((fault) => fault.edge));
    left = {
      ...left,
      nodes: left.nodes.filter((one) => !nodes.has(one.id)),
      edges: left.edges.filter((_, index) => !edges.has(index)),
    };
    if (!left.nodes.some((one) => one.id === 'a')) return undefined;
  }
}

void t.test('a flow that passes the publish checks lacks nothing and never runs away', async (t) => {
  let sound = 0;
  await fc.assert(
    fc.asyncProperty(graphs, async (flow) => {
      const main = repaired(flow);
      if (main === undefined) return;
      sound += 1;
      // A caller who presses nothing and hangs up at the third menu.
      const silent = Array.from({ length: 3 }, (_, index) => () => {
        if (index === 2) channel.goAway();
        return '';
      });
      const channel: FakeChannel = new FakeChannel({ digits: silent });
      const { end, trace } = await toyWalk({ main }, {}, channel);
      if (end.end === 'failed') throw new Error(`${end.fault}: ${end.reason}`);
      if (trace.some(({ reason }) => reason?.includes('NODE_NOT_RUNNABLE'))) throw new Error('not runnable');
    }),
    { numRuns: 500 },
  );
  t.ok(sound > 100, `${sound} were sound`);
});
