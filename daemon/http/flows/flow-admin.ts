import type { EntityManager, FilterQuery, MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { codeOf } from '../../../orm/database-fault.ts';
import { publishFlowVersion, writeFlowVersion } from '../../../orm/flow-version-store.ts';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Campaign, Flow, FlowDraft, FlowVersion, Tenant } from '../../../orm/index.ts';
import type { NodeTypes } from '../../flow/define-node.ts';
import type { FlowGraph } from '../../flow/flow-graph.ts';
import { checkSeen, etagOf } from '../conditional.ts';
import { Problem } from '../problem.ts';
import { type Answered, type Made, once } from '../resources/idempotency.ts';
import { instantOfMs } from '../schemas.ts';
import { type Asker, auditFlow } from './flow-audit.ts';
import { diffFlows } from './flow-diff.ts';
import { faultsOf } from './flow-faults.ts';
import type {
  FlowDetail,
  FlowDraftDetail,
  FlowDraftDocument,
  FlowSummary,
  FlowVersionDetail,
  FlowVersionSummary,
} from './flow-schemas.ts';
import { changingFlow, inFlow } from './in-flow.ts';
import {
  type Draft,
  draftOf,
  graphOf,
  stateOf,
  summaryOf,
  versionInForce,
  versionOf,
} from './stored-flow.ts';

/** What the flows' routes ask. Every method throws a Problem where it cannot do what was asked. */
export type FlowAdmin = Pick<PostgresFlowAdmin, keyof PostgresFlowAdmin>;

/** Which flows a list has. */
export interface WantedFlows {
  /** Of an operator's list of all tenants. */
  readonly tenant?: string | undefined;
  readonly name?: string | undefined;
  readonly namePrefix?: string | undefined;
  /** Behind the flow of this id. */
  readonly before?: string | undefined;
}

/** An answer, and the etag of the flow as it is now. */
export interface Told<Body> {
  readonly body: Body;
  readonly etag: string;
}

/** The answer to a POST that is made once for its idempotency key. */
export type Once<Body> = Answered & { readonly body: Body };

