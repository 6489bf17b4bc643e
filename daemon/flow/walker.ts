import { ChannelGone } from '../channel/channel.ts';
import { isHangupCause } from '../telephony/hangup-cause.ts';
import type { FlowVersionId } from '../telephony/ids.ts';
import { type CompiledFlow, type CompiledNode, compileFlow, type EdgeTarget } from './compiled-flow.ts';
import type { NodeTypes } from './define-node.ts';
import type { ExpressionFacts } from './expression.ts';
import type { FlowGraph } from './flow-graph.ts';
import { GoneDeadline } from './gone-deadline.ts';
import type { FlowReference, NodeContext } from './node-context.ts';
import { mayLeaveBy } from './node-exits.ts';
import { codeOf, NodeFault, sentenceOf } from './node-fault.ts';
import { RunningVisit, type VisitedWalk, type WalkContext } from './node-visit.ts';
import { type NodeVisit, traceReason } from './trace.ts';
import { CallTags, CallVariables } from './variables.ts';
import type { VisitedNode, WalkEnd, WalkFault } from './walk-end.ts';
import { deepestFrame, type WalkFrame, type WalkState } from './walk-state.ts';

export interface WalkOptions {
  readonly start: WalkState;
  /** True where another daemon was here before: the innermost node runs again. */
  readonly resumed: boolean;
  readonly nodeTypes: NodeTypes;
  flowVersion(id: FlowVersionId): FlowGraph | undefined | Promise<FlowGraph | undefined>;
  flowByName(
    flow: string,
    version: number | 'latest',
  ): Promise<{ readonly flowVersionId: FlowVersionId; readonly graph: FlowGraph } | undefined>;
  readonly context: WalkContext;
  /** Called before each node runs, while there is a channel: the session carries the state on it. */
  onStep(state: WalkState): void;
  /** Called when a node has been left. */
  trace(visit: NodeVisit): void;
  /** Node visits a call may make, over takeovers. Default 200. */
  readonly stepBudget?: number;
  /** Node errors a walk may survive. Default 5. */
  readonly crashBudget?: number;
  /** What a node and the flow's `hangup` edge may still take when the channel is gone, ms. Default 10,000. */
  readonly goneGraceMs?: number;
}

/** Walks a call through its flow to the end. Never rejects; does not hang up by itself: see WalkEnd. */
export function walk(options: WalkOptions): Promise<WalkEnd> {
  return new Walk(options).run();
}

/** Where the walk goes after a node. */
type Next = EdgeTarget | { readonly kind: 'over'; readonly end: WalkEnd } | { readonly kind: 'gone' };

interface Frame {
  readonly flowVersionId: FlowVersionId;
  readonly flow: CompiledFlow;
  nodeId: string;
  fallback: boolean;
}

/** A node being visited. */
interface Entered {
  readonly visit: RunningVisit;
  readonly step: number;
  readonly enteredAtMs: number;
  /** Index of its frame. */
  readonly depth: number;
  readonly reentered: boolean;
}

/** How a node was left. */
interface Left {
  readonly exit: string;
  readonly thrown: unknown;
}

/** Takes a nested walk's end out through the `goto` node that entered it. */
class NestedWalkOver extends Error {
  override readonly name = 'NestedWalkOver';
}

/** Visits allowed after the channel is gone: setting, tagging, telling others. */
const aftermathSteps = 20;

