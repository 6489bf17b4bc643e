import { isHangupCause } from '../telephony/hangup-cause.ts';
import { edgeTarget } from './compiled-flow.ts';
import type { AnyNodeDefinition, NodeTypes } from './define-node.ts';
import { checkExpression } from './expression.ts';
import { type FlowEdge, type FlowGraph, FlowGraphSchema, flowLimits } from './flow-graph.ts';
import { loopsWithoutWaiting, reachableFrom } from './graph-shape.ts';
import { exitsOf, type NodeExits } from './node-exits.ts';
import { checkParams } from './node-params.ts';
import { schemaFaults } from './schema-faults.ts';
import { variablesFault } from './variables.ts';

/**
 * One reason why a flow cannot be published. `node`: its id. `edge`: its index in `edges`. `field`: a JSON pointer
 * within that node or edge, or within the flow where neither is named.
 */
export interface FlowFault {
  readonly node?: string;
  readonly edge?: number;
  readonly field: string;
  readonly message: string;
}

interface CheckedNode {
  readonly id: string;
  readonly definition: AnyNodeDefinition | undefined;
  readonly exits: NodeExits | undefined;
}
type Checked = ReadonlyMap<string, CheckedNode>;

/** Everything that is wrong with a flow, all at once; none: it may be published and every call can walk it. */
export function checkGraph(document: unknown, nodeTypes: NodeTypes): readonly FlowFault[] {
  const shape = schemaFaults(FlowGraphSchema, document).map((fault) => located(fault, document));
  if (!isLegible(document)) return shape;
  const nodes: Map<string, CheckedNode> = new Map();
  const faults = [...shape, ...checkNodes(document, nodeTypes, nodes)];
  for (const [index, edge] of document.edges.entries()) faults.push(...checkEdge(edge, index, nodes));
  faults.push(...checkOrder(document), ...checkRequiredExits(document, nodes));
  faults.push(...checkFlow(document, nodes), ...checkShape(document, nodes));
  return faults;
}

/** `/nodes/3/type` is told as the node's own field. */
function located(fault: { field: string; message: string }, document: unknown): FlowFault {
  const [, list, at, rest] = /^\/(nodes|edges)\/(\d+)(\/.*)?$/.exec(fault.field) ?? [];
  if (list === 'edges') return { edge: Number(at), field: rest ?? '', message: fault.message };
  const nodes: unknown = list === 'nodes' ? Reflect.get(document as object, 'nodes') : undefined;
  const node: unknown = Array.isArray(nodes) ? nodes[Number(at)] : undefined;
  const id: unknown = typeof node === 'object' && node !== null ? Reflect.get(node, 'id') : undefined;
  if (typeof id !== 'string' || id.length > flowLimits.idLength) return fault;
  return { node: id, field: rest ?? '', message: fault.message };
}

/** True where the checks of the flow's meaning can be made although its form may have faults. */
function isLegible(document: unknown): document is FlowGraph {
  if (typeof document !== 'object' || document === null) return false;
  const { entry, nodes, edges } = document as Record<string, unknown>;
  const legible = (list: unknown, most: number, names: readonly string[]): boolean =>
    Array.isArray(list) &&
    list.length <= most &&
    list.every(
      (one: unknown) =>
        typeof one === 'object' &&
        one !== null &&
        names.every((name) => {
          const value: unknown = Reflect.get(one, name);
          return typeof value === 'string' && value.length <= 80;
        }),
    );
  return (
    typeof entry === 'string' &&
    legible(nodes, flowLimits.nodes, ['id', 'type']) &&
    legible(edges, flowLimits.edges, ['from', 'exit', 'to'])
  );
}

function checkNodes(graph: FlowGraph, nodeTypes: NodeTypes, nodes: Map<string, CheckedNode>): FlowFault[] {
  const faults: FlowFault[] = [];
  for (const { id, type, params } of graph.nodes) {
    if (nodes.has(id)) {
      faults.push({ node: id, field: '/id', message: `another node is called ${id} too: rename one` });
      continue;
    }
    if (edgeTarget(id).kind === 'return')
      faults.push({ node: id, field: '/id', message: 'must not begin with `return:`: rename the node' });
    const definition = nodeTypes.get(type);
    if (definition === undefined) {
      const known = [...nodeTypes.keys()].join(', ');
      faults.push({ node: id, field: '/type', message: `there is no node type ${type}; there are ${known}` });
      nodes.set(id, { id, definition, exits: undefined });
      continue;
    }
    const checked = checkParams(definition, params ?? {});
    for (const { field, message } of checked.faults)
      faults.push({ node: id, field: `/params${field}`, message });
    nodes.set(id, { id, definition, exits: exitsOf(definition, checked.params) });
  }
  return faults;
}

function checkEdge(edge: FlowEdge, index: number, nodes: Checked): FlowFault[] {
  const faults: FlowFault[] = [];
  const fault = (field: string, message: string) => faults.push({ edge: index, field, message });
  const from = nodes.get(edge.from);
  if (from === undefined) fault('/from', `there is no node ${edge.from}: add it, or remove the edge`);
  const exits = from?.exits;
  if (exits !== undefined && !exits.names.has(edge.exit) && !isOpen(exits, edge.exit))
    fault(
      '/exit',
      `node ${edge.from} has no exit ${edge.exit}; it has ${exitList(exits)}: correct the edge or the node's params`,
    );
  const target = edgeTarget(edge.to);
  if (target.kind === 'node' && !nodes.has(target.nodeId))
    fault('/to', `there is no node ${edge.to}: add it, or write \`return:<name>\` to leave the flow`);
  if (target.kind === 'return' && !/^[A-Za-z0-9_.-]{1,64}$/.test(target.name))
    fault('/to', 'a return needs a name of letters, digits and _.- behind `return:`');
  if (edge.condition !== undefined)
    for (const { field, message } of checkExpression(edge.condition)) fault(`/condition${field}`, message);
  return faults;
}

