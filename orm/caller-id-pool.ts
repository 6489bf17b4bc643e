import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, isE164, key, moment, notifyChanged, sorted, weight, written } from './columns.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Numbers a call may show its callee, and how one is chosen. */
export const CallerIdPool = defineEntity({
  name: 'CallerIdPool',
  tableName: 'caller_id_pool',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    strategy: p.enum(['local_presence', 'least_used', 'sticky'] as const).default('least_used'),
    enabled: p.boolean().default(true),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
  ...tenantRows,
});
export type CallerIdPool = InferEntity<typeof CallerIdPool>;

/** One number of a pool. */
export const CallerIdNumber = defineEntity({
  name: 'CallerIdNumber',
  tableName: 'caller_id_number',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    pool: () => p.manyToOne(CallerIdPool).deleteRule('cascade'),
    e164: sorted().check(isE164('e164')),
    enabled: p.boolean().default(true),
    weight: weight(),
    /** How often it was shown, for `least_used`; counted now and then, not with each call. */
    uses: p.bigint('number').default(0).check('uses >= 0'),
    lastUsedAt: moment().nullable(),
    createdAt: written(),
  },
  uniques: [{ properties: ['pool', 'e164'] }],
  indexes: [{ properties: ['tenant', 'pool'] }],
  triggers: [notifyChanged(), oneTenant({ pool_id: 'caller_id_pool' })],
  ...tenantRows,
});
export type CallerIdNumber = InferEntity<typeof CallerIdNumber>;
