import { type EntityManager, LockMode, type MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Tenant } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { audited } from '../audited.ts';
import { checkIfMatch, etagOf } from '../conditional.ts';
import { Problem } from '../problem.ts';
import { type Answered, once } from '../resources/idempotency.ts';
import { instantOf, named, refusing } from './rows.ts';
import type { OwnTenantChange, TenantBody, TenantChange, TenantQuery, TenantView } from './tenant-schemas.ts';

const subject = 'tenant';

/** Deletes a tenant with all that is its own; false: there was none. */
export type DeleteTenant = (tenantId: string, signal: AbortSignal) => Promise<boolean>;

/** The tenants of the installation: its operators' alone, but for what each may see and change of itself. */
export class Tenants {
  readonly #orm: MikroORM;
  readonly #delete: DeleteTenant;
  readonly #deletions = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(orm: MikroORM, deleteTenant: DeleteTenant) {
    this.#orm = orm;
    this.#delete = deleteTenant;
  }

  /** By id, behind the cursor. */
  async list(query: TenantQuery, limit: number): Promise<TenantView[]> {
    const { cursor, slug, enabled } = query;
    const wanted = {
      ...(cursor === undefined ? {} : { id: { $gt: cursor } }),
      ...(slug === undefined ? {} : { slug }),
      ...(enabled === undefined ? {} : { enabled }),
      ...named(query),
    };
    const found = await this.#orm.em.fork().find(Tenant, wanted, { orderBy: { id: 'asc' }, limit });
    return found.map(viewOf);
  }

  async find(id: string): Promise<TenantView> {
    const tenant = await this.#orm.em.fork().findOne(Tenant, { id });
    if (tenant === null) throw noTenant();
    return viewOf(tenant);
  }

  async create(request: FastifyRequest, body: TenantBody): Promise<Answered> {
    return this.#writing((em) =>
      once(em, request, null, async () => {
        const id = newId<'Row'>();
        const tenant = em.create(Tenant, { id, enabled: true, createdAt: new Date(), ...body });
        const after = viewOf(tenant);
        audited(em, request, { action: 'tenant.create', subject, subjectId: id, after, tenantId: null });
        await em.flush();
        return { status: 201, body: after, headers: { etag: etagOf(after), location: `/tenants/${id}` } };
      }),
    );
  }

  async change(request: FastifyRequest, id: string, body: TenantChange): Promise<TenantView> {
    return this.#writing((em) => changed(em, request, id, body, null));
  }

  /** The same as the tenant itself: row-level security shows it no other. */
  async findOwn(tenantId: string): Promise<TenantView> {
    return inTenant(this.#orm, tenantId, async (em) => {
      const tenant = await em.findOne(Tenant, { id: tenantId });
      if (tenant === null) throw noTenant();
      return viewOf(tenant);
    });
  }

  async changeOwn(request: FastifyRequest, tenantId: string, body: OwnTenantChange): Promise<TenantView> {
    return inTenant(this.#orm, tenantId, (em) => changed(em, request, tenantId, body, tenantId));
  }

  /**
   * Deletes a tenant, in pieces and perhaps for minutes: `done` where that took no longer than `withinMs`. A deletion
   * that broke off (a daemon that stops, a database that goes away) goes on when it is asked for again.
   */
  async remove(
    request: FastifyRequest,
    id: string,
    confirm: string,
    { withinMs, onFault }: { readonly withinMs: number; readonly onFault: (error: unknown) => void },
  ): Promise<'done' | 'deleting'> {
    await this.#writing(async (em) => {
      const tenant = await seenTenant(em, request, id);
      if (confirm !== tenant.name)
        throw new Problem('invalid-parameters', 'see faults', [
          { field: '/confirm', message: 'must be the name of the tenant' },
        ]);
      // Whoever asks for it first; asking again only goes on with it.
      if (tenant.deletingSince != null) return;
      const before = viewOf(tenant);
      em.assign(tenant, { enabled: false, deletingSince: new Date() });
      audited(em, request, { action: 'tenant.delete', subject, subjectId: id, before, tenantId: null });
    });
    let deletion = this.#deletions.get(id);
    if (deletion === undefined) {
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

  #writing<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return refusing('tenant', ['slug'], () => this.#orm.em.fork().transactional(work));
  }

  /** Deletions under way end after the piece at hand. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#deletions.values());
  }
}

/** `logOf`: whose audit log tells of it; null is the platform's. */
async function changed(
  em: EntityManager,
  request: FastifyRequest,
  id: string,
  body: TenantChange,
  logOf: string | null,
): Promise<TenantView> {
  const tenant = await seenTenant(em, request, id);
  if (tenant.deletingSince != null) throw new Problem('conflict', 'this tenant is being deleted');
  const before = viewOf(tenant);
  em.assign(tenant, body);
  const after = viewOf(tenant);
  const action = 'tenant.update';
  audited(em, request, { action, subject, subjectId: id, before, after, tenantId: logOf });
  return after;
}

/** Locked, as the client saw it. */
async function seenTenant(em: EntityManager, request: FastifyRequest, id: string): Promise<Tenant> {
  const tenant = await em.findOne(Tenant, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (tenant === null) throw noTenant();
  checkIfMatch(request, viewOf(tenant));
  return tenant;
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
    wholeNumbers: tenant.wholeNumbers ?? false,
    deletingSince: instantOf(tenant.deletingSince),
    createdAt: instantOf(tenant.createdAt),
  };
}
