import { type EntityManager, LockMode, type MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Membership, Role } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { audited } from '../audited.ts';
import { checkIfMatch, etagOf } from '../conditional.ts';
import { Problem } from '../problem.ts';
import { type Answered, once } from '../resources/idempotency.ts';
import { demandHeld, demandLasting, keepingAnAdmin } from './giving.ts';
import type { RoleBody, RoleChange, RoleQuery, RoleView } from './role-schemas.ts';
import { named, refusing } from './rows.ts';

const subject = 'role';

/** The roles a tenant may give: the platform's, and its own. */
export class Roles {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** By id, behind the cursor. */
  async list(tenantId: string, query: RoleQuery, limit: number): Promise<RoleView[]> {
    const behind = query.cursor === undefined ? {} : { id: { $gt: query.cursor } };
    const roles = await inTenant(this.#orm, tenantId, (em) =>
      em.find(Role, { ...behind, ...named(query) }, { orderBy: { id: 'asc' }, limit }),
    );
    return roles.map(viewOf);
  }

  async find(tenantId: string, id: string): Promise<RoleView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await roleOf(em, id)));
  }

  async create(request: FastifyRequest, tenantId: string, body: RoleBody): Promise<Answered> {
    demandHeld(request.principal, body.scopes);
    return this.#writing(tenantId, (em) =>
      once(em, request, tenantId, async () => {
        const role = em.create(Role, {
          id: newId<'Row'>(),
          tenant: tenantId,
          name: body.name,
          description: body.description ?? '',
          view: body.view ?? 'tenant',
          scopes: [...body.scopes],
        });
        const after = viewOf(role);
        audited(em, request, { action: 'role.create', subject, subjectId: role.id, after });
        await em.flush();
        return { status: 201, body: after, headers: { etag: etagOf(after), location: `/roles/${role.id}` } };
      }),
    );
  }

  async change(request: FastifyRequest, tenantId: string, id: string, body: RoleChange): Promise<RoleView> {
    return this.#writing(tenantId, async (em) => {
      const role = await ownRoleOf(em, request, id);
      const before = viewOf(role);
      // What it gives, and what it gave: nobody takes from others what they do not have either.
      demandHeld(request.principal, [...before.scopes, ...(body.scopes ?? [])]);
      if (body.scopes !== undefined) await demandLasting(em, request.principal);
      await keepingAnAdmin(em, tenantId, async () => {
        em.assign(role, {
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.description === undefined ? {} : { description: body.description }),
          ...(body.scopes === undefined ? {} : { scopes: [...body.scopes] }),
        });
      });
      const after = viewOf(role);
      audited(em, request, { action: 'role.update', subject, subjectId: id, before, after });
      return after;
    });
  }

  async remove(request: FastifyRequest, tenantId: string, id: string): Promise<void> {
    await this.#writing(tenantId, async (em) => {
      const role = await ownRoleOf(em, request, id);
      demandHeld(request.principal, role.scopes);
      // The database would let its members go with it.
      if ((await em.count(Membership, { role })) > 0)
        throw new Problem('conflict', 'somebody has this role: give them another one first');
      audited(em, request, { action: 'role.delete', subject, subjectId: id, before: viewOf(role) });
      em.remove(role);
    });
  }

  #writing<T>(tenantId: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return refusing('role', ['name'], () => inTenant(this.#orm, tenantId, work));
  }
}

/** A role the tenant sees. */
async function roleOf(em: EntityManager, id: string): Promise<Role> {
  const role = await em.findOne(Role, { id });
  if (role === null) throw new Problem('not-found', 'no role has this id');
  return role;
}

/** A role of the tenant, locked, as the client saw it. */
async function ownRoleOf(em: EntityManager, request: FastifyRequest, id: string): Promise<Role> {
  const role = await em.findOne(Role, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (role === null) {
    // Read, not locked: the platform's, which row-level security lets nobody here write.
    await roleOf(em, id);
    throw new Problem('forbidden', "this role is the platform's: make one of your own");
  }
  checkIfMatch(request, viewOf(role));
  return role;
}

function viewOf(role: Role): RoleView {
  const { id, name, description, view, scopes, tenant } = role;
  return { id, name, description, view, scopes: [...scopes], platform: tenant == null };
}
