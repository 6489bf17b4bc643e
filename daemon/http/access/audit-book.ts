import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { AuditLog } from '../../../orm/index.ts';
import { type Asker, audited, type Change } from '../audited.ts';
import { Problem } from '../problem.ts';
import type { AuditEntry, AuditQuery } from './audit-schemas.ts';

/** The audit log: read by page; written by itself only for what changes no row. */
export class AuditBook {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** At most `limit` entries older than the cursor's, newest first; of the platform itself where `tenantId` is null. */
  async list(tenantId: string | null, query: AuditQuery, limit: number): Promise<AuditEntry[]> {
    const work = (em: EntityManager): Promise<AuditLog[]> =>
      em.find(
        AuditLog,
        {
          tenant: tenantId,
          ...(query.subject === undefined ? {} : { subject: query.subject }),
          ...(query.subjectId === undefined ? {} : { subjectId: query.subjectId }),
          ...(query.action === undefined ? {} : { action: query.action }),
          ...(query.actorId === undefined ? {} : { actorId: query.actorId }),
          // By id, which begins with its moment: so are the partitions.
          id: {
            ...(query.cursor === undefined ? {} : { $lt: query.cursor }),
            ...(query.from === undefined ? {} : { $gte: uuidAt('/from', query.from) }),
          },
          ...(query.to === undefined ? {} : { $and: [{ id: { $lt: uuidAt('/to', query.to) } }] }),
        },
        { orderBy: { id: 'desc' }, limit },
      );
    const rows =
      tenantId === null ? await work(this.#orm.em.fork()) : await inTenant(this.#orm, tenantId, work);
    return rows.map(entryOf);
  }

  /** Writes down what was done to something that has no row yet: a live call. */
  async note(asker: Asker, change: Change): Promise<void> {
    const tenantId = change.tenantId === undefined ? asker.principal.tenantId : change.tenantId;
    await this.#orm.em.fork().transactional(async (em) => {
      audited(em, asker, { ...change, tenantId: tenantId ?? null });
    });
  }
}

/** The least UUIDv7 of a moment. A leap second is none to JavaScript. */
function uuidAt(field: string, moment: string): string {
  const ms = Date.parse(moment);
  if (Number.isNaN(ms))
    throw new Problem('invalid-parameters', 'see faults', [{ field, message: 'is no such day or hour' }]);
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

function entryOf(row: AuditLog): AuditEntry {
  return {
    id: row.id,
    at: row.at.toISOString().replace('Z', '000Z'),
    actor: { kind: row.actorKind, id: row.actorId ?? null },
    action: row.action,
    subject: row.subject,
    subjectId: row.subjectId ?? null,
    before: row.before ?? null,
    after: row.after ?? null,
    requestId: row.requestId ?? null,
    address: row.remoteAddress ?? null,
  };
}
