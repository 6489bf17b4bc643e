import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, notifyChanged, sorted, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Hours under a name, for flows and buyers to share. */
export const Schedule = defineEntity({
  name: 'Schedule',
  tableName: 'schedule',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    /** IANA zone, or `caller`: the zone of the caller's number. */
    zone: p.text(),
    /** A Calendar (daemon/flow/calendar.ts): weekly spans, and holidays that replace a day's. */
    calendar: p.json<object>(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
  ...tenantRows,
});
export type Schedule = InferEntity<typeof Schedule>;
