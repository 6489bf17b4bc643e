import type { EntityManager } from '@mikro-orm/postgresql';
import type { Flow } from '../../../orm/index.ts';
import { type Asker, audited } from '../audited.ts';

export type { Asker };

/** Writes a change of a flow into the audit log, with the change's own transaction: both stand, or neither. */
export function auditFlow(
  em: EntityManager,
  asker: Asker,
  flow: Flow,
  change: { readonly action: string; readonly before?: object; readonly after?: object },
): void {
  audited(em, asker, { ...change, subject: 'flow', subjectId: flow.id, tenantId: flow.tenant.id });
}
