import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, maxCalls, notifyChanged, written } from './columns.ts';

/** A customer of the installation; deleting it removes all that is its own. */
export const Tenant = defineEntity({
  name: 'Tenant',
  tableName: 'tenant',
  properties: {
    id: key(),
    slug: p.text().unique().check("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'"),
    name: p.text(),
    enabled: p.boolean().default(true),
    maxCalls: maxCalls(),
    createdAt: written(),
    updatedAt: changed(),
  },
  triggers: [notifyChanged('id')],
});
export type Tenant = InferEntity<typeof Tenant>;