/** Etags a client says it saw; undefined: it minds no state. */
export type Seen = readonly string[] | undefined;

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

  /** At most `limit` flows, newest first. Those of all tenants where an operator named none. */
  async list(asker: Asker, wanted: WantedFlows, limit: number): Promise<FlowSummary[]> {
    const { tenant, name, namePrefix, before } = wanted;
    const where: FilterQuery<Flow>[] = [
      ...(tenant === undefined ? [] : [{ tenant }]),
      ...(before === undefined ? [] : [{ id: { $lt: before } }]),
      ...(name === undefined ? [] : [{ name }]),
      ...(namePrefix === undefined
        ? []
        : [{ name: { $like: `${namePrefix.replaceAll(/[\\%_]/g, '\\$&')}%` } }]),
    ];
    const find = async (em: EntityManager): Promise<FlowSummary[]> => {
      const flows = await em.find(Flow, { $and: where }, { orderBy: { id: 'desc' }, limit });
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

  find(asker: Asker, flowId: string): Promise<Told<FlowDetail>> {
    return inFlow(this.#orm, asker, flowId, async (em, flow) => {
      const state = await stateOf(em, flow);
      const shown = await versionInForce(em, flow);
      return {
        body: { ...state, graph: shown === null ? null : await graphOf(em, shown) },
        etag: etagOf(state),
      };
    });
  }

  /** A flow without a version; `draft` is what it begins with. */
  async create(
    request: FastifyRequest,
    tenantId: string,
    name: string,
    draft?: FlowDraftDocument,
    action = 'flow.create',
  ): Promise<Once<FlowSummary>> {
    return withFreeName(() =>
      inTenant(this.#orm, tenantId, (em) =>
        onceFor(em, request, tenantId, async () => {
          const flow = em.create(Flow, { tenant: em.getReference(Tenant, tenantId), name });
          await em.flush();
          if (draft !== undefined)
            em.create(FlowDraft, { tenant: flow.tenant, flow, document: { ...draft }, revision: 1 });
          auditFlow(em, request, flow, { action, after: { name } });
          const headers = { location: `/flows/${flow.id}`, etag: etagOf(await stateOf(em, flow)) };
          return { status: 201, body: summaryOf(flow, undefined), headers };
        }),
      ),
    );
  }

  rename(asker: Asker, flowId: string, name: string, seen: readonly string[]): Promise<Told<FlowSummary>> {
    return withFreeName(() =>
      changingFlow(this.#orm, asker, flowId, async (em, flow) => {
        checkSeen(seen, await stateOf(em, flow));
        const before = flow.name;
        flow.name = name;
        await em.flush();
        auditFlow(em, asker, flow, { action: 'flow.rename', before: { name: before }, after: { name } });
        const state = await stateOf(em, flow);
        return { body: summaryOf(flow, state.publishedVersion ?? undefined), etag: etagOf(state) };
      }),
    );
  }

  /** Refused where a campaign leads to it, or another flow's published version enters it. */
  remove(asker: Asker, flowId: string, seen: readonly string[]): Promise<void> {
    return changingFlow(this.#orm, asker, flowId, async (em, flow) => {
      checkSeen(seen, await stateOf(em, flow));
      await refuseUsed(em, flow);
      auditFlow(em, asker, flow, { action: 'flow.delete', before: { name: flow.name } });
      await em.nativeDelete(Flow, { id: flow.id });
    });
  }

  draft(asker: Asker, flowId: string): Promise<FlowDraftDetail> {
    return inFlow(this.#orm, asker, flowId, async (em, flow) => this.#shown(flow, await draftOf(em, flow)));
  }

  /** Keeps the document, whole or not. `seen`: the etags its author may have seen; `*` is any. */
  saveDraft(
    asker: Asker,
    flowId: string,
    document: FlowDraftDocument,
    seen: readonly string[],
  ): Promise<FlowDraftDetail> {
    return changingFlow(this.#orm, asker, flowId, async (em, flow) => {
      const { row, document: before, etag } = await draftOf(em, flow);
      checkDraft(seen, etag);
      const kept =
        row ?? em.create(FlowDraft, { tenant: flow.tenant, flow, document: { ...document }, revision: 1 });
      if (row !== undefined) {
        row.document = { ...document };
        row.revision += 1;
      }
      await em.flush();
      const saved = { row: kept, document, etag: `"${kept.revision}"` };
      auditFlow(em, asker, flow, { action: 'flow.draft', after: { changes: diffFlows(before, document) } });
      return this.#shown(flow, saved);
    });
  }

  /** Makes the draft an immutable version and publishes it; the draft stays as it is. `seen`: of the draft. */
  publishDraft(request: FastifyRequest, flowId: string, seen: Seen): Promise<Once<FlowVersionSummary>> {
    return changingFlow(this.#orm, request, flowId, (em, flow) =>
      onceFor(em, request, flow.tenant.id, async () => {
        const { document, etag } = await draftOf(em, flow);
        if (seen !== undefined) checkDraft(seen, etag);
        const faults = faultsOf(document, this.#nodeTypes);
        if (faults.length > 0)
          throw new Problem('conflict', 'this draft cannot be published: see faults', faults);
        const version = await writeFlowVersion(em, flowId, document as FlowGraph);
        return madeVersion(flow, await this.#published(em, request, flow, version.id, 'flow.publish'));
      }),
    );
  }

  /** At most `limit` versions below the number `below`, newest first. */
  versions(
    asker: Asker,
    flowId: string,
    below: number | undefined,
    limit: number,
  ): Promise<FlowVersionSummary[]> {
    return inFlow(this.#orm, asker, flowId, async (em, flow) => {
      const where = { flow, ...(below === undefined ? {} : { number: { $lt: below } }) };
      return (await em.find(FlowVersion, where, { orderBy: { number: 'desc' }, limit })).map(versionOf);
    });
  }

  version(asker: Asker, flowId: string, number: number): Promise<FlowVersionDetail> {
    return inFlow(this.#orm, asker, flowId, async (em, flow) => {
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
    return inFlow(this.#orm, asker, flowId, async (em, flow) => {
      const published = await em.findOne(FlowVersion, { flow, status: 'published' });
      const told = summaryOf(flow, published?.number);
      if (which === 'draft') return { flow: told, document: (await draftOf(em, flow)).document };
      const version = which === 'published' ? published : await numbered(em, flow, which);
      if (version === null) throw new Problem('not-found', 'this flow has no published version');
      return { flow: told, document: await graphOf(em, version) };
    });
  }

  /** Keeps the graph as the next version, unpublished; all faults of the graph at once. */
  addVersion(request: FastifyRequest, flowId: string, graph: FlowGraph): Promise<Once<FlowVersionSummary>> {
    const faults = faultsOf(graph, this.#nodeTypes);
    return changingFlow(this.#orm, request, flowId, (em, flow) =>
      onceFor(em, request, flow.tenant.id, async () => {
        if (faults.length > 0)
          throw new Problem('invalid-body', 'this graph cannot be walked: see faults', faults);
        const version = versionOf(await writeFlowVersion(em, flowId, graph));
        auditFlow(em, request, flow, { action: 'flow.version', after: { version: version.version } });
        return madeVersion(flow, version);
      }),
    );
  }

  /** From now on new calls take this version. Publishing the published one again changes nothing. */
  publish(asker: Asker, flowId: string, number: number, seen: Seen): Promise<Told<FlowVersionSummary>> {
    return this.#publishAgain(asker, flowId, number, seen, false);
  }

  /**
   * Publishes a version that was published before. The version itself, not a copy: its content cannot have changed
   * (orm/flow.ts, keep_published), and what its calls did stays under one number.
   */
  rollback(asker: Asker, flowId: string, number: number, seen: Seen): Promise<Told<FlowVersionSummary>> {
    return this.#publishAgain(asker, flowId, number, seen, true);
  }

  #publishAgain(asker: Asker, flowId: string, number: number, seen: Seen, back: boolean) {
    return changingFlow(this.#orm, asker, flowId, async (em, flow) => {
      const state = await stateOf(em, flow);
      if (seen !== undefined) checkSeen(seen, state);
      const version = await numbered(em, flow, number);
      if (version.status === 'published') return { body: versionOf(version), etag: etagOf(state) };
      if (back && version.status === 'draft')
        throw new Problem('conflict', 'this version was never published, so there is no way back to it');
      // What was fine when the version was made may not be so any more: node types change.
      const faults = faultsOf(await graphOf(em, version), this.#nodeTypes);
      if (faults.length > 0)
        throw new Problem('conflict', 'this version cannot be published as things are: see faults', faults);
      const action = back ? 'flow.rollback' : 'flow.publish';
      const body = await this.#published(em, asker, flow, version.id, action);
      return { body, etag: etagOf(await stateOf(em, flow)) };
    });
  }

  async #published(em: EntityManager, asker: Asker, flow: Flow, versionId: string, action: string) {
    const before = await em.findOne(FlowVersion, { flow, status: 'published' });
    const was = before === null ? { nodes: [], edges: [] } : await graphOf(em, before);
    const version = await publishFlowVersion(em, versionId);
    const changes = diffFlows(was, await graphOf(em, version));
    auditFlow(em, asker, flow, {
      action,
      ...(before === null ? {} : { before: { version: before.number } }),
      after: { version: version.number, changes },
    });
    return versionOf(version);
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
}

async function numbered(em: EntityManager, flow: Flow, number: number): Promise<FlowVersion> {
  const version = await em.findOne(FlowVersion, { flow, number });
  if (version === null) throw new Problem('not-found', 'there is no such version of this flow');
  return version;
}

/** `once`, whose answer is kept as JSON, for a body of a known form. */
async function onceFor<Body>(
  em: EntityManager,
  request: FastifyRequest,
  tenantId: string,
  work: () => Promise<Made & { readonly body: Body }>,
): Promise<Once<Body>> {
  return (await once(em, request, tenantId, work)) as Once<Body>;
}

function madeVersion(flow: Flow, body: FlowVersionSummary) {
  return { status: 201, body, headers: { location: `/flows/${flow.id}/versions/${body.version}` } };
}

function checkDraft(seen: readonly string[], etag: string): void {
  if (!seen.some((tag) => tag === '*' || tag === etag))
    throw new Problem('precondition-failed', 'the draft was changed since you read it: read it again');
}

async function refuseUsed(em: EntityManager, flow: Flow): Promise<void> {
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
