import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, maxCalls, notifyChanged, priority, sorted, weight, written } from './columns.ts';
import { RateCard } from './rate-card.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** A company that carries calls to the telephone network. */
export const Carrier = defineEntity({
  name: 'Carrier',
  tableName: 'carrier',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    enabled: p.boolean().default(true),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
  ...tenantRows,
});
export type Carrier = InferEntity<typeof Carrier>;

/** A SIP path to a carrier: a gateway of FreeSWITCH's external profile. */
export const Trunk = defineEntity({
  name: 'Trunk',
  tableName: 'trunk',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    carrier: () => p.manyToOne(Carrier).deleteRule('cascade'),
    name: sorted(),
    gateway: p.text().check("gateway ~ '^[A-Za-z0-9_.-]{1,64}$'"),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    /** What its calls cost. */
    rateCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    priority: priority(),
    weight: weight(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  indexes: [{ properties: ['carrier'] }],
  triggers: [notifyChanged(), oneTenant({ carrier_id: 'carrier', rate_card_id: 'rate_card' })],
  ...tenantRows,
});
export type Trunk = InferEntity<typeof Trunk>;
