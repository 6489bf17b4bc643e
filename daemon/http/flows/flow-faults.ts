import type { NodeTypes } from '../../flow/define-node.ts';
import { checkGraph, type FlowFault } from '../../flow/graph-checks.ts';
import type { Fault } from '../schemas.ts';

/** Deeper documents are nobody's flow, and would overflow the stack of whoever walks them. */
const deepest = 40;
/** So many say enough. */
const mostFaults = 50;
const unpaired = /\p{Surrogate}/u;

/**
 * What PostgreSQL cannot keep as JSON, or nobody can walk: NUL, half a surrogate pair, nesting without end; with JSON
 * pointers. Goes first: what comes after it calls itself.
 */
export function unstorable(document: unknown): Fault[] {
  const faults: Fault[] = [];
  const open: { readonly value: unknown; readonly field: string; readonly depth: number }[] = [
    { value: document, field: '', depth: 0 },
  ];
  const isText = (text: string): boolean => !text.includes('\0') && !unpaired.test(text);
  for (let one = open.pop(); one !== undefined && faults.length < mostFaults; one = open.pop()) {
    const { value, field, depth } = one;
    if (typeof value === 'string' && !isText(value))
      faults.push({ field, message: 'has a character that no text has (NUL, half a surrogate pair)' });
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= deepest) {
      faults.push({ field, message: `is nested deeper than ${deepest} levels` });
      continue;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (isText(key)) open.push({ value: inner, field: `${field}/${escaped(key)}`, depth: depth + 1 });
      else faults.push({ field, message: 'has a name with a character that no text has' });
    }
  }
  return faults;
}

/** Everything that keeps a document from being published, each with the node it is about and a JSON pointer. */
export function faultsOf(document: unknown, nodeTypes: NodeTypes): Fault[] {
  const odd = unstorable(document);
  if (odd.length > 0) return odd;
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

function escaped(key: string): string {
  return key.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1');
}
