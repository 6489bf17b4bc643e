import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, sorted, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** A word calls are marked with, as a tenant describes it. Calls carry the words themselves, also ones not listed here. */
export const Tag = defineEntity({
  name: 'Tag',
  tableName: 'tag',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted().check("name <> ''"),
    description: p.text().nullable(),
    color: p.text().nullable().check("color ~ '^#[0-9a-f]{6}$'"),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  ...tenantRows,
});
export type Tag = InferEntity<typeof Tag>;
