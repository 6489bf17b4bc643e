import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Membership, Role } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';
import { type Asker, audited } from './audited.ts';
import { demandHeld, keepingAnAdmin } from './giving.ts';
import type { RoleBody, RoleChange, RoleView } from './people-schemas.ts';
import { isTaken } from './rows.ts';

const taken = new Problem('conflict', 'see faults', [
  { field: '/name', message: 'another role of this tenant is called so' },
]);

/** The roles a tenant may give: the platform's, and its own. */
export class Roles {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** By id, behind `after`. */
  async list(tenantId: string, after: string | undefined, limit: number): Promise<RoleView[]> {
    const behind = after === undefined ? {} : { id: { $gt: after } };
    const roles = await inTenant(this.#orm, tenantId, (em) =>
      em.find(Role, behind, { orderBy: { id: 'asc' }, limit }),
    );
    return roles.map(viewOf);
  }

  async find(tenantId: string, id: string): Promise<RoleView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await roleOf(em, id)));
  }

  async create(asker: Asker, tenantId: string, body: RoleBody): Promise<RoleView> {
    demandHeld(asker.principal, body.scopes);
    return this.#writing(tenantId, async (em) => {
      const role = em.create(Role, {
        id: newId<'Row'>(),
        tenant: tenantId,
        name: body.name,
        description: body.description ?? '',
        view: body.view ?? 'tenant',
        scopes: [...body.scopes],
      });
      audited(em, asker, { action: 'role.create', subject: 'role', subjectId: role.id, after: viewOf(role) });
      return viewOf(role);
    });
  }

  async change(asker: Asker, tenantId: string, id: string, body: RoleChange): Promise<RoleView> {
    return this.#writing(tenantId, async (em) => {
      const role = await ownRoleOf(em, id);
      const before = viewOf(role);
      // What it gives, and what it gave: nobody takes from others what they do not have either.
      demandHeld(asker.principal, [...before.scopes, ...(body.scopes ?? [])]);
      await keepingAnAdmin(em, tenantId, async () => {
        em.assign(role, {
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.description === undefined ? {} : { description: body.description }),
          ...(body.scopes === undefined ? {} : { scopes: [...body.scopes] }),
        });
      });
      audited(em, asker, {
        action: 'role.update',
        subject: 'role',
        subjectId: id,
        before,
        after: viewOf(role),
      });
      return viewOf(role);
    });
  }

  async remove(asker: Asker, tenantId: string, id: string): Promise<void> {
    await this.#writing(tenantId, async (em) => {
      const role = await ownRoleOf(em, id);
      demandHeld(asker.principal, role.scopes);
      // The database would let its members go with it.
      if ((await em.count(Membership, { role })) > 0)
        throw new Problem('conflict', 'somebody has this role: give them another one first');
      audited(em, asker, { action: 'role.delete', subject: 'role', subjectId: id, before: viewOf(role) });
      em.remove(role);
    });
  }

  async #writing<T>(tenantId: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await inTenant(this.#orm, tenantId, work);
    } catch (error) {
      throw isTaken(error) ? taken : error;
    }
  }
}

/** A role the tenant sees. */
async function roleOf(em: EntityManager, id: string): Promise<Role> {
  const role = await em.findOne(Role, { id });
  if (role === null) throw new Problem('not-found', 'no role has this id');
  return role;
}

async function ownRoleOf(em: EntityManager, id: string): Promise<Role> {
  const role = await roleOf(em, id);
  if (role.tenant == null)
    throw new Problem('forbidden', "this role is the platform's: make one of your own");
  return role;
}

function viewOf(role: Role): RoleView {
  const { id, name, description, view, scopes, tenant } = role;
  return { id, name, description, view, scopes: [...scopes], platform: tenant == null };
}
