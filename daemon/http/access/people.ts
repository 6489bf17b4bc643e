import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { becomeDaemon, becomeTenant, inTenant } from '../../../orm/in-tenant.ts';
import { Buyer, Membership, Publisher, Role, User } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';
import { type Asker, audited } from './audited.ts';
import { demandHeld, keepingAnAdmin } from './giving.ts';
import type { Invitation, MembershipBody, UserView } from './people-schemas.ts';
import { instantOf, isTaken } from './rows.ts';

const populate = ['user', 'role'] as const;

/**
 * The people of a tenant: users with a membership in it. A tenant decides about memberships; what is a person's own
 * (address, password) and what they are in other tenants it cannot touch.
 */
export class People {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** By id, behind `after`. */
  async list(tenantId: string, after: string | undefined, limit: number): Promise<UserView[]> {
    const behind = after === undefined ? {} : { user: { $gt: after } };
    const found = await inTenant(this.#orm, tenantId, (em) =>
      em.find(Membership, behind, { populate, orderBy: { user: { id: 'asc' } }, limit }),
    );
    return found.map(viewOf);
  }

  async find(tenantId: string, userId: string): Promise<UserView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await membershipOf(em, userId)));
  }

  /** Makes somebody a member; whoever is no user yet becomes one, with this hash of their first password. */
  async invite(
    asker: Asker,
    tenantId: string,
    invitation: Invitation,
    passwordHash: string,
  ): Promise<{ readonly user: UserView; readonly isNew: boolean }> {
    const email = invitation.email.toLowerCase();
    try {
      return await this.#orm.em.fork().transactional(async (em) => {
        const known = await em.findOne(User, { email });
        const user =
          known ?? em.create(User, { id: newId<'Row'>(), email, name: invitation.name, passwordHash });
        await em.flush();
        await becomeTenant(em, tenantId);
        if ((await em.count(Membership, { user })) > 0) throw alreadyMember;
        const given = await givenBy(em, asker, invitation);
        const membership = em.create(Membership, { id: newId<'Row'>(), tenant: tenantId, user, ...given });
        await em.flush();
        const after = viewOf(membership);
        audited(em, asker, {
          action: 'user.invite',
          subject: 'membership',
          subjectId: user.id,
          after,
          tenantId,
        });
        await em.flush();
        return { user: after, isNew: known === null };
      });
    } catch (error) {
      throw isTaken(error) ? alreadyMember : error;
    }
  }

  /** Gives a member another role, publisher or buyer. */
  async change(asker: Asker, tenantId: string, userId: string, body: MembershipBody): Promise<UserView> {
    return inTenant(this.#orm, tenantId, async (em) => {
      const membership = await membershipOf(em, userId);
      const before = viewOf(membership);
      demandHeld(asker.principal, membership.role.scopes, '/roleId');
      const given = await givenBy(em, asker, body);
      await keepingAnAdmin(em, tenantId, async () => em.assign(membership, given));
      const after = viewOf(membership);
      audited(em, asker, { action: 'user.update', subject: 'membership', subjectId: userId, before, after });
      return after;
    });
  }

  /** Ends a membership. A user who is in no tenant any more, and no operator, is no user any more. */
  async remove(asker: Asker, tenantId: string, userId: string): Promise<void> {
    await this.#orm.em.fork().transactional(async (em) => {
      await becomeTenant(em, tenantId);
      const membership = await membershipOf(em, userId);
      demandHeld(asker.principal, membership.role.scopes, '/roleId');
      const before = viewOf(membership);
      await keepingAnAdmin(em, tenantId, async () => em.remove(membership));
      audited(em, asker, {
        action: 'user.remove',
        subject: 'membership',
        subjectId: userId,
        before,
        tenantId,
      });
      await em.flush();
      await becomeDaemon(em);
      await em.execute(
        'delete from user_account u where u.id = ? and not u.operator and not exists (select 1 from membership m where m.user_id = u.id)',
        [userId],
      );
    });
  }
}

const alreadyMember = new Problem('conflict', 'see faults', [
  { field: '/email', message: 'whoever has this address is a member of this tenant' },
]);

async function membershipOf(em: EntityManager, userId: string): Promise<Membership> {
  const membership = await em.findOne(Membership, { user: userId }, { populate });
  if (membership === null) throw new Problem('not-found', 'no user of this tenant has this id');
  return membership;
}

/** The role that is given, with the publisher or buyer it needs, checked against the tenant and against who gives. */
async function givenBy(em: EntityManager, asker: Asker, body: MembershipBody) {
  const role = await em.findOne(Role, { id: body.roleId });
  if (role === null) throw wrong('/roleId', 'names no role of this tenant or of the platform');
  demandHeld(asker.principal, role.scopes, '/roleId');
  const publisherId = body.publisherId ?? null;
  const buyerId = body.buyerId ?? null;
  const needs = (view: 'publisher' | 'buyer', id: string | null): void => {
    const field = `/${view}Id`;
    if (role.view === view && id === null)
      throw wrong(field, `the role ${role.name} shows the rows of a ${view}: say whose`);
    if (role.view !== view && id !== null) throw wrong(field, `the role ${role.name} is not a ${view}'s`);
  };
  needs('publisher', publisherId);
  needs('buyer', buyerId);
  if (publisherId !== null && (await em.count(Publisher, { id: publisherId })) === 0)
    throw wrong('/publisherId', 'names no publisher of this tenant');
  if (buyerId !== null && (await em.count(Buyer, { id: buyerId })) === 0)
    throw wrong('/buyerId', 'names no buyer of this tenant');
  return { role, publisher: publisherId, buyer: buyerId };
}

function wrong(field: string, message: string): Problem {
  return new Problem('invalid-body', 'see faults', [{ field, message }]);
}

function viewOf({ user, role, publisher, buyer, createdAt }: Membership): UserView {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    enabled: user.enabled ?? true,
    lastSignInAt: instantOf(user.lastSignInAt),
    role: { id: role.id, name: role.name, view: role.view },
    publisherId: publisher?.id ?? null,
    buyerId: buyer?.id ?? null,
    memberSince: instantOf(createdAt),
  };
}
