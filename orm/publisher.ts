import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, notifyChanged, sorted, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Who sends the calls and is paid for them. */
export const Publisher = defineEntity({
  name: 'Publisher',
  tableName: 'publisher',
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
export type Publisher = InferEntity<typeof Publisher>;
