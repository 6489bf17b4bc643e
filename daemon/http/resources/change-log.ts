import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { AuditLog } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import type { Row } from './resource-rows.ts';

export interface Change {
  /** `campaign.update` */
  readonly action: string;
  /** The table. */
  readonly subject: string;
  readonly id: string | null;
  readonly before: Row | null;
  readonly after: Row | null;
  /** Whose row it is; null: the platform's. */
  readonly tenantId: string | null;
}

/** Hears of every change, in its transaction: what throws here undoes it. */
export type OnChange = (em: EntityManager, request: FastifyRequest, change: Change) => Promise<void>;

/** Writes the change into the audit log. */
export const logChange: OnChange = async (em, request, change) => {
  const { principal } = request;
  await em.insert(AuditLog, {
    id: newId<'Row'>(),
    tenant: change.tenantId,
    actorKind: principal.kind,
    actorId: principal.id ?? null,
    action: change.action,
    subject: change.subject,
    subjectId: change.id,
    before: change.before,
    after: change.after,
    remoteAddress: request.ip,
    requestId: request.id,
  });
};
