import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import type { FlowDocument } from './flow-document.ts';
import { Edge, Flow, FlowVersion, Node } from './index.ts';

/**
 * Writes `graph` as the next version of the flow, a draft, and returns it. What the graph means is checked by the
 * caller. Two writers at once get two numbers: the flow's row is locked for the transaction.
 */
export async function writeFlowVersion(
  em: EntityManager,
  flowId: string,
  graph: FlowDocument,
): Promise<FlowVersion> {
  return em.transactional(async (em) => {
    const flow = await em.findOneOrFail(Flow, { id: flowId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    const last = await em.findOne(FlowVersion, { flow }, { orderBy: { number: 'desc' } });
    const version = em.create(FlowVersion, {
      tenant: flow.tenant,
      flow,
      number: (last?.number ?? 0) + 1,
      status: 'draft',
      entry: graph.entry,
      variables: graph.variables === undefined ? null : { ...graph.variables },
      fallback: graph.fallback ?? null,
    });
    const belonging = { tenant: flow.tenant, flowVersion: version };
    graph.nodes.forEach((node, position) => {
      em.create(Node, {
        ...belonging,
        key: node.id,
        type: node.type,
        label: node.label ?? null,
        params: { ...node.params },
        position,
      });
    });
    graph.edges.forEach((edge, position) => {
      em.create(Edge, {
        ...belonging,
        fromKey: edge.from,
        exit: edge.exit,
        toKey: edge.to,
        order: edge.order ?? null,
        condition: edge.condition ?? null,
        position,
      });
    });
    await em.flush();
    return version;
  });
}

/** Makes this version the flow's published one; the one before is retired. Running calls keep theirs. */
export async function publishFlowVersion(em: EntityManager, versionId: string): Promise<FlowVersion> {
  return em.transactional(async (em) => {
    const version = await em.findOneOrFail(FlowVersion, { id: versionId });
    await em.findOneOrFail(Flow, { id: version.flow.id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    // At once, not at flush: the unique index allows one published version at any moment.
    await em.nativeUpdate(
      FlowVersion,
      { flow: version.flow, status: 'published', id: { $ne: versionId } },
      { status: 'retired' },
    );
    version.status = 'published';
    version.publishedAt = new Date();
    await em.flush();
    return version;
  });
}
