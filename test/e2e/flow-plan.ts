import type { EntityManager } from '@mikro-orm/postgresql';
import type { FlowGraph } from '../../daemon/flow/flow-graph.ts';
import { checkGraph } from '../../daemon/flow/graph-checks.ts';
import { nodeTypes } from '../../daemon/nodes/index.ts';
import { Publisher, Tenant } from '../../orm/index.ts';
import { type SeedEndpoint, seedBuyer, seedCampaign, seedFlow, seedNumber } from '../../orm/seed-parts.ts';

/** A buyer of the tenant; the same name twice is the same buyer. */
export interface PlannedBuyer {
  readonly name: string;
  /**
   * SIP users (or `user@host:port`), or numbers for the seed's trunk (`+1…`), each an endpoint in this order; default:
   * the name. The simulator's callees go by them.
   */
  readonly users?: readonly string[];
  readonly maxCalls?: number;
  readonly priority?: number;
  readonly ringTimeoutMs?: number;
}

/** What a DID of a test leads to. */
export interface FlowPlan {
  readonly buyers?: readonly PlannedBuyer[];
  readonly record?: 'mono' | 'stereo';
  /** The campaign's rule for what its nodes say nothing of. */
  readonly recordingRetentionDays?: number;
  readonly maxCalls?: number;
  readonly tags?: readonly string[];
  /** The flow's name, for `goto`. */
  readonly name?: string;
  /** As an older release may have published it: with params that this one does not know. */
  readonly unchecked?: boolean;
}

export interface PlannedFlow {
  readonly did: string;
  readonly flowId: string;
  readonly campaignId: string;
  /** By the name of the plan. */
  readonly buyerIds: Readonly<Record<string, string>>;
}

let made = 0;

/** A published flow with a campaign, its buyers and a DID of its own, on the seed's tenant. */
export async function planFlow(em: EntityManager, graph: FlowGraph, plan: FlowPlan): Promise<PlannedFlow> {
  const faults = plan.unchecked === true ? [] : checkGraph(graph, nodeTypes);
  if (faults.length > 0) throw new Error(`this flow cannot be published: ${JSON.stringify(faults)}`);
  made += 1;
  const tenant = await em.findOneOrFail(Tenant, { slug: 'test-org' });
  const publisher = await em.findOneOrFail(Publisher, { tenant, name: 'Test Publisher' });
  const flow = await seedFlow(em, tenant, plan.name ?? `Flow ${made}`, graph);
  const buyers = [];
  const buyerIds: Record<string, string> = {};
  for (const { name, users, maxCalls, priority, ringTimeoutMs } of plan.buyers ?? []) {
    const endpoints = (users ?? [name]).map(
      (user, index): SeedEndpoint => ({
        label: user,
        ...addressOf(user),
        priority: index,
        ...(ringTimeoutMs === undefined ? {} : { ringTimeoutMs }),
      }),
    );
    const buyer = await seedBuyer(em, tenant, {
      name,
      ...(maxCalls === undefined ? {} : { maxCalls }),
      endpoints,
    });
    await em.flush();
    buyerIds[name] = buyer.id;
    buyers.push({ buyer, priority: priority ?? buyers.length });
  }
  const campaign = await seedCampaign(em, tenant, {
    name: `Campaign ${made}`,
    flow,
    buyers,
    ...(plan.record === undefined ? {} : { record: plan.record }),
  });
  if (plan.maxCalls !== undefined) campaign.maxCalls = plan.maxCalls;
  campaign.recordingRetentionDays = plan.recordingRetentionDays ?? null;
  const did = `+1555700${String(1000 + made)}`;
  await seedNumber(em, tenant, { e164: did, campaign, publisher, tags: plan.tags ?? [] });
  await em.flush();
  return { did, flowId: flow.id, campaignId: campaign.id, buyerIds };
}

function addressOf(user: string): Pick<SeedEndpoint, 'kind' | 'destination'> {
  if (user.startsWith('+')) return { kind: 'pstn', destination: user };
  return { kind: 'sip', destination: user.includes('@') ? `sip:${user}` : `sip:${user}@127.0.0.1:5070` };
}

export type Step = readonly [
  id: string,
  type: string,
  params?: Readonly<Record<string, unknown>> | undefined,
];

/**
 * A flow written short: nodes, then edges as `from exit to`. Every other exit ends the call with NORMAL_CLEARING unless
 * `cause` says otherwise.
 */
export function flowOf(
  nodes: readonly Step[],
  edges: readonly string[] = [],
  cause = 'NORMAL_CLEARING',
): FlowGraph {
  const [first] = nodes;
  return {
    entry: first?.[0] ?? '',
    fallback: { cause },
    nodes: nodes.map(([id, type, params]) => ({ id, type, params: { ...params } })),
    edges: edges.map((edge) => {
      const [from = '', exit = '', to = ''] = edge.split(' ');
      return { from, exit, to };
    }),
  };
}

/** Prompt: a file of this name (the simulator plays it as long as its name says: `…-300ms.wav`). */
export const file = (path: string) => ({ kind: 'file', path });
