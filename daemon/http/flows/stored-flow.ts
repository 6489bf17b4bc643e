import type { EntityManager } from '@mikro-orm/postgresql';
import { Edge, type Flow, FlowDraft, FlowVersion, Node } from '../../../orm/index.ts';
import type { FlowGraph } from '../../flow/flow-graph.ts';
import { instantOfMs } from '../schemas.ts';
import type { FlowDetail, FlowDraftDocument, FlowSummary, FlowVersionSummary } from './flow-schemas.ts';

export function summaryOf(flow: Flow, publishedVersion: number | undefined): FlowSummary {
  return {
    id: flow.id,
    tenantId: flow.tenant.id,
    name: flow.name,
    publishedVersion: publishedVersion ?? null,
  };
}

export function versionOf(version: FlowVersion): FlowVersionSummary {
  return {
    id: version.id,
    version: version.number,
    state: version.status,
    createdAt: instantOfMs(version.createdAt.getTime()),
    publishedAt: version.publishedAt == null ? null : instantOfMs(version.publishedAt.getTime()),
  };
}

/** All of a flow that can change; a version's graph cannot. Its etag is of this. */
export async function stateOf(em: EntityManager, flow: Flow): Promise<Omit<FlowDetail, 'graph'>> {
  // `refresh`: publishing changes versions past the ORM.
  const newest = { orderBy: { number: 'desc' }, limit: 200, refresh: true } as const;
  const versions = await em.find(FlowVersion, { flow }, newest);
  const published =
    versions.find(({ status }) => status === 'published') ??
    (await em.findOne(FlowVersion, { flow, status: 'published' }));
  return { ...summaryOf(flow, published?.number), versions: versions.map(versionOf) };
}

/** The document as it was written: what was left out then is left out now. */
export async function graphOf(em: EntityManager, version: FlowVersion): Promise<FlowGraph> {
  const order = { orderBy: { position: 'asc' } } as const;
  const nodes = await em.find(Node, { flowVersion: version }, order);
  const edges = await em.find(Edge, { flowVersion: version }, order);
  return {
    entry: version.entry,
    ...(version.variables == null ? {} : { variables: version.variables }),
    ...(version.fallback == null ? {} : { fallback: version.fallback }),
    nodes: nodes.map((node) => ({
      id: node.key,
      type: node.type,
      ...(node.label == null ? {} : { label: node.label }),
      params: node.params,
    })),
    edges: edges.map((edge) => ({
      from: edge.fromKey,
      exit: edge.exit,
      to: edge.toKey,
      ...(edge.order == null ? {} : { order: edge.order }),
      ...(edge.condition == null ? {} : { condition: edge.condition }),
    })),
  };
}

/** The published version, else the newest one. */
export async function versionInForce(em: EntityManager, flow: Flow): Promise<FlowVersion | null> {
  return (
    (await em.findOne(FlowVersion, { flow, status: 'published' })) ??
    em.findOne(FlowVersion, { flow }, { orderBy: { number: 'desc' } })
  );
}

/** What is being made of a flow. `row` undefined: nobody changed it yet, and it is the version in force. */
export interface Draft {
  readonly row: FlowDraft | undefined;
  readonly document: FlowDraftDocument;
  readonly etag: string;
}

export async function draftOf(em: EntityManager, flow: Flow): Promise<Draft> {
  const row = await em.findOne(FlowDraft, { flow });
  if (row !== null)
    return { row, document: row.document as unknown as FlowDraftDocument, etag: `"${row.revision}"` };
  const version = await versionInForce(em, flow);
  if (version === null) return { row: undefined, document: { nodes: [], edges: [] }, etag: '"new"' };
  return { row: undefined, document: await graphOf(em, version), etag: `"v${version.number}"` };
}
