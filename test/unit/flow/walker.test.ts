import t from 'tap';
import { decodeWalkState, encodeWalkState } from '../../../daemon/flow/walk-state.ts';
import { FakeChannel } from '../fake-channel.ts';
import { graph, toyNode, toyTypes, toyWalk, version } from './toy-flow.ts';

void t.test('a call walks from node to node by the exits they leave by', async (t) => {
  const main = graph({ hello: 'say', ask: 'menu', bye: 'end' }, ['hello done ask', 'ask key:2 bye'], {
    fallback: { cause: 'USER_BUSY' },
  });
  const { end, trace, path, channel } = await toyWalk({ main }, {}, new FakeChannel({ digits: ['2'] }));
  t.same(path, ['hello done', 'ask key:2', 'bye end']);
  t.match(end, { end: 'finished', by: 'node', cause: 'NORMAL_CLEARING', nodeId: 'bye', nodeType: 'end' });
  t.same(channel.verbs, ['play', 'collectDigits', 'hangup']);
  t.match(trace[0], { step: 1, nodeType: 'say', reason: 'fresh', durationMs: 1 });
  t.match(trace[2], { step: 3, nodeId: 'bye' });
  t.ok((trace[0]?.enteredAtUs ?? 0) > 2_000_000_000, 'microseconds');
});

void t.test('edges of one exit are tried by order, the first whose condition holds is taken', async (t) => {
  const condition = { path: 'caller.areaCode', op: 'eq', value: '212' };
  const edges = [
    { from: 'a', exit: 'next', to: 'other', order: 3 },
    { from: 'a', exit: 'next', to: 'nobody', order: 1, condition: { not: condition } },
    { from: 'a', exit: 'next', to: 'york', order: 2, condition },
  ];
  const main = graph({ a: 'note', other: 'end', nobody: 'end', york: 'end' }, edges);
  t.same((await toyWalk({ main })).path, ['a next', 'york end']);
});

void t.test('what a node sets is seen by the conditions after it', async (t) => {
  const edges = [
    { from: 'a', exit: 'next', to: 'set', condition: { path: 'variables.zip', op: 'eq', value: '10001' } },
    { from: 'a', exit: 'next', to: 'unset', order: 1 },
  ];
  const main = graph({ a: ['note', { name: 'zip', value: '10001' }], set: 'end', unset: 'end' }, edges);
  const { end } = await toyWalk({ main });
  t.equal(end.nodeId, 'set');
  t.same(end.state.variables, { zip: '10001' });
  t.same(end.state.tags, ['was:a']);
});

void t.test('an unwired exit goes to the fallback node, once', async (t) => {
  const main = graph({ a: 'say', sorry: 'say' }, [], { fallback: { node: 'sorry' } });
  const { end, path } = await toyWalk({ main });
  t.same(path, ['a done', 'sorry done']);
  t.match(end, { end: 'finished', by: 'unwired', cause: 'NORMAL_TEMPORARY_FAILURE', nodeId: 'sorry' });
  t.same(end.fallbackFrom, { nodeId: 'a', nodeType: 'say', exit: 'done' });
  t.match(end.reason, /exit done of node sorry leads nowhere within the fallback/);
});

void t.test('an unwired exit ends the call with the fallback cause, or a temporary failure', async (t) => {
  const nodes = { ask: 'menu' };
  const busy = await toyWalk({ main: graph(nodes, [], { fallback: { cause: 'USER_BUSY' } }) });
  t.match(busy.end, { end: 'finished', by: 'fallback', cause: 'USER_BUSY', exit: 'timeout' });
  t.same(busy.channel.verbs, ['collectDigits'], 'hanging up is for the session');
  const bare = await toyWalk({ main: graph(nodes, []) });
  t.match(bare.end, { end: 'finished', by: 'unwired', cause: 'NORMAL_TEMPORARY_FAILURE' });
  t.equal(bare.end.fallbackFrom, undefined);
});

void t.test('a node that throws leaves by error, with its code in the trace', async (t) => {
  const wired = graph({ a: 'crash', b: 'say' }, ['a error b']);
  const { trace, path, warnings } = await toyWalk({ main: wired });
  t.same(path, ['a error', 'b done']);
  t.equal(trace[0]?.reason, 'E_TOY: no such thing');
  t.same(warnings, ['node failed']);
  const unwired = await toyWalk({ main: graph({ a: 'crash' }, [], { fallback: { cause: 'USER_BUSY' } }) });
  t.match(unwired.end, { by: 'fallback', cause: 'USER_BUSY', exit: 'error' });
});

