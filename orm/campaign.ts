import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { Buyer } from './buyer.ts';
import {
  changed,
  isE164,
  key,
  maxCalls,
  notifyChanged,
  priority,
  sorted,
  weight,
  written,
} from './columns.ts';
import { Flow } from './flow.ts';
import { Publisher } from './publisher.ts';
import { RateCard } from './rate-card.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What a number's calls are for: a flow, and the buyers who may get them. */
export const Campaign = defineEntity({
  name: 'Campaign',
  tableName: 'campaign',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    flow: () => p.manyToOne(Flow).nullable().deleteRule('set null'),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    ringTimeoutMs: p.integer().default(20_000).check('ring_timeout_ms >= 1000 and ring_timeout_ms <= 600000'),
    /** Null: no recording unless a node asks for it. */
    record: p.enum(['mono', 'stereo'] as const).nullable(),
    recordingRetentionDays: p.integer().nullable().check('recording_retention_days > 0'),
    /** What its buyers pay and its publishers get, where their own place in it says nothing else. */
    priceCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    payoutCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  indexes: [{ properties: ['flow'] }],
  triggers: [
    notifyChanged(),
    oneTenant({ flow_id: 'flow', price_card_id: 'rate_card', payout_card_id: 'rate_card' }),
  ],
  ...tenantRows,
});
export type Campaign = InferEntity<typeof Campaign>;

/** A buyer's place in a campaign's plan. */
export const CampaignBuyer = defineEntity({
  name: 'CampaignBuyer',
  tableName: 'campaign_buyer',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    campaign: () => p.manyToOne(Campaign).deleteRule('cascade'),
    buyer: () => p.manyToOne(Buyer).deleteRule('cascade'),
    rateCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    enabled: p.boolean().default(true),
    priority: priority(),
    weight: weight(),
  },
  uniques: [{ properties: ['campaign', 'buyer'] }],
  indexes: [{ properties: ['tenant', 'campaign'] }, { properties: ['buyer'] }],
  triggers: [
    notifyChanged(),
    oneTenant({ campaign_id: 'campaign', buyer_id: 'buyer', rate_card_id: 'rate_card' }),
  ],
  ...tenantRows,
});
export type CampaignBuyer = InferEntity<typeof CampaignBuyer>;

/** A publisher who may send calls to a campaign. */
export const CampaignPublisher = defineEntity({
  name: 'CampaignPublisher',
  tableName: 'campaign_publisher',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    campaign: () => p.manyToOne(Campaign).deleteRule('cascade'),
    publisher: () => p.manyToOne(Publisher).deleteRule('cascade'),
    rateCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
  },
  uniques: [{ properties: ['campaign', 'publisher'] }],
  indexes: [{ properties: ['tenant', 'campaign'] }, { properties: ['publisher'] }],
  triggers: [
    notifyChanged(),
    oneTenant({ campaign_id: 'campaign', publisher_id: 'publisher', rate_card_id: 'rate_card' }),
  ],
  ...tenantRows,
});
export type CampaignPublisher = InferEntity<typeof CampaignPublisher>;

/** A DID. It belongs to one tenant of the installation and is routed while it has a campaign. */
export const PhoneNumber = defineEntity({
  name: 'PhoneNumber',
  tableName: 'phone_number',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    e164: sorted().unique().check(isE164('e164')),
    campaign: () => p.manyToOne(Campaign).nullable().deleteRule('set null'),
    publisher: () => p.manyToOne(Publisher).nullable().deleteRule('set null'),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    tags: p.array().defaultRaw("'{}'"),
    createdAt: written(),
    updatedAt: changed(),
  },
  indexes: [
    { properties: ['tenant', 'e164'] },
    { properties: ['tenant', 'id'] },
    { properties: ['campaign', 'e164'] },
    { properties: ['publisher', 'e164'] },
  ],
  triggers: [notifyChanged(), oneTenant({ campaign_id: 'campaign', publisher_id: 'publisher' })],
  ...tenantRows,
});
export type PhoneNumber = InferEntity<typeof PhoneNumber>;
