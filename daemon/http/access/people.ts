import type { MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { becomeDaemon, becomeTenant, inTenant } from '../../../orm/in-tenant.ts';
import { Invitation, Membership, Session, User } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import type { Principal } from '../access.ts';
import { audited } from '../audited.ts';
import { checkIfMatch, etagOf } from '../conditional.ts';
import { Problem } from '../problem.ts';
import { type Answered, once } from '../resources/idempotency.ts';
import { demandHeld, demandLasting, keepingAnAdmin } from './giving.ts';
import { dropUnused, givenBy, lockAccount, membershipOf } from './memberships.ts';
import type { AccountChange, MembershipBody, NewUser, UserQuery, UserView } from './people-schemas.ts';
import { instantOf, isTaken, named, refusing } from './rows.ts';
import { ToldAccounts } from './told-accounts.ts';

const subject = 'membership';
const roleFields = ['roleId', 'publisherId', 'buyerId'];

/** A password that somebody gives to somebody else. */
export interface FirstPassword {
  readonly hash: string;
  /** Shown once to who gives it; null where they chose it themselves. */
  readonly shown: string | null;
}

/**
 * The people of a tenant: users with a membership in it. A tenant decides about memberships, and about the accounts of
 * those who are in no other one. An account that is there already joins by an invitation it accepts (invitations.ts).
 */
export class People {
  readonly #orm: MikroORM;
  readonly #told = new ToldAccounts();

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** By id, behind the cursor. */
  async list(tenantId: string, query: UserQuery, limit: number): Promise<UserView[]> {
    const { cursor, email, enabled } = query;
    const user = {
      ...named(query),
      ...(email === undefined ? {} : { email: email.toLowerCase() }),
      ...(enabled === undefined ? {} : { enabled }),
    };
    const behind = cursor === undefined ? [] : [{ user: { id: { $gt: cursor } } }];
    const found = await inTenant(this.#orm, tenantId, (em) =>
      em.find(
        Membership,
        { $and: [...behind, { user }] },
        { populate: ['user', 'role'], orderBy: { user: { id: 'asc' } }, limit },
      ),
    );
    return found.map(viewOf);
  }

  async find(tenantId: string, userId: string): Promise<UserView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await membershipOf(em, userId)));
  }

  /** Makes the account of somebody who has none, and makes them a member. */
  async create(
    request: FastifyRequest,
    tenantId: string,
    body: NewUser,
    password: FirstPassword,
  ): Promise<Answered> {
    const email = body.email.toLowerCase();
    const { principal } = request;
    try {
      return await refusing('membership', roleFields, () =>
        this.#orm.em.fork().transactional(async (em) => {
          await becomeTenant(em, tenantId);
          return once(em, request, tenantId, async () => {
            const given = await givenBy(em, principal, body);
            this.#told.demand(tenantId, principal);
            await becomeDaemon(em);
            const known = await em.findOne(User, { email });
            if (known !== null) {
              const members = await em.count(Membership, { tenant: tenantId, user: known });
              throw members > 0 ? alreadyMember() : this.#hasAccount(tenantId, principal);
            }
            const user = em.create(User, {
              id: newId<'Row'>(),
              email,
              name: body.name,
              passwordHash: password.hash,
            });
            await em.flush();
            await becomeTenant(em, tenantId);
            const membership = em.create(Membership, {
              id: newId<'Row'>(),
              tenant: tenantId,
              user,
              createdAt: new Date(),
              ...given,
            });
            const after = viewOf(membership);
            audited(em, request, { action: 'user.create', subject, subjectId: user.id, after, tenantId });
            await em.flush();
            return {
              status: 201,
              body: { ...after, initialPassword: password.shown },
              headers: { etag: etagOf(userState(after)), location: `/users/${user.id}` },
              secrets: ['initialPassword'],
            };
          });
        }),
      );
    } catch (error) {
      throw isTaken(error) ? this.#hasAccount(tenantId, principal) : error;
    }
  }

  /** Gives a member another role, publisher or buyer. */
  async change(
    request: FastifyRequest,
    tenantId: string,
    userId: string,
    body: MembershipBody,
  ): Promise<UserView> {
    return refusing('membership', roleFields, () =>
      inTenant(this.#orm, tenantId, async (em) => {
        const membership = await membershipOf(em, userId, true);
        const before = viewOf(membership);
        checkIfMatch(request, userState(before));
        demandHeld(request.principal, membership.role.scopes, '/roleId');
        const given = await givenBy(em, request.principal, body);
        await keepingAnAdmin(em, tenantId, async () => em.assign(membership, given));
        const after = viewOf(membership);
        audited(em, request, { action: 'user.update', subject, subjectId: userId, before, after });
        return after;
      }),
    );
  }

  /** Changes the account itself, where it is nobody else's business. */
  async changeAccount(
    request: FastifyRequest,
    tenantId: string,
    userId: string,
    { name, enabled, resetPassword }: AccountChange,
    password: FirstPassword | undefined,
  ): Promise<UserView> {
    return this.#orm.em.fork().transactional(async (em) => {
      await lockAccount(em, userId);
      await becomeTenant(em, tenantId);
      const membership = await membershipOf(em, userId, true);
      const before = viewOf(membership);
      checkIfMatch(request, userState(before));
      // Whoever may set a password may do what its account may.
      demandHeld(request.principal, membership.role.scopes, '/roleId');
      if (enabled === true || password !== undefined) await demandLasting(em, request.principal);
      await keepingAnAdmin(em, tenantId, async () => {
        await becomeDaemon(em);
        if (membership.user.operator === true || (await em.count(Membership, { user: userId })) > 1)
          throw new Problem(
            'conflict',
            'this person is more than a member of this tenant: their account is theirs to change. You may take them out',
          );
        em.assign(membership.user, {
          ...(name === undefined ? {} : { name }),
          ...(enabled === undefined ? {} : { enabled }),
        });
        await em.flush();
        if (password !== undefined) {
          const now = new Date();
          await em.nativeUpdate(
            User,
            { id: userId },
            { passwordHash: password.hash, passwordChosenAt: null, updatedAt: now },
          );
          await em.nativeUpdate(Session, { user: userId, revokedAt: null }, { revokedAt: now });
        }
        await becomeTenant(em, tenantId);
      });
      const after = viewOf(membership);
      const action = resetPassword === true ? 'user.reset' : 'user.account';
      audited(em, request, { action, subject: 'user_account', subjectId: userId, before, after, tenantId });
      return after;
    });
  }

  /** Ends a membership. A user who is in no tenant any more, and no operator, is no user any more. */
  async remove(request: FastifyRequest, tenantId: string, userId: string): Promise<void> {
    await this.#orm.em.fork().transactional(async (em) => {
      // First of all: they may be joining another tenant just now.
      await lockAccount(em, userId);
      await becomeTenant(em, tenantId);
      const membership = await membershipOf(em, userId, true);
      const before = viewOf(membership);
      checkIfMatch(request, userState(before));
      demandHeld(request.principal, membership.role.scopes, '/roleId');
      await keepingAnAdmin(em, tenantId, async () => em.remove(membership));
      // What they offered to others ends with what they were.
      await em.nativeDelete(Invitation, { createdBy: userId });
      audited(em, request, { action: 'user.remove', subject, subjectId: userId, before, tenantId });
      await em.flush();
      await becomeDaemon(em);
      await dropUnused(em, userId);
    });
  }

  #hasAccount(tenantId: string, principal: Principal): Problem {
    this.#told.told(tenantId, principal);
    const message = 'whoever has this address has an account: offer a membership with POST /invitations';
    return new Problem('conflict', 'see faults', [{ field: '/email', message }]);
  }
}

/** What of a user a change can meet: not their last sign-in, which changes by itself. */
export function userState(view: UserView): object {
  return { ...view, lastSignInAt: null };
}

export function alreadyMember(): Problem {
  const message = 'whoever has this address is a member of this tenant';
  return new Problem('conflict', 'see faults', [{ field: '/email', message }]);
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
