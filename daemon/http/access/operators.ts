import { LockMode, type MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { User } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { audited } from '../audited.ts';
import { Problem } from '../problem.ts';
import { type Answered, once } from '../resources/idempotency.ts';
import { dropUnused } from './memberships.ts';
import type { NewOperator, OperatorView } from './operator-schemas.ts';
import type { FirstPassword } from './people.ts';
import { instantOf, isTaken } from './rows.ts';

const subject = 'user_account';

/** The people who operate the platform and may work in every tenant. */
export class Operators {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** By id, behind `after`. */
  async list(after: string | undefined, limit: number): Promise<OperatorView[]> {
    const behind = after === undefined ? {} : { id: { $gt: after } };
    const wanted = { operator: true, ...behind };
    const found = await this.#orm.em.fork().find(User, wanted, { orderBy: { id: 'asc' }, limit });
    return found.map(viewOf);
  }

  /** A new account alone: of one that is there a tenant's admin may know the password. */
  async create(request: FastifyRequest, body: NewOperator, password: FirstPassword): Promise<Answered> {
    try {
      return await this.#orm.em.fork().transactional(async (em) =>
        once(em, request, null, async () => {
          const id = newId<'Row'>();
          const { name } = body;
          const email = body.email.toLowerCase();
          const now = new Date();
          const user = em.create(User, {
            id,
            email,
            name,
            operator: true,
            enabled: true,
            createdAt: now,
            passwordHash: password.hash,
          });
          const after = viewOf(user);
          audited(em, request, { action: 'operator.create', subject, subjectId: id, after, tenantId: null });
          await em.flush();
          return {
            status: 201,
            body: { ...after, initialPassword: password.shown },
            headers: {},
            secrets: ['initialPassword'],
          };
        }),
      );
    } catch (error) {
      if (!isTaken(error)) throw error;
      const message = 'whoever has this address has an account: an operator takes an address of their own';
      throw new Problem('conflict', 'see faults', [{ field: '/email', message }]);
    }
  }

  /** Somebody is an operator no more; in no tenant either, they are no user. Never the last one. */
  async remove(request: FastifyRequest, id: string): Promise<void> {
    await this.#orm.em.fork().transactional(async (em) => {
      // All of them, in one order: two who remove each other would leave nobody.
      const all = await em.find(
        User,
        { operator: true },
        { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const user = all.find((one) => one.id === id.toLowerCase());
      if (user === undefined) throw new Problem('not-found', 'no operator has this id');
      if (!all.some((one) => one !== user && one.enabled !== false))
        throw new Problem('conflict', 'this is the last operator: make another one first');
      const before = viewOf(user);
      user.operator = false;
      audited(em, request, { action: 'operator.remove', subject, subjectId: id, before, tenantId: null });
      await em.flush();
      await dropUnused(em, id);
    });
  }
}

function viewOf({ id, email, name, enabled, lastSignInAt, createdAt }: User): OperatorView {
  return {
    id,
    email,
    name,
    enabled: enabled ?? true,
    lastSignInAt: instantOf(lastSignInAt),
    createdAt: instantOf(createdAt),
  };
}
