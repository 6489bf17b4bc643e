import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { apiRole, daemonRole, tenantSetting } from './row-security.ts';

/**
 * Runs `work` as one tenant: in a transaction with `SET LOCAL ROLE callfabric_api` and `app.tenant_id`, so that
 * PostgreSQL itself shows and takes that tenant's rows alone, whatever `work` asks for. Both end with the transaction;
 * the connection goes back as it was. `source`: the ORM or an EntityManager that is in no transaction of its own.
 */
export async function inTenant<T>(
  source: MikroORM | EntityManager,
  tenantId: string,
  work: (em: EntityManager) => Promise<T>,
): Promise<T> {
  const em = 'em' in source ? source.em : source;
  // Within somebody's transaction the role would stay set for what comes after.
  if (em.isInTransaction()) throw new Error('inTenant begins a transaction of its own');
  // No request takes PostgreSQL's workers from whoever writes calls, or waits for them to start: most pages are done by then.
  const variables = { [tenantSetting]: tenantId, max_parallel_workers_per_gather: '0' };
  const own = em.fork({ session: { role: apiRole, variables } });
  return own.transactional(work);
}

/**
 * Makes the rest of a transaction that began as the daemon the tenant's, as `inTenant` does for a whole one: for work
 * that begins with rows of no tenant (a person).
 */
export async function becomeTenant(em: EntityManager, tenantId: string): Promise<void> {
  if (!em.isInTransaction()) throw new Error('becomeTenant is for a transaction under way');
  await em.execute(`set local role ${apiRole}`);
  await em.execute('select set_config(?, ?, true)', [tenantSetting, tenantId]);
}

/** Makes the rest of the transaction the daemon's again. */
export async function becomeDaemon(em: EntityManager): Promise<void> {
  // By its name: NONE would be the login.
  await em.execute(`set local role ${daemonRole}`);
}
