import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../../orm/config.ts';
import { Session, User } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { audited } from './audited.ts';
import { sessionDays } from './postgres-identities.ts';
import { newSecret, sha256 } from './secrets.ts';

/** What a sign-in is checked against. */
export interface Account {
  readonly userId: string;
  readonly passwordHash: string;
  /** Somebody signed in to it from this address before. */
  readonly knownHere: boolean;
}

/** Where a sign-in comes from. */
export interface SignInOrigin {
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly requestId: string;
}

/** How long a cookie lasts; the database may end its session sooner. */
export const sessionSeconds = sessionDays * 86_400;

/** Sessions in PostgreSQL: begun, ended, and all ended when a password changes. */
export class Sessions {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** Undefined for an account that does not exist or is switched off. */
  async account(email: string, ip: string): Promise<Account | undefined> {
    const pool = await poolOf(this.#orm);
    const { rows } = await pool.query<{ id: string; password_hash: string; known: boolean }>(
      `select u.id, u.password_hash, exists (
         select 1 from session s where s.user_id = u.id and s.remote_address = $2 and s.created_at > now() - interval '90 days'
       ) as known
       from user_account u where u.email = $1 and u.enabled`,
      [email, ip],
    );
    const [row] = rows;
    return row && { userId: row.id, passwordHash: row.password_hash, knownHere: row.known };
  }

  /** Of somebody who is signed in. */
  async passwordHashOf(userId: string): Promise<string | undefined> {
    const user = await this.#orm.em.fork().findOne(User, { id: userId }, { populate: ['passwordHash'] });
    return user?.passwordHash;
  }

  /** A new session for the user, with a token nobody had before; the one it `replaces` ends. Returns the token. */
  async begin(userId: string, origin: SignInOrigin, replaces?: string): Promise<string> {
    return this.#orm.em.fork().transactional(async (em) => {
      const now = new Date();
      if (replaces !== undefined)
        await em.nativeUpdate(Session, { tokenHash: sha256(replaces) }, { revokedAt: now });
      // Those that are long over: they told which addresses are known.
      const old = new Date(now.getTime() - 90 * 86_400_000);
      await em.nativeDelete(Session, { user: userId, createdAt: { $lt: old } });
      await em.nativeUpdate(User, { id: userId }, { lastSignInAt: now });
      const token = newSecret();
      const id = newId<'Row'>();
      em.create(Session, {
        id,
        user: userId,
        tokenHash: sha256(token),
        remoteAddress: origin.ip,
        userAgent: origin.userAgent?.slice(0, 300) ?? null,
        expiresAt: new Date(now.getTime() + sessionSeconds * 1000),
      });
      audited(em, askerOf(userId, origin), {
        action: 'session.create',
        subject: 'session',
        subjectId: id,
        tenantId: null,
      });
      return token;
    });
  }

  async end(sessionId: string): Promise<void> {
    await this.#orm.em.fork().nativeUpdate(Session, { id: sessionId }, { revokedAt: new Date() });
  }

  /** Every session of the user ends; returns the token of a new one. */
  async changePassword(userId: string, passwordHash: string, origin: SignInOrigin): Promise<string> {
    await this.#orm.em.fork().transactional(async (em) => {
      await em.nativeUpdate(User, { id: userId }, { passwordHash, updatedAt: new Date() });
      await em.nativeUpdate(Session, { user: userId, revokedAt: null }, { revokedAt: new Date() });
      audited(em, askerOf(userId, origin), {
        action: 'user.password',
        subject: 'user_account',
        subjectId: userId,
        tenantId: null,
      });
    });
    return this.begin(userId, origin);
  }
}

function askerOf(userId: string, { ip, requestId }: SignInOrigin): Parameters<typeof audited>[1] {
  const view = { of: 'tenant' } as const;
  return {
    ip,
    id: requestId,
    principal: { kind: 'user', id: userId, tenantId: undefined, scopes: [], view },
  };
}
