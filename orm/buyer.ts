import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import {
  changed,
  isE164,
  key,
  maxCalls,
  notifyChanged,
  priority,
  ringTimeoutMs,
  sorted,
  weight,
  written,
} from './columns.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Buyers that share a cap. */
export const BuyerGroup = defineEntity({
  name: 'BuyerGroup',
  tableName: 'buyer_group',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    maxCalls: maxCalls(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
  ...tenantRows,
});
export type BuyerGroup = InferEntity<typeof BuyerGroup>;

/** Who takes the calls and pays for them. */
export const Buyer = defineEntity({
  name: 'Buyer',
  tableName: 'buyer',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    group: () => p.manyToOne(BuyerGroup).nullable().deleteRule('set null').index(),
    name: sorted(),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    ringTimeoutMs: ringTimeoutMs(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged(), oneTenant({ group_id: 'buyer_group' })],
  ...tenantRows,
});
export type Buyer = InferEntity<typeof Buyer>;

/** One place a buyer can be rung at: a SIP URI, or a telephone number reached through the tenant's trunks. */
export const BuyerEndpoint = defineEntity({
  name: 'BuyerEndpoint',
  tableName: 'buyer_endpoint',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    buyer: () => p.manyToOne(Buyer).deleteRule('cascade'),
    label: p.text(),
    kind: p.enum(['sip', 'pstn'] as const),
    destination: p.text(),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    priority: priority(),
    weight: weight(),
    ringTimeoutMs: ringTimeoutMs(),
    createdAt: written(),
    updatedAt: changed(),
  },
  indexes: [{ properties: ['tenant', 'buyer'] }, { properties: ['buyer'] }],
  checks: [
    {
      name: 'buyer_endpoint_destination_form',
      expression: `case kind when 'pstn' then ${isE164('destination')} else destination ~ '^sips?:[^[:space:]]+$' end`,
    },
  ],
  triggers: [notifyChanged(), oneTenant({ buyer_id: 'buyer' })],
  ...tenantRows,
});
export type BuyerEndpoint = InferEntity<typeof BuyerEndpoint>;
