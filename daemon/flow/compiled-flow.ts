import type { AnyNodeDefinition, NodeTypes } from './define-node.ts';
import { type CompiledExpression, compileExpression } from './expression.ts';
import type { FlowEdge, FlowFallback, FlowGraph, FlowNode } from './flow-graph.ts';
import { checkParams } from './node-params.ts';

/** Where an edge leads: a node, or out of a flow that `goto` entered. */
export type EdgeTarget =
  | { readonly kind: 'node'; readonly nodeId: string }
  | { readonly kind: 'return'; readonly name: string };

export interface CompiledEdge {
  readonly target: EdgeTarget;
  /** Undefined: always taken. */
  readonly holds: CompiledExpression | undefined;
}

/** `runnable` undefined: the type is unknown or the params are at fault, and `fault` says so. */
export interface CompiledNode {
  readonly id: string;
  readonly type: string;
  readonly runnable: { readonly definition: AnyNodeDefinition; readonly params: object } | undefined;
  readonly fault: string | undefined;
  /** By exit, in the order they are tried. */
  readonly edges: ReadonlyMap<string, readonly CompiledEdge[]>;
}

/** A flow version ready to be walked: everything that can be done once is done. Shared by all its calls, unchanging. */
export interface CompiledFlow {
  readonly entry: string;
  readonly nodes: ReadonlyMap<string, CompiledNode>;
  readonly variables: Readonly<Record<string, string>>;
  readonly fallback: FlowFallback | undefined;
}

const returnPrefix = 'return:';

export function edgeTarget(to: string): EdgeTarget {
  return to.startsWith(returnPrefix)
    ? { kind: 'return', name: to.slice(returnPrefix.length) }
    : { kind: 'node', nodeId: to };
}

const kept = new WeakMap<NodeTypes, WeakMap<FlowGraph, CompiledFlow>>();

/**
 * Compiles a graph, once an object. A graph that never passed the publish checks compiles too: a bad node leaves by
 * `error` when it is reached, and an edge whose condition is at fault is never taken.
 */
export function compileFlow(graph: FlowGraph, nodeTypes: NodeTypes): CompiledFlow {
  let flows = kept.get(nodeTypes);
  if (flows === undefined) {
    flows = new WeakMap();
    kept.set(nodeTypes, flows);
  }
  let flow = flows.get(graph);
  if (flow === undefined) {
    flow = compile(graph, nodeTypes);
    flows.set(graph, flow);
  }
  return flow;
}

function compile(graph: FlowGraph, nodeTypes: NodeTypes): CompiledFlow {
  const edges = Map.groupBy(graph.edges.toSorted(byOrder), (edge) => edge.from);
  const nodes = new Map<string, CompiledNode>();
  for (const node of graph.nodes)
    if (!nodes.has(node.id)) nodes.set(node.id, compileNode(node, edges.get(node.id) ?? [], nodeTypes));
  return { entry: graph.entry, nodes, variables: graph.variables ?? {}, fallback: graph.fallback };
}

/** The sort is stable: edges of the same order keep the document's. */
function byOrder(one: FlowEdge, other: FlowEdge): number {
  return (one.order ?? 0) - (other.order ?? 0);
}

function compileNode(node: FlowNode, edges: readonly FlowEdge[], nodeTypes: NodeTypes): CompiledNode {
  const byExit = new Map<string, CompiledEdge[]>();
  for (const edge of edges) {
    const compiled = { target: edgeTarget(edge.to), holds: conditionOf(edge) };
    const same = byExit.get(edge.exit);
    if (same === undefined) byExit.set(edge.exit, [compiled]);
    else same.push(compiled);
  }
  const bare = { id: node.id, type: node.type, edges: byExit };
  const definition = nodeTypes.get(node.type);
  if (definition === undefined)
    return { ...bare, runnable: undefined, fault: `there is no node type ${node.type}` };
  const { params, faults } = checkParams(definition, node.params);
  if (params === undefined) {
    const fault = faults.map(({ field, message }) => `${field} ${message}`).join('; ');
    return { ...bare, runnable: undefined, fault };
  }
  return { ...bare, runnable: { definition, params }, fault: undefined };
}

function conditionOf(edge: FlowEdge): CompiledExpression | undefined {
  if (edge.condition === undefined) return undefined;
  try {
    return compileExpression(edge.condition);
  } catch {
    return () => false;
  }
}
