import { type EntityManager, LockMode, type MikroORM } from '@mikro-orm/postgresql';
import { codeOf } from '../../../orm/database-fault.ts';
import { publishFlowVersion, writeFlowVersion } from '../../../orm/flow-version-store.ts';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Campaign, Flow, FlowDraft, FlowVersion, Tenant } from '../../../orm/index.ts';
import type { NodeTypes } from '../../flow/define-node.ts';
import type { FlowGraph } from '../../flow/flow-graph.ts';
import { Problem } from '../problem.ts';
import { instantOfMs } from '../schemas.ts';
import { type Asker, auditFlow } from './flow-audit.ts';
import { faultsOf, unstorable } from './flow-faults.ts';
import type {
  FlowDetail,
  FlowDraftDetail,
  FlowDraftDocument,
  FlowSummary,
  FlowVersionDetail,
  FlowVersionSummary,
} from './flow-schemas.ts';
import { type Draft, draftOf, graphOf, summaryOf, versionInForce, versionOf } from './stored-flow.ts';

/** What the flows' routes ask. Every method throws a Problem where it cannot do what was asked. */
export type FlowAdmin = Pick<PostgresFlowAdmin, keyof PostgresFlowAdmin>;

/** A draft or version whose content is wanted. */
export type Which = 'draft' | 'published' | number;

/**
 * Flows, their drafts and their versions in PostgreSQL, each as its tenant sees it. Whoever changes a flow holds the
 * lock on its row: two who publish at once make two versions, and the later one is in force.
 */
export class PostgresFlowAdmin {
  readonly #orm: MikroORM;
  readonly #nodeTypes: NodeTypes;

  constructor(orm: MikroORM, nodeTypes: NodeTypes) {
    this.#orm = orm;
    this.#nodeTypes = nodeTypes;
  }

