import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, maxCalls, notifyChanged, priority, weight, written } from './columns.ts';
import { Tenant } from './tenant.ts';

/** A company that carries calls to the telephone network. */
export const Carrier = defineEntity({
  name: 'Carrier',
  tableName: 'carrier',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: p.text(),
    enabled: p.boolean().default(true),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
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
    name: p.text(),
    gateway: p.text().check("gateway ~ '^[A-Za-z0-9_.-]{1,64}$'"),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    priority: priority(),
    weight: weight(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  indexes: [{ properties: ['carrier'] }],
  triggers: [notifyChanged()],
});
export type Trunk = InferEntity<typeof Trunk>;