class Walk implements VisitedWalk, ExpressionFacts {
  readonly variables = new CallVariables();
  readonly tags = new CallTags();
  readonly call: WalkContext['call'];
  readonly #options: WalkOptions;
  #frames: readonly Frame[] = [];
  readonly #deadline: GoneDeadline;
  #stepBudget: number;
  #steps: number;
  #crashes = 0;
  /** Index of the frame whose next visit takes up the stored state; -1 when there is none left. */
  #reentering = 0;
  #last: VisitedNode = { nodeId: '', nodeType: '', exit: '' };
  #lastReason: string | undefined;
  #fallbackFrom: VisitedNode | undefined;
  #end: WalkEnd | undefined;
  #gone: { readonly gone: ChannelGone; readonly at: VisitedNode; depth: number } | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.call = options.context.call;
    this.#steps = options.start.steps;
    this.#stepBudget = options.stepBudget ?? 200;
    this.#deadline = new GoneDeadline(options.context.channel.hungUp, options.goneGraceMs ?? 10_000);
  }

  now(): number {
    return this.#options.context.now();
  }

  async run(): Promise<WalkEnd> {
    this.#deadline.start();
    try {
      const { start } = this.#options;
      this.#keep(start.variables);
      for (const tag of start.tags) this.#tolerate(() => this.tags.add(tag));
      const [first] = start.frames;
      if (first === undefined) return this.#failed('nodeMissing', 'the state has no frames');
      const next = await this.#walkFlow(await this.#load(first));
      if (next.kind === 'over') return next.end;
      if (next.kind === 'return' && this.#gone === undefined)
        return this.#finished('return', 'NORMAL_CLEARING', `the flow returned ${next.name}`);
      return this.#goneEnd();
    } catch (error) {
      if (this.#end !== undefined) return this.#end;
      this.#options.context.log.warn({ err: error }, 'walk failed');
      return this.#failed('internal', sentenceOf(error));
    } finally {
      this.#deadline.stop();
    }
  }

  /** What `goto` does: walks another flow, or the one a stored state stood in, until it returns. */
  async enterFlow(
    visit: RunningVisit,
    reference: FlowReference,
    inputs: Readonly<Record<string, string>>,
  ): ReturnType<NodeContext['enterFlow']> {
    const depth = this.#frames.length - 1;
    if (this.#frames[depth]?.nodeId !== visit.nodeId)
      throw new NodeFault('FLOW_ENTERED_TWICE', 'a node may enter one flow at a time');
    const stored = this.#reentering === depth ? this.#options.start.frames[depth + 1] : undefined;
    let frame: Frame;
    if (stored !== undefined) {
      this.#reentering = depth + 1;
      frame = await this.#load(stored);
    } else {
      if (this.#frames.length >= deepestFrame)
        throw new NodeFault('FLOW_TOO_DEEP', `flows are entered at most ${deepestFrame} deep`);
      const found = await this.#options.flowByName(reference.flow, reference.version);
      if (found === undefined) return { missing: reference.flow };
      const flow = compileFlow(found.graph, this.#options.nodeTypes);
      for (const [name, value] of Object.entries(flow.variables))
        if (this.variables.get(name) === undefined) this.variables.set(name, value);
      for (const [name, value] of Object.entries(inputs)) this.variables.set(name, value);
      frame = { flowVersionId: found.flowVersionId, flow, nodeId: flow.entry, fallback: false };
    }
    const next = await this.#walkFlow(frame);
    if (next.kind === 'return') return { returned: next.name };
    if (next.kind === 'gone' && this.#gone !== undefined) throw this.#gone.gone;
    throw new NestedWalkOver('the walk ended in a flow entered by goto');
  }

  async #load(stored: WalkFrame): Promise<Frame> {
    const { flowVersionId, nodeId } = stored;
    const graph = await this.#options.flowVersion(flowVersionId);
    if (graph === undefined) {
      this.#failed('flowMissing', `there is no flow version ${flowVersionId}`);
      throw new NestedWalkOver('flow version missing');
    }
    const flow = compileFlow(graph, this.#options.nodeTypes);
    return { flowVersionId, flow, nodeId, fallback: stored.fallback === true };
  }

  /** From the frame's node until the flow returns or the walk ends. */
  async #walkFlow(frame: Frame): Promise<Exclude<Next, { kind: 'node' }>> {
    this.#frames = this.#frames.concat(frame);
    try {
      for (;;) {
        const node = frame.flow.nodes.get(frame.nodeId);
        if (node === undefined)
          return over(this.#failed('nodeMissing', `the flow has no node ${frame.nodeId}`));
        if (this.#steps >= this.#stepBudget)
          return over(this.#failed('stepBudget', `more than ${this.#stepBudget} nodes were visited`));
        const entered = this.#enter(node);
        let left: Left;
        try {
          left = { exit: this.#exitOf(node, await this.#start(node, entered.visit)), thrown: undefined };
        } catch (error) {
          left = { exit: error instanceof ChannelGone ? 'hangup' : 'error', thrown: error };
        }
        const next = this.#leave(frame, node, entered, left);
        if (next.kind !== 'node') return next;
        frame.nodeId = next.nodeId;
      }
    } finally {
      this.#frames = this.#frames.slice(0, -1);
    }
  }

  #enter(node: CompiledNode): Entered {
    const { context } = this.#options;
    const depth = this.#frames.length - 1;
    const reentered = this.#reentering === depth;
    const step = ++this.#steps;
    const enteredAtMs = context.now();
    if (this.#gone === undefined) this.#options.onStep(this.#state());
    const visit = new RunningVisit(node.id, reentered && this.#options.resumed, context, this);
    return { visit, step, enteredAtMs, depth, reentered };
  }

  /** Notes how a node was left; where the walk goes on. */
  #leave(frame: Frame, node: CompiledNode, entered: Entered, left: Left): Next {
    const { context } = this.#options;
    const { visit, step, enteredAtMs, depth, reentered } = entered;
    const { thrown } = left;
    let { exit } = left;
    if (reentered) this.#reentering = -1;
    const ended = this.#end !== undefined || isOurEnd(node, thrown);
    if (ended) exit = 'end';
    const reason =
      thrown === undefined || exit !== 'error' ? visit.explained : traceReason(sentenceOf(thrown));
    this.#options.trace({
      step,
      nodeId: node.id,
      nodeType: node.type,
      exit,
      enteredAtUs: Math.round(enteredAtMs * 1000),
      durationMs: Math.max(0, Math.round(context.now() - enteredAtMs)),
      reason,
    });
    // A nested walk that ended has named its own last node: this one is only the goto around it.
    if (this.#end !== undefined) return over(this.#end);
    if (thrown instanceof ChannelGone && !ended) return this.#afterGone(node, thrown, depth);
    if (this.#gone === undefined) {
      this.#last = { nodeId: node.id, nodeType: node.type, exit };
      this.#lastReason = reason;
    }
    if (ended || isFinal(node)) {
      if (this.#gone !== undefined) return { kind: 'gone' };
      if (exit !== 'error') {
        const cause = thrown instanceof ChannelGone ? thrown.end.cause : 'NORMAL_CLEARING';
        return over(this.#finished('node', cause, visit.explained));
      }
    }
    if (thrown !== undefined) {
      this.#crashes += 1;
      context.log.warn(
        { nodeId: node.id, nodeType: node.type, code: codeOf(thrown), err: thrown },
        'node failed',
      );
      if (this.#crashes > (this.#options.crashBudget ?? 5))
        return over(this.#failed('crashBudget', `more than ${this.#crashes - 1} nodes failed`));
    }
    return this.#wired(node, exit) ?? this.#unwired(frame, node, exit);
  }

  /** Runs the node. */
  #start(node: CompiledNode, visit: RunningVisit): Promise<unknown> {
    if (node.runnable === undefined) throw new NodeFault('NODE_NOT_RUNNABLE', node.fault ?? 'not runnable');
    const { definition, params } = node.runnable;
    return this.#deadline.hold(definition.run(visit, params as never));
  }

  /** The exit a node left by, from what it returned. */
  #exitOf(node: CompiledNode, exit: unknown): string {
    if (isFinal(node)) return 'end';
    const definition = node.runnable?.definition;
    if (typeof exit !== 'string' || definition === undefined || !mayLeaveBy(definition, exit))
      throw new NodeFault('UNKNOWN_EXIT', `node type ${node.type} has no exit ${String(exit).slice(0, 80)}`);
    return exit;
  }

  /** The one place where the channel's end is caught: its `hangup` edge may lead to nodes that need no channel. */
  #afterGone(node: CompiledNode, gone: ChannelGone, depth: number): Next {
    const at = { nodeId: node.id, nodeType: node.type, exit: 'hangup' };
    if (this.#gone === undefined) {
      this.#gone = { gone, at, depth };
      this.#stepBudget = Math.min(this.#stepBudget, this.#steps + aftermathSteps);
    } else if (depth < this.#gone.depth) this.#gone.depth = depth;
    else return { kind: 'gone' }; // a node of the aftermath wanted the channel
    // Lost: another daemon goes on with this call, and will see its end.
    if (gone.end.by === 'lost' || this.#deadline.passed) return { kind: 'gone' };
    const next = this.#wired(node, 'hangup');
    return next?.kind === 'node' ? next : { kind: 'gone' };
  }

  #wired(node: CompiledNode, exit: string): EdgeTarget | undefined {
    return node.edges.get(exit)?.find(({ holds }) => holds === undefined || holds(this))?.target;
  }

  #unwired(frame: Frame, node: CompiledNode, exit: string): Next {
    if (this.#gone !== undefined) return { kind: 'gone' };
    const { fallback } = frame.flow;
    const reason = `exit ${exit} of node ${node.id} leads nowhere`;
    const from = { nodeId: node.id, nodeType: node.type, exit };
    if (fallback === undefined || frame.fallback) {
      const where = frame.fallback ? ' within the fallback' : ' and the flow has no fallback';
      return over(this.#finished('unwired', 'NORMAL_TEMPORARY_FAILURE', this.#because(reason + where)));
    }
    this.#fallbackFrom ??= from;
    if ('node' in fallback) {
      frame.fallback = true;
      return { kind: 'node', nodeId: fallback.node };
    }
    const cause = isHangupCause(fallback.cause) ? fallback.cause : 'NORMAL_TEMPORARY_FAILURE';
    return over(this.#finished('fallback', cause, this.#because(`${reason}: fallback ${cause}`)));
  }

  #because(sentence: string): string {
    return this.#lastReason === undefined ? sentence : `${this.#lastReason}; ${sentence}`;
  }

  #finished(
    by: Extract<WalkEnd, { end: 'finished' }>['by'],
    cause: Extract<WalkEnd, { end: 'finished' }>['cause'],
    reason: string | undefined,
  ): WalkEnd {
    this.#end = { end: 'finished', by, cause, ...this.#common(this.#last, reason) };
    return this.#end;
  }

  #failed(fault: WalkFault, reason: string): WalkEnd {
    if (this.#gone !== undefined) return this.#goneEnd();
    const common = this.#common(this.#last, this.#because(reason));
    this.#end = { end: 'failed', fault, cause: 'NORMAL_TEMPORARY_FAILURE', ...common };
    return this.#end;
  }

  #goneEnd(): WalkEnd {
    if (this.#gone === undefined) return this.#failed('internal', 'the walk ended without an end');
    const { gone, at } = this.#gone;
    this.#end = { end: 'gone', gone, ...this.#common(at, gone.message) };
    return this.#end;
  }

  #common(last: VisitedNode, reason: string | undefined) {
    return { ...last, reason, fallbackFrom: this.#fallbackFrom, state: this.#state() };
  }

  #state(): WalkState {
    return {
      v: 1,
      frames: this.#frames.map(({ flowVersionId, nodeId, fallback }) =>
        fallback ? { flowVersionId, nodeId, fallback } : { flowVersionId, nodeId },
      ),
      variables: Object.fromEntries(this.variables.entries()),
      tags: [...this.tags],
      steps: this.#steps,
    };
  }

  /** What came with the call is kept as far as it fits; a flow's own excess is refused when it is published. */
  #keep(variables: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(variables))
      this.#tolerate(() => this.variables.set(name, value));
  }

  #tolerate(keep: () => void): void {
    try {
      keep();
    } catch (error) {
      this.#options.context.log.warn({ err: error }, 'variable or tag left out');
    }
  }
}

const over = (end: WalkEnd): { kind: 'over'; end: WalkEnd } => ({ kind: 'over', end });

/** A node type without exits ends the call. */
function isFinal(node: CompiledNode): boolean {
  return node.runnable !== undefined && Object.keys(node.runnable.definition.exits).length === 0;
}

/** A node that ends the call did so: the channel is gone because we hung up. */
function isOurEnd(node: CompiledNode, thrown: unknown): boolean {
  return thrown instanceof ChannelGone && thrown.end.by === 'callfabric' && isFinal(node);
}
