import { isDeepStrictEqual } from 'node:util';
import type { FlowEdge, FlowNode } from '../../flow/flow-graph.ts';
import type { FieldChange, FlowDiff, FlowDraftDocument } from './flow-schemas.ts';

/**
 * What one document has that the other has not. The order of nodes, of edges and of keys means nothing; that of a
 * list within params does (a menu's branches). Of two nodes with one id, in a draft, the last counts.
 */
export function diffFlows(before: FlowDraftDocument, after: FlowDraftDocument): FlowDiff {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const young = new Map(after.nodes.map((node) => [node.id, node]));
  const changed = [...young.values()].flatMap((node) => {
    const known = old.get(node.id);
    const changes = known === undefined ? [] : changesOf(contentOf(known), contentOf(node));
    return changes.length === 0 ? [] : [{ id: node.id, changes }];
  });
  return {
    nodes: {
      added: missingFrom(old, young).map(nameOf).sort(byId),
      removed: missingFrom(young, old).map(nameOf).sort(byId),
      changed: changed.sort(byId),
    },
    edges: { added: edgesBeyond(before, after), removed: edgesBeyond(after, before) },
    flow: changesOf(settingsOf(before), settingsOf(after)),
  };
}

function missingFrom(some: ReadonlyMap<string, FlowNode>, others: ReadonlyMap<string, FlowNode>): FlowNode[] {
  return [...others.values()].filter(({ id }) => !some.has(id));
}

function nameOf({ id, type }: FlowNode): { id: string; type: string } {
  return { id, type };
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}

function contentOf(node: FlowNode): object {
  return Object.fromEntries(Object.entries(node).filter(([field]) => field !== 'id'));
}

function settingsOf({ entry, fallback, variables = {} }: FlowDraftDocument): object {
  return {
    ...(entry === undefined ? {} : { entry }),
    ...(fallback === undefined ? {} : { fallback }),
    variables,
  };
}

/** The edges of `after` that `before` has not, as often as it has not. */
function edgesBeyond(before: FlowDraftDocument, after: FlowDraftDocument): FlowEdge[] {
  const left = Map.groupBy(before.edges.map(plain), keyOf);
  const beyond = after.edges.filter((edge) => {
    const same = left.get(keyOf(edge)) ?? [];
    const at = same.findIndex((one) => isDeepStrictEqual(one, plain(edge)));
    if (at !== -1) same.splice(at, 1);
    return at === -1;
  });
  return beyond.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

/** An edge without an order has order 0. */
function plain(edge: FlowEdge): FlowEdge {
  return { ...edge, order: edge.order ?? 0 };
}

function keyOf({ from, exit, to, order = 0 }: FlowEdge): string {
  return JSON.stringify([from, exit, to, order]);
}

/** The leaves in which two values differ, by JSON pointer. */
function changesOf(before: unknown, after: unknown, field = ''): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) =>
      changesOf(
        Object.hasOwn(before, key) ? before[key] : undefined,
        Object.hasOwn(after, key) ? after[key] : undefined,
        `${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      ),
    );
  }
  return [
    {
      field,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    },
  ];
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
