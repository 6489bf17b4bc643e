import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, notifyChanged, sorted, written } from './columns.ts';
import { sharedRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Whether something is switched on: for the platform (no tenant), or otherwise for one tenant. */
export const FeatureFlag = defineEntity({
  name: 'FeatureFlag',
  tableName: 'feature_flag',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    name: sorted().check("name ~ '^[a-z][a-z0-9_]{0,62}$'"),
    description: p.text().nullable(),
    enabled: p.boolean().default(false),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [
    { properties: ['tenant', 'name'] },
    { name: 'feature_flag_platform_name', properties: ['name'], where: 'tenant_id is null' },
  ],
  triggers: [notifyChanged()],
  ...sharedRows,
});
export type FeatureFlag = InferEntity<typeof FeatureFlag>;
