import type { EntityManager } from '@mikro-orm/postgresql';
import type { FlowDocument } from './flow-document.ts';
import { publishFlowVersion, writeFlowVersion } from './flow-version-store.ts';
import {
  Buyer,
  BuyerEndpoint,
  Campaign,
  CampaignBuyer,
  CampaignPublisher,
  Carrier,
  Flow,
  FlowVersion,
  PhoneNumber,
  Publisher,
  Tenant,
  Trunk,
} from './index.ts';

/*
 * Pieces a seed is put together from. Each finds what is there by its name, or makes it: a seed may run again at any
 * time and never changes what a person has changed since.
 */

export async function seedTenant(em: EntityManager, slug: string, name: string): Promise<Tenant> {
  const found = await em.findOne(Tenant, { slug });
  return found ?? em.create(Tenant, { slug, name });
}

export async function seedPublisher(em: EntityManager, tenant: Tenant, name: string): Promise<Publisher> {
  const found = await em.findOne(Publisher, { tenant, name });
  return found ?? em.create(Publisher, { tenant, name });
}

export interface SeedEndpoint {
  readonly label: string;
  readonly kind: 'sip' | 'pstn';
  readonly destination: string;
  readonly priority?: number;
  readonly weight?: number;
  readonly maxCalls?: number;
  readonly ringTimeoutMs?: number;
}

export async function seedBuyer(
  em: EntityManager,
  tenant: Tenant,
  buyer: { readonly name: string; readonly maxCalls?: number; readonly endpoints: readonly SeedEndpoint[] },
): Promise<Buyer> {
  const found = await em.findOne(Buyer, { tenant, name: buyer.name });
  const row = found ?? em.create(Buyer, { tenant, name: buyer.name, maxCalls: buyer.maxCalls ?? null });
  for (const endpoint of buyer.endpoints) {
    const there =
      found === null ? null : await em.findOne(BuyerEndpoint, { buyer: found, label: endpoint.label });
    if (there === null) em.create(BuyerEndpoint, { tenant, buyer: row, ...endpoint });
  }
  return row;
}

export async function seedTrunk(
  em: EntityManager,
  tenant: Tenant,
  trunk: {
    readonly carrier: string;
    readonly name: string;
    readonly gateway: string;
    readonly maxCalls?: number;
  },
): Promise<Trunk> {
  const found = await em.findOne(Trunk, { tenant, name: trunk.name });
  if (found !== null) return found;
  const carrier =
    (await em.findOne(Carrier, { tenant, name: trunk.carrier })) ??
    em.create(Carrier, { tenant, name: trunk.carrier });
  return em.create(Trunk, {
    tenant,
    carrier,
    name: trunk.name,
    gateway: trunk.gateway,
    maxCalls: trunk.maxCalls ?? null,
  });
}

/** The flow with `graph` as its first version, published. A flow that has any version is left as it is. */
export async function seedFlow(
  em: EntityManager,
  tenant: Tenant,
  name: string,
  graph: FlowDocument,
): Promise<Flow> {
  const flow = (await em.findOne(Flow, { tenant, name })) ?? em.create(Flow, { tenant, name });
  await em.flush();
  if ((await em.count(FlowVersion, { flow })) === 0) {
    const version = await writeFlowVersion(em, flow.id, graph);
    await publishFlowVersion(em, version.id);
  }
  return flow;
}

export async function seedCampaign(
  em: EntityManager,
  tenant: Tenant,
  campaign: {
    readonly name: string;
    readonly flow: Flow;
    readonly record?: 'mono' | 'stereo';
    readonly ringTimeoutMs?: number;
    readonly buyers: readonly {
      readonly buyer: Buyer;
      readonly priority?: number;
      readonly weight?: number;
    }[];
    readonly publishers?: readonly Publisher[];
  },
): Promise<Campaign> {
  const found = await em.findOne(Campaign, { tenant, name: campaign.name });
  const row =
    found ??
    em.create(Campaign, {
      tenant,
      name: campaign.name,
      flow: campaign.flow,
      record: campaign.record ?? null,
      ringTimeoutMs: campaign.ringTimeoutMs ?? 20_000,
    });
  await em.flush();
  for (const place of campaign.buyers) {
    const there = await em.findOne(CampaignBuyer, { campaign: row, buyer: place.buyer });
    if (there === null) em.create(CampaignBuyer, { tenant, campaign: row, ...place });
  }
  for (const publisher of campaign.publishers ?? []) {
    const there = await em.findOne(CampaignPublisher, { campaign: row, publisher });
    if (there === null) em.create(CampaignPublisher, { tenant, campaign: row, publisher });
  }
  return row;
}

export async function seedNumber(
  em: EntityManager,
  tenant: Tenant,
  number: {
    readonly e164: string;
    readonly campaign?: Campaign;
    readonly publisher?: Publisher;
    readonly tags?: readonly string[];
  },
): Promise<PhoneNumber> {
  const found = await em.findOne(PhoneNumber, { e164: number.e164 });
  if (found !== null) return found;
  return em.create(PhoneNumber, {
    tenant,
    e164: number.e164,
    campaign: number.campaign ?? null,
    publisher: number.publisher ?? null,
    tags: [...(number.tags ?? [])],
  });
}
