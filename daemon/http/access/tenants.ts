import type { MikroORM } from '@mikro-orm/postgresql';
import { Tenant } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';
import { type Asker, audited } from './audited.ts';
import { instantOf, isTaken } from './rows.ts';
import type { TenantBody, TenantChange, TenantView } from './tenant-schemas.ts';

const taken = new Problem('conflict', 'see faults', [
  { field: '/slug', message: 'another tenant is called so' },
]);

/** Deletes a tenant with all that is its own; false: there was none. */
export type DeleteTenant = (tenantId: string, signal: AbortSignal) => Promise<boolean>;

/** The tenants of the installation: its operators' alone. */
export class Tenants {
  readonly #orm: MikroORM;
  readonly #delete: DeleteTenant;
  readonly #deletions = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(orm: MikroORM, deleteTenant: DeleteTenant) {
    this.#orm = orm;
    this.#delete = deleteTenant;
  }

  /** By id, behind `after`. */
  async list(after: string | undefined, limit: number): Promise<TenantView[]> {
    const behind = after === undefined ? {} : { id: { $gt: after } };
    const found = await this.#orm.em.fork().find(Tenant, behind, { orderBy: { id: 'asc' }, limit });
    return found.map(viewOf);
  }

  async find(id: string): Promise<TenantView> {
    const tenant = await this.#orm.em.fork().findOne(Tenant, { id });
    if (tenant === null) throw noTenant();
    return viewOf(tenant);
  }

  async create(asker: Asker, body: TenantBody): Promise<TenantView> {
    try {
      return await this.#orm.em.fork().transactional(async (em) => {
        const id = newId<'Row'>();
        const tenant = em.create(Tenant, { id, enabled: true, createdAt: new Date(), ...body });
        audited(em, asker, {
          action: 'tenant.create',
          subject: 'tenant',
          subjectId: id,
          after: viewOf(tenant),
          tenantId: null,
        });
        return viewOf(tenant);
      });
    } catch (error) {
      throw isTaken(error) ? taken : error;
    }
  }

  async change(asker: Asker, id: string, body: TenantChange): Promise<TenantView> {
    try {
      return await this.#orm.em.fork().transactional(async (em) => {
        const tenant = await em.findOne(Tenant, { id });
        if (tenant === null) throw noTenant();
        if (tenant.deletingSince != null) throw new Problem('conflict', 'this tenant is being deleted');
        const before = viewOf(tenant);
        em.assign(tenant, body);
        audited(em, asker, {
          action: 'tenant.update',
          subject: 'tenant',
          subjectId: id,
          before,
          after: viewOf(tenant),
          tenantId: null,
        });
        return viewOf(tenant);
      });
    } catch (error) {
      throw isTaken(error) ? taken : error;
    }
  }

  /**
   * Deletes a tenant, in pieces and perhaps for minutes: `done` where that took no longer than `withinMs`. A deletion
   * that broke off (a daemon that stops, a database that goes away) goes on when it is asked for again.
   */
  async remove(
    asker: Asker,
    id: string,
    confirm: string,
    { withinMs, onFault }: { readonly withinMs: number; readonly onFault: (error: unknown) => void },
  ): Promise<'done' | 'deleting'> {
    const tenant = await this.find(id);
    if (confirm !== tenant.name)
      throw new Problem('invalid-parameters', 'see faults', [
        { field: '/confirm', message: 'must be the name of the tenant' },
      ]);
    let deletion = this.#deletions.get(id);
    if (deletion === undefined) {
      await this.#orm.em.fork().transactional(async (em) => {
        audited(em, asker, {
          action: 'tenant.delete',
          subject: 'tenant',
          subjectId: id,
          before: tenant,
          tenantId: null,
        });
      });
      deletion = this.#delete(id, this.#stopping.signal).then(() => {});
      this.#deletions.set(id, deletion);
      void deletion.catch(onFault).finally(() => this.#deletions.delete(id));
    }
    const { promise: late, resolve } = Promise.withResolvers<'deleting'>();
    const timer = setTimeout(() => resolve('deleting'), withinMs);
    try {
      return await Promise.race([deletion.then(() => 'done' as const), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Deletions under way end after the piece at hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#deletions.values());
  }
}

function noTenant(): Problem {
  return new Problem('not-found', 'no tenant has this id');
}

function viewOf(tenant: Tenant): TenantView {
  const { id, slug, name } = tenant;
  return {
    id,
    slug,
    name,
    enabled: tenant.enabled ?? true,
    maxCalls: tenant.maxCalls ?? null,
    deletingSince: instantOf(tenant.deletingSince),
    createdAt: instantOf(tenant.createdAt),
  };
}
