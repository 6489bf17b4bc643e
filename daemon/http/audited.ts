import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { AuditLog, Tenant } from '../../orm/index.ts';

/** What was changed, as the audit log keeps it. Rows or views of them: what is secret in them is left out. */
export interface Change {
  /** `campaign.update`, `flow.publish` … */
  readonly action: string;
  /** The table. */
  readonly subject: string;
  readonly subjectId?: string | null | undefined;
  readonly before?: object | null | undefined;
  readonly after?: object | null | undefined;
  /** Null: a change of the platform, which no tenant reads. Default: the tenant the request is about. */
  readonly tenantId?: string | null;
}

/** Who asked, from where: of a request that knows its principal. */
export type Asker = Pick<FastifyRequest, 'principal' | 'id' | 'ip'>;

/**
 * Writes a change into the audit log. Call it within the change's own transaction (the `em` of `inTenant`): both
 * stand, or neither. Written with the transaction's flush.
 */
export function audited(em: EntityManager, { principal, id, ip }: Asker, change: Change): void {
  const tenantId = change.tenantId === undefined ? (principal.tenantId ?? null) : change.tenantId;
  em.create(AuditLog, {
    tenant: tenantId === null ? null : em.getReference(Tenant, tenantId),
    actorKind: principal.kind,
    actorId: principal.id ?? null,
    action: change.action,
    subject: change.subject,
    subjectId: change.subjectId ?? null,
    before: shown(change.before),
    after: shown(change.after),
    remoteAddress: ip,
    requestId: id,
  });
}

/** Never kept, at whatever depth: who reads the log must not learn what opens a door. */
const secretName = /password|secret|token|hash|credential/i;

/** JSON of it without secrets; money as strings, entities without their hidden columns. */
function shown(value: object | null | undefined): object | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value, (name, of: unknown) =>
    secretName.test(name) ? undefined : typeof of === 'bigint' ? of.toString() : of,
  );
  return JSON.parse(text) as object;
}
