import t from 'tap';
import { Type } from 'typebox';
import type { AnyNodeDefinition } from '../../../daemon/flow/define-node.ts';
import type { NodeContext } from '../../../daemon/flow/node-context.ts';
import { FakeChannel } from '../fake-channel.ts';
import { graph, toyNode, toyTypes, toyWalk } from './toy-flow.ts';

const withToy = (run: (ctx: NodeContext) => Promise<string>) => new Map(toyTypes).set('toy', toyNode(run));

void t.test('the caller hangs up: the end names the node it happened in', async (t) => {
  const main = graph({ a: 'say', ask: 'menu' }, ['a done ask'], { fallback: { node: 'a' } });
  const channel = new FakeChannel({ goneDuring: 'collectDigits' });
  const { end, path } = await toyWalk({ main }, {}, channel);
  t.match(end, { end: 'gone', nodeId: 'ask', nodeType: 'menu', exit: 'hangup' });
  t.same(end.end === 'gone' && end.gone.end, { cause: 'NORMAL_CLEARING', by: 'caller' });
  t.same(path, ['a done', 'ask hangup']);
});

void t.test('after a hangup only nodes that need no channel run', async (t) => {
  const edges = ['ask hangup told', 'told next hello', 'hello done never'];
  const main = graph({ ask: 'menu', told: 'note', hello: 'say', never: 'note' }, edges);
  const channel = new FakeChannel({ goneDuring: 1 });
  const { end, path, states } = await toyWalk({ main }, {}, channel);
  t.same(path, ['ask hangup', 'told next', 'hello hangup']);
  t.match(end, { end: 'gone', nodeId: 'ask' });
  t.same(end.state.variables, { noted: 'yes' });
  t.equal(states.length, 1, 'nothing is carried on a channel that is gone');
  t.same(channel.verbs, ['collectDigits']);
});

void t.test('what goes wrong after a hangup ends the walk as gone', async (t) => {
  const fallback = { fallback: { node: 'ask' } };
  for (const [type, edges] of [
    ['crash', []],
    ['note', []],
    ['note', ['b next return:x']],
    ['note', ['b next b']],
    ['end', []],
  ] as const) {
    const main = graph({ ask: 'menu', b: type }, ['ask hangup b', ...edges], fallback);
    const { end, trace } = await toyWalk({ main }, {}, new FakeChannel({ goneDuring: 1 }));
    t.match(end, { end: 'gone', nodeId: 'ask' }, `${type} ${edges.join()}`);
    t.ok(trace.length <= 21, 'bounded');
  }
});

void t.test('a socket that was lost leaves what comes after to the daemon that goes on', async (t) => {
  const main = graph({ ask: 'menu', told: 'note' }, ['ask hangup told']);
  const channel = new FakeChannel({ goneDuring: 1, goneAs: { cause: 'NORMAL_UNSPECIFIED', by: 'lost' } });
  const { path } = await toyWalk({ main }, {}, channel);
  t.same(path, ['ask hangup']);
});

void t.test('a hangup from outside is no end of the flow, save in a node that ends the call', async (t) => {
  const goneAs = { cause: 'MANAGER_REQUEST', by: 'callfabric' } as const;
  const talking = await toyWalk(
    { main: graph({ a: 'say' }, []) },
    {},
    new FakeChannel({ goneDuring: 1, goneAs }),
  );
  t.match(talking.end, { end: 'gone', nodeId: 'a' });
  const ending = await toyWalk(
    { main: graph({ a: 'end' }, []) },
    {},
    new FakeChannel({ goneDuring: 1, goneAs }),
  );
  t.match(ending.end, { end: 'finished', by: 'node', cause: 'MANAGER_REQUEST' });
  const caller = await toyWalk({ main: graph({ a: 'end' }, []) }, {}, new FakeChannel({ goneDuring: 1 }));
  t.match(caller.end, { end: 'gone', nodeId: 'a', nodeType: 'end' });
});

void t.test('a wait ends with the channel', async (t) => {
  const channel = new FakeChannel();
  const nodeTypes = withToy(async (ctx) => {
    const waiting = ctx.wait(600_000);
    channel.goAway();
    await waiting;
    return 'a';
  });
  const { end } = await toyWalk({ main: graph({ a: 'toy' }, []) }, { nodeTypes }, channel);
  t.match(end, { end: 'gone', nodeId: 'a' });
});

void t.test('a wait that is over resolves, and one of a gone channel rejects at once', async (t) => {
  const channel = new FakeChannel();
  const nodeTypes = withToy(async (ctx) => {
    await ctx.wait(0);
    channel.goAway();
    await ctx.wait(0).catch(() => ctx.explain('rejected'));
    return 'a';
  });
  const { trace } = await toyWalk({ main: graph({ a: 'toy' }, []) }, { nodeTypes }, channel);
  t.equal(trace[0]?.reason, 'rejected');
});

void t.test('a node that outlives its channel is left behind', async (t) => {
  const channel = new FakeChannel();
  const nodeTypes = withToy(async () => {
    channel.goAway();
    return new Promise<never>(() => {});
  });
  const main = graph({ a: 'toy', b: 'note' }, ['a hangup b']);
  const { end, path } = await toyWalk({ main }, { nodeTypes, goneGraceMs: 1 }, channel);
  t.match(end, { end: 'gone', nodeId: 'a' });
  t.same(path, ['a hangup'], 'and nothing is begun after it');
});

void t.test('a node that ends the call but leaves the channel alive has finished the flow', async (t) => {
  const quiet: AnyNodeDefinition = {
    type: 'quiet',
    help: '',
    params: Type.Object({}),
    exits: {},
    run: async () => 'whatever',
  };
  const nodeTypes = new Map(toyTypes).set('quiet', quiet);
  const { end, path } = await toyWalk({ main: graph({ a: 'quiet' }, []) }, { nodeTypes });
  t.match(end, { end: 'finished', by: 'node', cause: 'NORMAL_CLEARING' });
  t.same(path, ['a end']);
});
