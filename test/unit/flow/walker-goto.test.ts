import t from 'tap';
import { FakeChannel } from '../fake-channel.ts';
import { graph, toyNode, toyTypes, toyWalk } from './toy-flow.ts';

const main = graph({ go: ['enter', { flow: 'inner', input: 'from main' }], back: 'say' }, [
  'go return:ok back',
]);
const inner = graph({ hello: 'say', ask: 'menu' }, ['hello done ask', 'ask key:1 return:ok'], {
  variables: { input: 'default', other: 'default' },
});

void t.test('goto walks another flow and comes back by the name it returned', async (t) => {
  const { path, trace, end, states } = await toyWalk({ main, inner }, {}, new FakeChannel({ digits: ['1'] }));
  t.same(path, ['hello done', 'ask key:1', 'go return:ok', 'back done']);
  t.same(
    trace.map(({ step }) => step),
    [2, 3, 1, 4],
  );
  t.same(end.state.variables, { input: 'from main', other: 'default' });
  t.same(states[2]?.frames, [
    { flowVersionId: 'main', nodeId: 'go' },
    { flowVersionId: 'inner', nodeId: 'ask' },
  ]);
});

void t.test('a flow that is not there leaves by missing', async (t) => {
  const flow = graph({ go: ['enter', { flow: 'nosuch' }], b: 'end' }, ['go missing b']);
  t.same((await toyWalk({ main: flow })).path, ['go missing', 'b end']);
});

void t.test('a takeover goes on within the entered flow, and comes back out of it', async (t) => {
  const before = await toyWalk({ main, inner }, {}, new FakeChannel({ digits: ['1'] }));
  const [, , asking] = before.states;
  const byName = () => Promise.reject(new Error('the pinned version is used'));
  const { path, end } = await toyWalk(
    { main, inner },
    { ...(asking && { start: asking }), resumed: true, flowByName: byName },
    new FakeChannel({ digits: ['1'] }),
  );
  t.same(path, ['ask key:1', 'go return:ok', 'back done']);
  t.same(end.state.variables, { input: 'from main', other: 'default' });
});

void t.test('only the innermost node and the gotos around it are told that they run again', async (t) => {
  const told: string[] = [];
  const nodeTypes = new Map(toyTypes).set(
    'toy',
    toyNode(async (ctx) => {
      told.push(`${ctx.nodeId} ${ctx.resumed}`);
      return 'a';
    }),
  );
  const flows = {
    main: graph({ go: ['enter', { flow: 'inner' }], c: 'toy' }, ['go return:ok c']),
    inner: graph({ a: 'toy', b: 'toy' }, ['a a b', 'b a return:ok']),
  };
  const { states } = await toyWalk(flows, { nodeTypes });
  told.length = 0;
  const [, inA] = states;
  await toyWalk(flows, { nodeTypes, ...(inA && { start: inA }), resumed: true });
  t.same(told, ['a true', 'b false', 'c false']);
});

void t.test('the call ends within an entered flow: the end names the inner node', async (t) => {
  const outer = graph({ go: ['enter', { flow: 'inner' }], b: 'say' }, ['go error b', 'go hangup b']);
  const ended = await toyWalk({ main: outer, inner: graph({ x: 'end' }, []) });
  t.match(ended.end, { end: 'finished', by: 'node', nodeId: 'x' });
  t.same(ended.path, ['x end', 'go end']);
  const unwired = await toyWalk({ main: outer, inner: graph({ x: 'say' }, []) });
  t.match(unwired.end, { end: 'finished', by: 'unwired', nodeId: 'x' });
});

void t.test('a hangup in an entered flow may be told by the hangup edges of both flows', async (t) => {
  const outer = graph({ go: ['enter', { flow: 'inner' }], b: ['note', { name: 'outer' }] }, ['go hangup b']);
  const nested = graph({ ask: 'menu', c: ['note', { name: 'inner' }] }, ['ask hangup c']);
  const channel = new FakeChannel({ goneDuring: 1 });
  const { end, path } = await toyWalk({ main: outer, inner: nested }, {}, channel);
  t.same(path, ['ask hangup', 'c next', 'go hangup', 'b next']);
  t.match(end, { end: 'gone', nodeId: 'ask' });
  t.same(end.state.variables, { inner: 'yes', outer: 'yes' });
});

void t.test('flows that enter each other end by their depth', async (t) => {
  const round = graph({ go: ['enter', { flow: 'main' }] }, []);
  const { end, trace, states } = await toyWalk({ main: round });
  t.match(end, { end: 'finished', by: 'unwired', exit: 'error' });
  t.equal(states.at(-1)?.frames.length, 10);
  t.match(trace[0]?.reason, /FLOW_TOO_DEEP/);
});

void t.test('a return out of the flow the call began with ends the call', async (t) => {
  const { end } = await toyWalk({ main: graph({ a: 'say' }, ['a done return:over']) });
  t.match(end, { end: 'finished', by: 'return', cause: 'NORMAL_CLEARING', reason: /returned over/ });
});

void t.test('an entered flow whose pinned version is gone fails the walk, naming it', async (t) => {
  const before = await toyWalk({ main, inner });
  const [, start] = before.states;
  const { end } = await toyWalk({ main }, { ...(start && { start }), resumed: true });
  t.match(end, { end: 'failed', fault: 'flowMissing', reason: /no flow version inner/ });
});