void t.test('bad params, unknown types and unknown exits are errors of that node alone', async (t) => {
  const edges = ['a error b', 'b error c', 'c error d'];
  const main = graph({ a: ['say', { file: 7 }], b: 'nosuch', c: 'toy', d: 'end' }, edges);
  const nodeTypes = new Map(toyTypes).set(
    'toy',
    toyNode(async () => 'z'),
  );
  const { path, trace } = await toyWalk({ main }, { nodeTypes });
  t.same(path, ['a error', 'b error', 'c error', 'd end']);
  t.match(trace[0]?.reason, /\/file must be string/);
  t.match(trace[1]?.reason, /no node type nosuch/);
  t.match(trace[2]?.reason, /UNKNOWN_EXIT.*no exit z/);
});

void t.test('a runaway is ended by the step budget, a crash loop by the crash budget', async (t) => {
  const loop = graph({ a: 'note', b: 'note' }, ['a next b', 'b next a']);
  const steps = await toyWalk({ main: loop }, { stepBudget: 50 });
  t.match(steps.end, { end: 'failed', fault: 'stepBudget', cause: 'NORMAL_TEMPORARY_FAILURE' });
  t.equal(steps.trace.length, 50);
  const crashing = await toyWalk({ main: graph({ a: 'crash' }, ['a error a']) });
  t.match(crashing.end, { end: 'failed', fault: 'crashBudget' });
  t.equal(crashing.trace.length, 6);
});

void t.test('before each node the state that another daemon needs is given out', async (t) => {
  const main = graph({ a: 'note', ask: 'menu', b: 'end' }, ['a next ask', 'ask timeout b']);
  const { states } = await toyWalk({ main });
  t.same(
    states.map(({ frames, steps }) => [frames[0]?.nodeId, steps]),
    [
      ['a', 1],
      ['ask', 2],
      ['b', 3],
    ],
  );
  t.same(states[0]?.variables, {});
  t.same(states[1]?.variables, { noted: 'yes' });
});

void t.test('a walk taken over runs its node again and keeps what was set', async (t) => {
  const main = graph({ a: 'note', b: 'say', c: 'say' }, ['a next b', 'b done c'], {
    fallback: { node: 'a' },
  });
  const first = await toyWalk({ main });
  const carried = decodeWalkState(encodeWalkState(first.states[1] ?? first.end.state)).state;
  const { trace, end } = await toyWalk({ main }, { ...(carried && { start: carried }), resumed: true });
  t.same(
    trace.slice(0, 2).map(({ nodeId, step, reason }) => [nodeId, step, reason]),
    [
      ['b', 3, 'resumed'],
      ['c', 4, 'fresh'],
    ],
  );
  t.match(end.state.variables, { noted: 'yes' });
});

void t.test('within a fallback that was taken over the fallback is not taken again', async (t) => {
  const main = graph({ a: 'say', sorry: 'say' }, [], { fallback: { node: 'sorry' } });
  const { states } = await toyWalk({ main });
  const [, inFallback] = states;
  const { path } = await toyWalk({ main }, { ...(inFallback && { start: inFallback }), resumed: true });
  t.same(path, ['sorry done']);
});

void t.test('a walk that cannot be found ends, it does not throw', async (t) => {
  const start = {
    v: 1 as const,
    frames: [{ flowVersionId: version('main'), nodeId: 'gone' }],
    variables: {},
    tags: [],
    steps: 0,
  };
  const main = graph({ a: 'say' }, []);
  t.match((await toyWalk({ main }, { start })).end, { end: 'failed', fault: 'nodeMissing' });
  t.match((await toyWalk({}, { start })).end, { end: 'failed', fault: 'flowMissing' });
  const away = () => Promise.reject(new Error('database away'));
  t.match((await toyWalk({ main }, { flowVersion: away })).end, {
    end: 'failed',
    fault: 'internal',
    reason: 'Error: database away',
  });
});

void t.test('a variable that does not fit is an error of the node that sets it', async (t) => {
  const main = graph({ a: ['note', { name: 'long', value: 'x'.repeat(2001) }], b: 'end' }, ['a error b']);
  const { trace, path } = await toyWalk({ main });
  t.same(path, ['a error', 'b end']);
  t.match(trace[0]?.reason, /CARRIED_LIMIT: variable long would have 2001 characters/);
});
