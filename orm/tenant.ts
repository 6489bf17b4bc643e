import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { forgetCounts } from './call-counts-sql.ts';
import { changed, key, maxCalls, moment, notifyChanged, written } from './columns.ts';
import { tenantItself } from './row-security.ts';

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
    /** True: its publishers and buyers see whole telephone numbers; false: the last four digits. */
    wholeNumbers: p.boolean().default(false),
    /** Set: it is being deleted, in pieces (delete-tenant.ts); what is immutable may go now. */
    deletingSince: moment().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  triggers: [notifyChanged('id'), forgetCounts],
  ...tenantItself,
});
export type Tenant = InferEntity<typeof Tenant>;
