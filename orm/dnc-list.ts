import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, isE164, key, moment, sorted, written } from './columns.ts';
import { oneTenant, sharedRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Numbers that do not want to be called: of the platform (no tenant), for all, or of one tenant. */
export const DncList = defineEntity({
  name: 'DncList',
  tableName: 'dnc_list',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    name: sorted(),
    enabled: p.boolean().default(true),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [
    { properties: ['tenant', 'name'] },
    { name: 'dnc_list_platform_name', properties: ['name'], where: 'tenant_id is null' },
  ],
  ...sharedRows,
});
export type DncList = InferEntity<typeof DncList>;

/** One number of a list. */
export const DncEntry = defineEntity({
  name: 'DncEntry',
  tableName: 'dnc_entry',
  properties: {
    id: key(),
    /** As its list's. */
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    list: () => p.manyToOne(DncList).deleteRule('cascade'),
    e164: sorted().check(isE164('e164')),
    reason: p.text().nullable(),
    createdAt: written(),
    /** Null: for ever. */
    expiresAt: moment().nullable(),
  },
  uniques: [{ properties: ['list', 'e164'] }],
  indexes: [{ properties: ['tenant', 'list'] }, { properties: ['list', 'id'] }, { properties: ['e164'] }],
  triggers: [oneTenant({ list_id: 'dnc_list' })],
  ...sharedRows,
});
export type DncEntry = InferEntity<typeof DncEntry>;
