import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key, written } from './columns.ts';
import { immutable, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * One change somebody made, with what stood there before and after: appended to, never changed. Changes of the platform
 * itself have no tenant and are its operators' alone to read. In monthly partitions by its UUIDv7.
 */
export const AuditLog = defineEntity({
  name: 'AuditLog',
  tableName: 'audit_log',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    actorKind: p.enum(['user', 'api_key', 'operator', 'system'] as const),
    /** The user or key, by id: the log outlives both. */
    actorId: p.uuid().nullable(),
    /** `campaign.update`, `flow.publish` … */
    action: p.text(),
    /** The table of what was changed. */
    subject: p.text(),
    subjectId: p.uuid().nullable(),
    before: p.json<object>().nullable(),
    after: p.json<object>().nullable(),
    remoteAddress: p.text().nullable(),
    requestId: p.text().nullable(),
    at: written(),
  },
  indexes: [
    { properties: ['tenant', 'id'] },
    { properties: ['tenant', 'actorId', 'id'] },
    { properties: ['tenant', 'subject', 'subjectId'] },
  ],
  triggers: [immutable('what stands in the audit log')],
  ...tenantRows,
});
export type AuditLog = InferEntity<typeof AuditLog>;
