import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * Something a tenant's systems may want to know; webhooks and live streams tell it. The id is a UUIDv7 made with the
 * event, the same on every retry, and the key of the monthly partitions (partitions.ts).
 */
export const Event = defineEntity({
  name: 'Event',
  tableName: 'event',
  properties: {
    id: p.uuid().primary(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    /** `call.started`, `call.connected`, `conversion.posted` … */
    kind: p.text().check("kind ~ '^[a-z]+([._][a-z]+)*$'"),
    callId: p.uuid().nullable(),
    /** Its place among the events of its call. */
    sequence: p.integer().nullable(),
    payload: p.json<object>(),
    occurredAt: moment(),
    writtenAt: written(),
  },
  indexes: [
    { properties: ['tenant', 'occurredAt', 'id'] },
    { properties: ['tenant', 'kind', 'occurredAt', 'id'] },
    { properties: ['callId'] },
  ],
  ...tenantRows,
});
export type Event = InferEntity<typeof Event>;
