import type { NodeTypes } from '../../flow/define-node.ts';
import { checkGraph, type FlowFault } from '../../flow/graph-checks.ts';
import type { Fault } from '../schemas.ts';

/** Everything that keeps a document from being published, each with the node it is about and a JSON pointer. */
export function faultsOf(document: unknown, nodeTypes: NodeTypes): Fault[] {
  if (typeof document !== 'object' || document === null || 'entry' in document)
    return inDocument(checkGraph(document, nodeTypes), document);
  // A missing entry must not hide what else is wrong.
  const whole = { ...document, entry: '' };
  const rest = checkGraph(whole, nodeTypes).filter(({ field }) => field !== '/entry');
  return [
    { field: '/entry', message: 'is missing: name the node the call enters at' },
    ...inDocument(rest, whole),
  ];
}

/** The pointers lead into the whole document. */
function inDocument(faults: readonly FlowFault[], document: unknown): Fault[] {
  const nodes = listIn(document, 'nodes');
  const edges = listIn(document, 'edges');
  return faults.map(({ node, edge, field, message }) => {
    if (edge !== undefined) {
      const from = textIn(edges[edge], 'from');
      return { ...(from === undefined ? {} : { node: from }), field: `/edges/${edge}${field}`, message };
    }
    if (node === undefined) return { field, message };
    const at = nodes.findIndex((one) => textIn(one, 'id') === node);
    return { node, field: at === -1 ? field : `/nodes/${at}${field}`, message };
  });
}

function listIn(document: unknown, name: string): readonly unknown[] {
  const list: unknown =
    typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}

function textIn(value: unknown, name: string): string | undefined {
  const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof text === 'string' ? text.slice(0, 80) : undefined;
}
