import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { publishFlowVersion, writeFlowVersion } from '../../orm/flow-version-store.ts';
import { Edge, Flow, FlowVersion, Node } from '../../orm/index.ts';
import type { NodeTypes } from '../flow/define-node.ts';
import type { FlowGraph } from '../flow/flow-graph.ts';
import { checkGraph, type FlowFault } from '../flow/graph-checks.ts';
import type { FlowDetail, FlowSummary, FlowVersionSummary } from './flow-schemas.ts';
import type { AddVersionResult, FlowAdmin, PublishResult } from './ports.ts';
import { type Fault, instantOfMs } from './schemas.ts';

/** Flows and their versions in PostgreSQL; graphs are checked before they are kept and again before they are published. */
export class PostgresFlowAdmin implements FlowAdmin {
  readonly #orm: MikroORM;
  readonly #nodeTypes: NodeTypes;

  constructor(orm: MikroORM, nodeTypes: NodeTypes) {
    this.#orm = orm;
    this.#nodeTypes = nodeTypes;
  }

  async list(tenant: string | undefined, after: string | undefined, limit: number): Promise<FlowSummary[]> {
    const em = this.#orm.em.fork();
    const flows = await em.find(
      Flow,
      { ...(tenant === undefined ? {} : { tenant }), ...(after === undefined ? {} : { id: { $gt: after } }) },
      { orderBy: { id: 'asc' }, limit },
    );
    const published = await em.find(FlowVersion, {
      flow: { $in: flows.map((flow) => flow.id) },
      status: 'published',
    });
    const numbers = new Map(published.map((version) => [version.flow.id, version.number]));
    return flows.map((flow) => summaryOf(flow, numbers.get(flow.id)));
  }

  async find(flowId: string): Promise<FlowDetail | undefined> {
    const em = this.#orm.em.fork();
    const flow = await em.findOne(Flow, { id: flowId });
    if (flow === null) return undefined;
    const versions = await em.find(FlowVersion, { flow }, { orderBy: { number: 'desc' } });
    const published = versions.find((version) => version.status === 'published');
    const shown = published ?? versions[0];
    return {
      ...summaryOf(flow, published?.number),
      versions: versions.map(versionOf),
      graph: shown === undefined ? null : await graphOf(em, shown),
    };
  }

  async addVersion(flowId: string, graph: FlowGraph): Promise<AddVersionResult> {
    const faults = checkGraph(graph, this.#nodeTypes);
    const em = this.#orm.em.fork();
    if ((await em.count(Flow, { id: flowId })) === 0) return { result: 'notFound' };
    if (faults.length > 0) return { result: 'refused', faults: inDocument(faults, graph) };
    return { result: 'added', version: versionOf(await writeFlowVersion(em, flowId, graph)) };
  }

  async publish(flowId: string, number: number): Promise<PublishResult> {
    const em = this.#orm.em.fork();
    const version = await em.findOne(FlowVersion, { flow: flowId, number });
    if (version === null) return { result: 'notFound' };
    if (version.status === 'published') return { result: 'published', version: versionOf(version) };
    const graph = await graphOf(em, version);
    const faults = checkGraph(graph, this.#nodeTypes);
    if (faults.length > 0) return { result: 'refused', faults: inDocument(faults, graph) };
    return { result: 'published', version: versionOf(await publishFlowVersion(em, version.id)) };
  }
}

function summaryOf(flow: Flow, publishedVersion: number | undefined): FlowSummary {
  return {
    id: flow.id,
    tenantId: flow.tenant.id,
    name: flow.name,
    publishedVersion: publishedVersion ?? null,
  };
}

function versionOf(version: FlowVersion): FlowVersionSummary {
  return {
    id: version.id,
    version: version.number,
    state: version.status,
    createdAt: instantOfMs(version.createdAt.getTime()),
    publishedAt: version.publishedAt == null ? null : instantOfMs(version.publishedAt.getTime()),
  };
}

/** The document as it was written: what was left out then is left out now. */
async function graphOf(em: EntityManager, version: FlowVersion): Promise<FlowGraph> {
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

/** The faults with JSON pointers into the whole document; a node that is not in it (an entry that is missing) by name. */
function inDocument(faults: readonly FlowFault[], graph: FlowGraph): Fault[] {
  return faults.map(({ node, edge, field, message }) => {
    if (edge !== undefined) return { field: `/edges/${edge}${field}`, message };
    if (node === undefined) return { field, message };
    const at = graph.nodes.findIndex((one) => one.id === node);
    return at === -1
      ? { field, message: `${node}: ${message}` }
      : { field: `/nodes/${at}${field}`, message: `${node}: ${message}` };
  });
}
