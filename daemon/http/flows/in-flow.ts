import { type EntityManager, LockMode, type MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Flow } from '../../../orm/index.ts';
import { Problem } from '../problem.ts';
import type { Asker } from './flow-audit.ts';

type Work<T> = (em: EntityManager, flow: Flow) => Promise<T>;

/** Work on one flow as the tenant of whoever asks; an operator who named none asks as the flow's own. */
export async function inFlow<T>(
  orm: MikroORM,
  asker: Asker,
  flowId: string,
  work: Work<T>,
  lockMode: LockMode = LockMode.NONE,
): Promise<T> {
  const tenantId = asker.principal.tenantId ?? (await orm.em.fork().findOne(Flow, { id: flowId }))?.tenant.id;
  if (tenantId === undefined) throw noFlow();
  return inTenant(orm, tenantId, async (em) => {
    const flow = await em.findOne(Flow, { id: flowId }, { lockMode });
    if (flow === null) throw noFlow();
    return work(em, flow);
  });
}

/** The same with the lock on the flow's row: whoever changes a flow holds it. */
export function changingFlow<T>(orm: MikroORM, asker: Asker, flowId: string, work: Work<T>): Promise<T> {
  return inFlow(orm, asker, flowId, work, LockMode.PESSIMISTIC_WRITE);
}

function noFlow(): Problem {
  return new Problem('not-found', 'no flow has this id');
}
