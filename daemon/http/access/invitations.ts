import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Invitation, Membership } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { audited } from '../audited.ts';
import { Problem } from '../problem.ts';
import { type Answered, once } from '../resources/idempotency.ts';
import type { SessionIdentity } from './identities.ts';
import { givenBy, lockAccount } from './memberships.ts';
import { alreadyMember } from './people.ts';
import type { InvitationBody, InvitationView } from './people-schemas.ts';
import { instantOf, isTaken, refusing } from './rows.ts';
import { newSecret, sha256 } from './secrets.ts';
import { changedPassword, type SignInOrigin } from './sessions.ts';

const subject = 'invitation';
const validDays = 7;

/**
 * Memberships offered to people who have an account already. Nothing of the account is shown or touched until its person
 * accepts with the code, which only who offers is shown and hands over: whoever else knows the password lacks the code,
 * and with it the password is changed.
 */
export class Invitations {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** Newest first, older than the one with the id `before`. */
  async list(tenantId: string, before: string | undefined, limit: number): Promise<InvitationView[]> {
    const older = before === undefined ? {} : { id: { $lt: before } };
    const rows = await inTenant(this.#orm, tenantId, (em) =>
      em.find(Invitation, older, { populate: ['role'], orderBy: { id: 'desc' }, limit }),
    );
    return rows.map(viewOf);
  }

  async find(tenantId: string, id: string): Promise<InvitationView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await invitationOf(em, id)));
  }

  /** Offers a membership to whoever has this address; what was offered to it before is void. */
  async create(request: FastifyRequest, tenantId: string, body: InvitationBody): Promise<Answered> {
    const { principal } = request;
    const email = body.email.toLowerCase();
    const fields = ['email', 'roleId', 'publisherId', 'buyerId'];
    return refusing('invitation', fields, () =>
      inTenant(this.#orm, tenantId, (em) =>
        once(em, request, tenantId, async () => {
          const given = await givenBy(em, principal, body);
          // Row-level security shows the tenant's own members alone.
          if ((await em.count(Membership, { user: { email } })) > 0) throw alreadyMember();
          await em.nativeDelete(Invitation, { email });
          const code = newSecret();
          const now = Date.now();
          const invitation = em.create(Invitation, {
            id: newId<'Row'>(),
            tenant: tenantId,
            email,
            ...given,
            codeHash: sha256(code),
            createdBy: principal.kind === 'api_key' ? null : (principal.id ?? null),
            createdAt: new Date(now),
            expiresAt: new Date(now + validDays * 86_400_000),
          });
          const after = viewOf(invitation);
          audited(em, request, { action: 'invitation.create', subject, subjectId: after.id, after });
          await em.flush();
          const headers = { location: `/invitations/${after.id}` };
          return { status: 201, body: { ...after, code }, headers, secrets: ['code'] };
        }),
      ),
    );
  }

  async remove(request: FastifyRequest, tenantId: string, id: string): Promise<void> {
    await inTenant(this.#orm, tenantId, async (em) => {
      const invitation = await invitationOf(em, id);
      const before = viewOf(invitation);
      audited(em, request, { action: 'invitation.delete', subject, subjectId: id, before });
      em.remove(invitation);
    });
  }

  /** Throws where there is no invitation to this address that has this code and is not over. */
  async demandOpen(email: string, code: string): Promise<void> {
    const open = { codeHash: sha256(code), email, expiresAt: { $gt: new Date() } };
    if ((await this.#orm.em.fork().count(Invitation, open)) === 0) throw noInvitation();
  }

  /**
   * Whoever is signed in becomes a member. Their password changes with it and every session of theirs ends, for another
   * tenant's admin may have given them the one they had. Returns the token of a new session and the tenant joined.
   */
  async accept(
    { userId, email }: Pick<SessionIdentity, 'userId' | 'email'>,
    code: string,
    passwordHash: string,
    origin: SignInOrigin,
  ): Promise<{ readonly token: string; readonly tenantId: string }> {
    try {
      return await this.#orm.em.fork().transactional(async (em) => {
        await lockAccount(em, userId);
        const [found] = await em.execute<{ id: string; tenant_id: string }[]>(
          `delete from invitation i using tenant t
           where i.code_hash = ? and i.email = ? and i.expires_at > now() and t.id = i.tenant_id and t.deleting_since is null
           returning i.id, i.tenant_id, i.role_id, i.publisher_id, i.buyer_id`,
          [sha256(code), email],
        );
        if (found === undefined) throw noInvitation();
        const { id: invitationId, tenant_id: tenantId, ...given } = found;
        const membership = { id: newId<'Row'>(), tenant_id: tenantId, user_id: userId, ...given };
        const columns = Object.keys(membership);
        await em.execute(
          `insert into membership (${columns.join()}) values (${columns.map(() => '?').join()})`,
          Object.values(membership),
        );
        const { token, asker } = await changedPassword(em, userId, undefined, passwordHash, origin);
        const after = { ...given, invitationId };
        const action = 'user.accept';
        audited(em, asker, { action, subject: 'membership', subjectId: userId, after, tenantId });
        return { token, tenantId };
      });
    } catch (error) {
      throw isTaken(error) ? new Problem('conflict', 'you are a member of this tenant already') : error;
    }
  }
}

function noInvitation(): Problem {
  return new Problem('invalid-body', 'see faults', [
    { field: '/code', message: 'is of no invitation to your address, or it is over' },
  ]);
}

async function invitationOf(em: EntityManager, id: string): Promise<Invitation> {
  const invitation = await em.findOne(Invitation, { id }, { populate: ['role'] });
  if (invitation === null) throw new Problem('not-found', 'no invitation has this id');
  return invitation;
}

function viewOf(invitation: Invitation): InvitationView {
  const { id, email, role, publisher, buyer, createdBy, createdAt, expiresAt } = invitation;
  return {
    id,
    email,
    role: { id: role.id, name: role.name, view: role.view },
    publisherId: publisher?.id ?? null,
    buyerId: buyer?.id ?? null,
    createdBy: createdBy?.id ?? null,
    createdAt: instantOf(createdAt),
    expiresAt: instantOf(expiresAt),
  };
}
