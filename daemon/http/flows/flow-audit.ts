import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { AuditLog, type Flow } from '../../../orm/index.ts';

/** Who asked, from where: of a request that knows its principal. */
export type Asker = Pick<FastifyRequest, 'principal' | 'id' | 'ip'>;

/** Writes a change of a flow into the audit log, with the change's own transaction: both stand, or neither. */
export function auditFlow(
  em: EntityManager,
  { principal, id, ip }: Asker,
  flow: Flow,
  change: { readonly action: string; readonly before?: object; readonly after?: object },
): void {
  em.create(AuditLog, {
    tenant: flow.tenant,
    actorKind: principal.kind,
    actorId: principal.id ?? null,
    action: change.action,
    subject: 'flow',
    subjectId: flow.id,
    before: change.before ?? null,
    after: change.after ?? null,
    remoteAddress: ip,
    requestId: id,
  });
}