function isOpen(exits: NodeExits, exit: string): boolean {
  return exits.open.some((prefix) => exit.length > prefix.length && exit.startsWith(prefix));
}

function exitList(exits: NodeExits): string {
  return [...exits.names.keys(), ...exits.open.map((prefix) => `${prefix}…`)].slice(0, 30).join(', ');
}

/** Edges behind one without a condition are never taken: surely a mistake. */
function checkOrder(graph: FlowGraph): FlowFault[] {
  const faults: FlowFault[] = [];
  const always = new Map<string, number>();
  // The form may be faulty, which is told already: of an object JavaScript may be able to make no number at all.
  const orderOf = ({ order }: FlowGraph['edges'][number]): number => (typeof order === 'number' ? order : 0);
  const inOrder = [...graph.edges.entries()].toSorted(([, one], [, other]) => orderOf(one) - orderOf(other));
  for (const [index, edge] of inOrder) {
    const key = `${edge.from} ${edge.exit}`;
    const earlier = always.get(key);
    if (earlier !== undefined)
      faults.push({
        edge: index,
        field: '/order',
        message: `is never taken: edge ${earlier} of the same exit comes first and has no condition`,
      });
    else if (edge.condition === undefined) always.set(key, index);
  }
  return faults;
}

function checkRequiredExits(graph: FlowGraph, nodes: Checked): FlowFault[] {
  if (graph.fallback !== undefined) return [];
  const faults: FlowFault[] = [];
  const wired = Map.groupBy(graph.edges, (edge) => `${edge.from} ${edge.exit}`);
  for (const node of nodes.values())
    for (const [exit, rule] of node.exits?.names ?? []) {
      if (rule !== 'required') continue;
      const edges = wired.get(`${node.id} ${exit}`) ?? [];
      if (edges.some((edge) => edge.condition === undefined)) continue;
      const what = edges.length === 0 ? 'leads nowhere' : 'has only edges with conditions';
      faults.push({
        node: node.id,
        field: '/exits',
        message: `exit ${exit} ${what}: add an edge from it, or state a fallback for the flow`,
      });
    }
  return faults;
}

function checkFlow(graph: FlowGraph, nodes: Checked): FlowFault[] {
  const faults: FlowFault[] = [];
  if (!nodes.has(graph.entry))
    faults.push({
      field: '/entry',
      message: `there is no node ${graph.entry}: name one of the flow's nodes`,
    });
  const { node, cause } = fallbackOf(graph);
  if (typeof node === 'string' && !nodes.has(node))
    faults.push({ field: '/fallback/node', message: `there is no node ${node}: add it, or name a cause` });
  if (typeof cause === 'string' && !isHangupCause(cause))
    faults.push({
      field: '/fallback/cause',
      message: `${cause} is no hangup cause; write one such as NORMAL_TEMPORARY_FAILURE or USER_BUSY`,
    });
  const variables: unknown = graph.variables;
  if (typeof variables === 'object' && variables !== null) {
    const texts = Object.entries(variables).filter(([, value]) => typeof value === 'string');
    const tooMuch = variablesFault(Object.fromEntries(texts));
    if (tooMuch !== undefined) faults.push({ field: '/variables', message: tooMuch });
  }
  return faults;
}

/** The fallback of a document whose form may have faults. */
function fallbackOf(graph: FlowGraph): { readonly node?: unknown; readonly cause?: unknown } {
  const fallback: unknown = graph.fallback;
  return typeof fallback === 'object' && fallback !== null ? fallback : {};
}

/** What can be said only of the whole: nodes no call reaches, and loops no caller slows down. */
function checkShape(graph: FlowGraph, nodes: Checked): FlowFault[] {
  const faults: FlowFault[] = [];
  const roots = [graph.entry];
  const { node } = fallbackOf(graph);
  if (typeof node === 'string') roots.push(node);
  const targets = new Map<string, string[]>();
  for (const edge of graph.edges)
    if (nodes.has(edge.to)) targets.set(edge.from, [...(targets.get(edge.from) ?? []), edge.to]);
  // Without an entry every node would be named: the missing entry says it all.
  if (nodes.has(graph.entry)) {
    const reached = reachableFrom(roots, targets);
    for (const id of nodes.keys())
      if (!reached.has(id))
        faults.push({ node: id, field: '', message: 'is never reached: lead an edge to it, or remove it' });
  }
  const waits = (id: string) => nodes.get(id)?.definition?.waitsForCaller === true;
  for (const loop of loopsWithoutWaiting([...nodes.keys()], targets, waits))
    faults.push({
      node: loop[0] ?? '',
      field: '',
      message: `goes round in a loop (${loop.slice(0, 10).join(' → ')}) in which no node waits for the caller: break it, or put in a node that does`,
    });
  return faults;
}
