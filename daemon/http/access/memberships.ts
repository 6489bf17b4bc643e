import type { EntityManager } from '@mikro-orm/postgresql';
import { Buyer, Membership, Publisher, Role } from '../../../orm/index.ts';
import type { Principal } from '../access.ts';
import { Problem } from '../problem.ts';
import { demandHeld, demandLasting } from './giving.ts';
import type { MembershipBody } from './people-schemas.ts';

/** A member of the tenant of the transaction; `locked`: nobody else changes what they are until it ends. */
export async function membershipOf(em: EntityManager, userId: string, locked = false): Promise<Membership> {
  if (locked) await em.execute('select 1 from membership where user_id = ? for update', [userId]);
  const membership = await em.findOne(Membership, { user: userId }, { populate: ['user', 'role'] });
  if (membership === null) throw new Problem('not-found', 'no user of this tenant has this id');
  return membership;
}

/** The role that is given, with the publisher or buyer it needs, checked against the tenant and against who gives. */
export async function givenBy(em: EntityManager, giver: Principal, body: MembershipBody) {
  await demandLasting(em, giver);
  const role = await em.findOne(Role, { id: body.roleId });
  if (role === null) throw wrong('/roleId', 'names no role of this tenant or of the platform');
  demandHeld(giver, role.scopes, '/roleId');
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

/** Locks an account until the transaction ends: whoever changes its memberships or password does so first. */
export async function lockAccount(em: EntityManager, userId: string): Promise<void> {
  await em.execute('select 1 from user_account where id = ? for update', [userId]);
}

/** The account of somebody who is in no tenant any more, and no operator, goes. As the daemon, with the account locked. */
export async function dropUnused(em: EntityManager, userId: string): Promise<void> {
  await em.execute(
    'delete from user_account u where u.id = ? and not u.operator and not exists (select 1 from membership m where m.user_id = u.id)',
    [userId],
  );
}
