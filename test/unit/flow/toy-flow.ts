import { Type } from 'typebox';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { type AnyNodeDefinition, defineNode, type NodeTypes } from '../../../daemon/flow/define-node.ts';
import type { FlowEdge, FlowGraph } from '../../../daemon/flow/flow-graph.ts';
import type { CallFacts, Dialing, Queues, RecordingControl } from '../../../daemon/flow/node-context.ts';
import type { NodeVisit } from '../../../daemon/flow/trace.ts';
import type { WalkEnd } from '../../../daemon/flow/walk-end.ts';
import { beginWalk, type WalkState } from '../../../daemon/flow/walk-state.ts';
import { type WalkOptions, walk } from '../../../daemon/flow/walker.ts';
import type { FlowVersionId } from '../../../daemon/telephony/ids.ts';
import { FakeChannel } from '../fake-channel.ts';

const strict = { additionalProperties: false } as const;

/** Needs no channel. */
const note = defineNode({
  type: 'note',
  help: 'Sets a variable.',
  params: Type.Object(
    { name: Type.String({ default: 'noted' }), value: Type.String({ default: 'yes' }) },
    strict,
  ),
  exits: { next: 'optional' },
  async run(ctx, { name, value }) {
    ctx.variables.set(name, value);
    ctx.tags.add(`was:${ctx.nodeId}`);
    return 'next';
  },
});

const say = defineNode({
  type: 'say',
  help: 'Plays a file.',
  params: Type.Object({ file: Type.String({ default: 'a.wav' }) }, strict),
  exits: { done: 'optional' },
  async run(ctx, { file }) {
    ctx.explain(ctx.resumed ? 'resumed' : 'fresh');
    await ctx.channel.play({ kind: 'file', path: file });
    return 'done';
  },
});

const menu = defineNode({
  type: 'menu',
  help: 'Asks for a key.',
  params: Type.Object(
    { keys: Type.Array(Type.String({ pattern: '^[0-9]$' }), { default: ['1', '2'] }) },
    strict,
  ),
  exits: { 'key:<d>': 'optional', timeout: 'required' },
  namedExits: ({ keys }) => keys.map((key) => `key:${key}`),
  check: ({ keys }) => (keys.length > 0 ? [] : [{ field: '/keys', message: 'must name at least one key' }]),
  waitsForCaller: true,
  async run(ctx) {
    const entry = await ctx.channel.collectDigits({
      minDigits: 1,
      maxDigits: 1,
      firstDigitTimeoutMs: 1000,
      interDigitTimeoutMs: 1000,
      terminator: '',
      bargeIn: true,
    });
    return entry.end === 'digits' ? `key:${entry.digits}` : 'timeout';
  },
});

const crash = defineNode({
  type: 'crash',
  help: 'Throws.',
  params: Type.Object({}, strict),
  exits: { next: 'optional' },
  async run() {
    throw Object.assign(new Error('no such thing'), { code: 'E_TOY' });
  },
});

const enter = defineNode({
  type: 'enter',
  help: 'Walks another flow.',
  params: Type.Object({ flow: Type.String(), input: Type.Optional(Type.String()) }, strict),
  exits: { 'return:<name>': 'optional', missing: 'optional' },
  async run(ctx, { flow, input }) {
    const inputs = input === undefined ? {} : { input };
    const came = await ctx.enterFlow({ flow, version: 'latest' }, inputs);
    return 'missing' in came ? 'missing' : `return:${came.returned}`;
  },
});

const end = defineNode({
  type: 'end',
  help: 'Hangs up.',
  params: Type.Object({}, strict),
  exits: {},
  async run(ctx): Promise<never> {
    await ctx.channel.hangup('NORMAL_CLEARING');
    throw new ChannelGone({ cause: 'NORMAL_CLEARING', by: 'callfabric' });
  },
});

/** Node types small enough to see through. */
export const toyTypes: NodeTypes = new Map(
  [note, say, menu, crash, enter, end].map((one): [string, AnyNodeDefinition] => [one.type, one]),
);

/** A definition whose `run` is the test's own; exits `a` and `b`. */
export function toyNode(
  run: (...given: Parameters<AnyNodeDefinition['run']>) => Promise<string>,
): AnyNodeDefinition {
  return { type: 'toy', help: '', params: Type.Object({}), exits: { a: 'optional', b: 'optional' }, run };
}

type NodeText = string | readonly [type: string, params: Record<string, unknown>];

/** `{ a: 'say', b: ['menu', { keys: ['1'] }] }` and `['a done b', …]`; the first node is the entry. */
export function graph(
  nodes: Readonly<Record<string, NodeText>>,
  edges: readonly (string | FlowEdge)[],
  rest: Partial<FlowGraph> = {},
): FlowGraph {
  return {
    entry: Object.keys(nodes)[0] ?? '',
    nodes: Object.entries(nodes).map(([id, text]) => {
      const [type, params] = typeof text === 'string' ? [text, {}] : text;
      return { id, type, params };
    }),
    edges: edges.map((edge) => {
      if (typeof edge !== 'string') return edge;
      const [from = '', exit = '', to = ''] = edge.split(' ');
      return { from, exit, to };
    }),
    ...rest,
  };
}

export const version = (name: string): FlowVersionId => name as FlowVersionId;

export const toyCall = {
  callId: 'call',
  caller: '+12125550100',
  callerName: 'Ann',
  did: '+15551234567',
  didTags: ['tracked'],
  campaignId: 'campaign',
  publisherId: undefined,
  startedAtMs: 1_000_000,
} as unknown as CallFacts;

export interface ToyWalk {
  readonly end: WalkEnd;
  readonly trace: readonly NodeVisit[];
  readonly states: readonly WalkState[];
  readonly warnings: readonly string[];
  readonly channel: FakeChannel;
  /** `node exit` of every visit, in the order they were left. */
  readonly path: readonly string[];
}

/** Walks `flows.main` (or the state in `options.start`) to its end. */
export async function toyWalk(
  flows: Readonly<Record<string, FlowGraph>>,
  options: Partial<WalkOptions> = {},
  channel = new FakeChannel(),
): Promise<ToyWalk> {
  const trace: NodeVisit[] = [];
  const states: WalkState[] = [];
  const warnings: string[] = [];
  let clockMs = 2_000_000;
  const result = await walk({
    start: beginWalk(version('main'), flows['main'] ?? graph({}, [])),
    resumed: false,
    nodeTypes: toyTypes,
    flowVersion: (id) => flows[id],
    flowByName: async (flow) => {
      const found = flows[flow];
      return found === undefined ? undefined : { flowVersionId: version(flow), graph: found };
    },
    context: {
      call: toyCall,
      channel,
      dialing: {} as Dialing,
      queues: {} as Queues,
      recording: {} as RecordingControl,
      now: () => {
        clockMs += 1;
        return clockMs;
      },
      random: () => 0.5,
      log: { debug: () => {}, info: () => {}, warn: (_, message) => warnings.push(message) },
    },
    onStep: (state) => states.push(state),
    trace: (visit) => trace.push(visit),
    ...options,
  });
  const path = trace.map(({ nodeId, exit }) => `${nodeId} ${exit}`);
  return { end: result, trace, states, warnings, channel, path };
}