  /** At most `limit` flows before the id `before`, newest first. Those of all tenants where an operator named none. */
  async list(
    asker: Asker,
    tenant: string | undefined,
    before: string | undefined,
    limit: number,
  ): Promise<FlowSummary[]> {
    const find = async (em: EntityManager): Promise<FlowSummary[]> => {
      const flows = await em.find(
        Flow,
        {
          ...(tenant === undefined ? {} : { tenant }),
          ...(before === undefined ? {} : { id: { $lt: before } }),
        },
        { orderBy: { id: 'desc' }, limit },
      );
      const published = await em.find(FlowVersion, {
        flow: { $in: flows.map((flow) => flow.id) },
        status: 'published',
      });
      const numbers = new Map(published.map((version) => [version.flow.id, version.number]));
      return flows.map((flow) => summaryOf(flow, numbers.get(flow.id)));
    };
    const { tenantId } = asker.principal;
    return tenantId === undefined ? find(this.#orm.em.fork()) : inTenant(this.#orm, tenantId, find);
  }

  find(asker: Asker, flowId: string): Promise<FlowDetail> {
    return this.#inFlow(asker, flowId, async (em, flow) => {
      const versions = await em.find(FlowVersion, { flow }, { orderBy: { number: 'desc' }, limit: 200 });
      const shown = await versionInForce(em, flow);
      const published = shown?.status === 'published' ? shown.number : undefined;
      return {
        ...summaryOf(flow, published),
        versions: versions.map(versionOf),
        graph: shown === null ? null : await graphOf(em, shown),
      };
    });
  }

  /** A flow without a version; `draft` is what it begins with. */
  async create(
    asker: Asker,
    tenantId: string,
    name: string,
    draft?: FlowDraftDocument,
    action = 'flow.create',
  ): Promise<FlowSummary> {
    if (draft !== undefined) refuseUnstorable(draft);
    return withFreeName(() =>
      inTenant(this.#orm, tenantId, async (em) => {
        const flow = em.create(Flow, { tenant: em.getReference(Tenant, tenantId), name });
        await em.flush();
        if (draft !== undefined)
          em.create(FlowDraft, { tenant: flow.tenant, flow, document: { ...draft }, revision: 1 });
        auditFlow(em, asker, flow, { action, after: { name } });
        return summaryOf(flow, undefined);
      }),
    );
  }

  rename(asker: Asker, flowId: string, name: string): Promise<FlowSummary> {
    return withFreeName(() =>
      this.#changing(asker, flowId, async (em, flow) => {
        const before = flow.name;
        flow.name = name;
        await em.flush();
        auditFlow(em, asker, flow, {
          action: 'flow.rename',
          before: { name: before },
          after: { name },
        });
        const published = await em.findOne(FlowVersion, { flow, status: 'published' });
        return summaryOf(flow, published?.number);
      }),
    );
  }

  /** Refused where a campaign leads to it, or another flow's published version enters it. */
  remove(asker: Asker, flowId: string): Promise<void> {
    return this.#changing(asker, flowId, async (em, flow) => {
      const campaigns = await em.find(Campaign, { flow }, { orderBy: { name: 'asc' }, limit: 20 });
      const entering = await em.execute<{ name: string }[]>(
        `select distinct flow.name from node join flow_version on flow_version.id = node.flow_version_id
         join flow on flow.id = flow_version.flow_id
         where flow_version.status = 'published' and flow.id <> ? and node.type = 'goto'
         and lower(node.params->>'flow') in (lower(?), ?) order by 1 limit 20`,
        [flow.id, flow.name, flow.id],
      );
      const users = [
        ...campaigns.map(({ id, name }) => `campaign ${name} (${id})`),
        ...entering.map(({ name }) => `flow ${name}, by goto`),
      ];
      if (users.length > 0)
        throw new Problem(
          'conflict',
          'this flow is in use: see faults',
          users.map((user) => ({ field: '', message: `is used by ${user}` })),
        );
      auditFlow(em, asker, flow, { action: 'flow.delete', before: { name: flow.name } });
      await em.nativeDelete(Flow, { id: flow.id });
    });
  }

  draft(asker: Asker, flowId: string): Promise<FlowDraftDetail> {
    return this.#inFlow(asker, flowId, async (em, flow) => this.#shown(flow, await draftOf(em, flow)));
  }

  /** Keeps the document, whole or not. `seen`: the etags its author may have seen; `*` is any. */
  saveDraft(
    asker: Asker,
    flowId: string,
    document: FlowDraftDocument,
    seen: readonly string[],
  ): Promise<FlowDraftDetail> {
    refuseUnstorable(document);
    return this.#changing(asker, flowId, async (em, flow) => {
      const { row, etag } = await draftOf(em, flow);
      checkSeen(seen, etag);
      const kept =
        row ?? em.create(FlowDraft, { tenant: flow.tenant, flow, document: { ...document }, revision: 1 });
      if (row !== undefined) {
        row.document = { ...document };
        row.revision += 1;
      }
      await em.flush();
      const saved = { row: kept, document, etag: `"${kept.revision}"` };
      auditFlow(em, asker, flow, {
        action: 'flow.draft',
        before: { etag },
        after: { etag: saved.etag },
      });
      return this.#shown(flow, saved);
    });
  }

  /** Makes the draft an immutable version and publishes it; the draft stays as it is. `seen` undefined: as it is now. */
  publishDraft(
    asker: Asker,
    flowId: string,
    seen: readonly string[] | undefined,
  ): Promise<FlowVersionSummary> {
    return this.#changing(asker, flowId, async (em, flow) => {
      const { document, etag } = await draftOf(em, flow);
      if (seen !== undefined) checkSeen(seen, etag);
      const faults = faultsOf(document, this.#nodeTypes);
      if (faults.length > 0)
        throw new Problem('conflict', 'this draft cannot be published: see faults', faults);
      const version = await writeFlowVersion(em, flowId, document as FlowGraph);
      return this.#published(em, asker, flow, version.id, 'flow.publish');
    });
  }

  /** At most `limit` versions below the number `below`, newest first. */
  versions(
    asker: Asker,
    flowId: string,
    below: number | undefined,
    limit: number,
  ): Promise<FlowVersionSummary[]> {
    return this.#inFlow(asker, flowId, async (em, flow) => {
      const where = { flow, ...(below === undefined ? {} : { number: { $lt: below } }) };
      return (await em.find(FlowVersion, where, { orderBy: { number: 'desc' }, limit })).map(versionOf);
    });
  }

  version(asker: Asker, flowId: string, number: number): Promise<FlowVersionDetail> {
    return this.#inFlow(asker, flowId, async (em, flow) => {
      const version = await numbered(em, flow, number);
      return { ...versionOf(version), graph: await graphOf(em, version) };
    });
  }

  /** The content of a draft or version, with the flow's name. */
  document(
    asker: Asker,
    flowId: string,
    which: Which,
  ): Promise<{ readonly flow: FlowSummary; readonly document: FlowDraftDocument }> {
    return this.#inFlow(asker, flowId, async (em, flow) => {
      const published = await em.findOne(FlowVersion, { flow, status: 'published' });
      const told = summaryOf(flow, published?.number);
      if (which === 'draft') return { flow: told, document: (await draftOf(em, flow)).document };
      const version = which === 'published' ? published : await numbered(em, flow, which);
      if (version === null) throw new Problem('not-found', 'this flow has no published version');
      return { flow: told, document: await graphOf(em, version) };
    });
  }

  /** Keeps the graph as the next version, unpublished; all faults of the graph at once. */
  addVersion(asker: Asker, flowId: string, graph: FlowGraph): Promise<FlowVersionSummary> {
    const faults = faultsOf(graph, this.#nodeTypes);
    return this.#changing(asker, flowId, async (em, flow) => {
      if (faults.length > 0)
        throw new Problem('invalid-body', 'this graph cannot be walked: see faults', faults);
      const version = versionOf(await writeFlowVersion(em, flowId, graph));
      auditFlow(em, asker, flow, { action: 'flow.version', after: { version: version.version } });
      return version;
    });
  }

  /** From now on new calls take this version. Publishing the published one again changes nothing. */
  publish(asker: Asker, flowId: string, number: number): Promise<FlowVersionSummary> {
    return this.#changing(asker, flowId, async (em, flow) =>
      this.#publishAgain(em, asker, flow, number, false),
    );
  }

  /**
   * Publishes a version that was published before. The version itself, not a copy: its content cannot have changed
   * (orm/flow.ts, keep_published), and what its calls did stays under one number.
   */
  rollback(asker: Asker, flowId: string, number: number): Promise<FlowVersionSummary> {
    return this.#changing(asker, flowId, async (em, flow) =>
      this.#publishAgain(em, asker, flow, number, true),
    );
  }

  async #publishAgain(em: EntityManager, asker: Asker, flow: Flow, number: number, back: boolean) {
    const version = await numbered(em, flow, number);
    if (version.status === 'published') return versionOf(version);
    if (back && version.status === 'draft')
      throw new Problem('conflict', 'this version was never published, so there is no way back to it');
    // What was fine when the version was made may not be so any more: node types change.
    const faults = faultsOf(await graphOf(em, version), this.#nodeTypes);
    if (faults.length > 0)
      throw new Problem('conflict', 'this version cannot be published as things are: see faults', faults);
    return this.#published(em, asker, flow, version.id, back ? 'flow.rollback' : 'flow.publish');
  }

  async #published(em: EntityManager, asker: Asker, flow: Flow, versionId: string, action: string) {
    const before = await em.findOne(FlowVersion, { flow, status: 'published' });
    const version = versionOf(await publishFlowVersion(em, versionId));
    auditFlow(em, asker, flow, {
      action,
      ...(before === null ? {} : { before: { version: before.number } }),
      after: { version: version.version },
    });
    return version;
  }

  #shown(flow: Flow, { row, document, etag }: Draft): FlowDraftDetail {
    return {
      flowId: flow.id,
      etag,
      changedAt: row === undefined ? null : instantOfMs(row.updatedAt.getTime()),
      draft: document,
      faults: faultsOf(document, this.#nodeTypes),
    };
  }

  #changing<T>(
    asker: Asker,
    flowId: string,
    work: (em: EntityManager, flow: Flow) => Promise<T>,
  ): Promise<T> {
    return this.#inFlow(asker, flowId, work, LockMode.PESSIMISTIC_WRITE);
  }

  /** As the tenant of whoever asks; an operator who named none asks as the flow's own. */
  async #inFlow<T>(
    asker: Asker,
    flowId: string,
    work: (em: EntityManager, flow: Flow) => Promise<T>,
    lockMode: LockMode = LockMode.NONE,
  ): Promise<T> {
    const tenantId =
      asker.principal.tenantId ?? (await this.#orm.em.fork().findOne(Flow, { id: flowId }))?.tenant.id;
    if (tenantId === undefined) throw noFlow();
    return inTenant(this.#orm, tenantId, async (em) => {
      const flow = await em.findOne(Flow, { id: flowId }, { lockMode });
      if (flow === null) throw noFlow();
      return work(em, flow);
    });
  }
}

function noFlow(): Problem {
  return new Problem('not-found', 'no flow has this id');
}

async function numbered(em: EntityManager, flow: Flow, number: number): Promise<FlowVersion> {
  const version = await em.findOne(FlowVersion, { flow, number });
  if (version === null) throw new Problem('not-found', 'there is no such version of this flow');
  return version;
}

function refuseUnstorable(document: unknown): void {
  const faults = unstorable(document);
  if (faults.length > 0) throw new Problem('invalid-body', 'this cannot be kept: see faults', faults);
}

function checkSeen(seen: readonly string[], etag: string): void {
  if (!seen.some((tag) => tag === '*' || tag === etag))
    throw new Problem('precondition-failed', 'the draft was changed since you read it: read it again');
}

async function withFreeName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // An operator may name any tenant.
    if (codeOf(error) === '23503') throw new Problem('not-found', 'no tenant has this id');
    if (codeOf(error) !== '23505') throw error;
    throw new Problem('conflict', 'there is one already: see faults', [
      { field: '/name', message: 'another flow is called so: take another name' },
    ]);
  }
}
