import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { LRUCache } from 'lru-cache';
import { poolOf } from '../../../orm/config.ts';
import { Session, User } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { type Asker, audited } from '../audited.ts';
import { Problem } from '../problem.ts';
import { idleHours, sessionDays } from './postgres-identities.ts';
import { instantOf } from './rows.ts';
import { newSecret, sha256 } from './secrets.ts';
import type { SessionView } from './session-schemas.ts';

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

/** Refused sign-ins to one account are written down once in so long: a guesser fills no disk. */
const refusalNotedMs = 60_000;

const subject = 'session';

/** Sessions in PostgreSQL: begun, ended, and all ended when a password changes. */
export class Sessions {
  readonly #orm: MikroORM;
  readonly #refused = new LRUCache<string, true>({ max: 10_000, ttl: refusalNotedMs });

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

  /**
   * A new session for the account, with a token nobody had before; the one it `replaces` ends. Undefined where the
   * account was switched off or its password changed since it was checked.
   */
  async begin(
    { userId, passwordHash }: Pick<Account, 'userId' | 'passwordHash'>,
    origin: SignInOrigin,
    replaces?: string,
  ): Promise<string | undefined> {
    return this.#orm.em.fork().transactional(async (em) => {
      const now = new Date();
      // First of all: it waits for a change of the password under way, which ends the sessions there are.
      const same = { id: userId, passwordHash, enabled: true };
      if ((await em.nativeUpdate(User, same, { lastSignInAt: now })) === 0) return undefined;
      if (replaces !== undefined)
        await em.nativeUpdate(Session, { tokenHash: sha256(replaces) }, { revokedAt: now });
      return begun(em, userId, origin);
    });
  }

  /** Notes that somebody was refused who gave a wrong password of this account. */
  async refused(userId: string, origin: SignInOrigin): Promise<void> {
    if (this.#refused.has(userId)) return;
    this.#refused.set(userId, true);
    await this.#orm.em.fork().transactional(async (em) => {
      const about = { subject: 'user_account', subjectId: userId, tenantId: null };
      audited(em, askerOf(undefined, origin), { action: 'session.refuse', ...about });
    });
  }

  /** Ends one of the user's sessions; false: there is none of theirs to end. */
  async end(sessionId: string, userId: string, origin: SignInOrigin): Promise<boolean> {
    return this.#orm.em.fork().transactional(async (em) => {
      const own = { id: sessionId, user: userId, revokedAt: null };
      if ((await em.nativeUpdate(Session, own, { revokedAt: new Date() })) === 0) return false;
      const about = { subject, subjectId: sessionId, tenantId: null };
      audited(em, askerOf(userId, origin), { action: 'session.end', ...about });
      return true;
    });
  }

  /** The sessions of a user that still count, newest first; the newest hundred. */
  async list(userId: string, current: string): Promise<SessionView[]> {
    const now = new Date();
    const idle = new Date(now.getTime() - idleHours * 3_600_000);
    const used = { $or: [{ lastUsedAt: { $gt: idle } }, { lastUsedAt: null, createdAt: { $gt: idle } }] };
    const rows = await this.#orm.em
      .fork()
      .find(
        Session,
        { user: userId, revokedAt: null, expiresAt: { $gt: now }, ...used },
        { orderBy: { id: 'desc' }, limit: 100 },
      );
    return rows.map((session) => ({
      id: session.id,
      current: session.id === current,
      address: session.remoteAddress ?? null,
      userAgent: session.userAgent ?? null,
      createdAt: instantOf(session.createdAt),
      lastUsedAt: instantOf(session.lastUsedAt),
      expiresAt: instantOf(session.expiresAt),
    }));
  }

  /** Every session of the user ends; returns the token of a new one. `was`: the hash the present password was checked against. */
  async changePassword(
    userId: string,
    was: string,
    passwordHash: string,
    origin: SignInOrigin,
  ): Promise<string> {
    return this.#orm.em
      .fork()
      .transactional(async (em) => (await changedPassword(em, userId, was, passwordHash, origin)).token);
  }
}

/** Within a transaction: the person chose another password, every session of theirs ends, and one begins. */
export async function changedPassword(
  em: EntityManager,
  userId: string,
  was: string | undefined,
  passwordHash: string,
  origin: SignInOrigin,
): Promise<{ readonly token: string; readonly asker: Asker }> {
  const now = new Date();
  const same = { id: userId, enabled: true, ...(was === undefined ? {} : { passwordHash: was }) };
  const changes = { passwordHash, passwordChosenAt: now, updatedAt: now };
  if ((await em.nativeUpdate(User, same, changes)) === 0)
    throw new Problem('conflict', 'this account was changed meanwhile: sign in again');
  await em.nativeUpdate(Session, { user: userId, revokedAt: null }, { revokedAt: now });
  const asker = askerOf(userId, origin);
  const about = { subject: 'user_account', subjectId: userId, tenantId: null };
  audited(em, asker, { action: 'user.password', ...about });
  return { token: await begun(em, userId, origin), asker };
}

/** Within a transaction that holds the account. */
async function begun(em: EntityManager, userId: string, origin: SignInOrigin): Promise<string> {
  const now = new Date();
  // Those that are long over: they told which addresses are known.
  const old = new Date(now.getTime() - 90 * 86_400_000);
  await em.nativeDelete(Session, { user: userId, createdAt: { $lt: old } });
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
  const asker = askerOf(userId, origin);
  audited(em, asker, { action: 'session.create', subject, subjectId: id, tenantId: null });
  return token;
}

/** Undefined: nobody is known. */
function askerOf(userId: string | undefined, { ip, requestId }: SignInOrigin): Asker {
  const view = { of: 'tenant' } as const;
  return {
    ip,
    id: requestId,
    principal: { kind: 'user', id: userId, tenantId: undefined, scopes: [], view },
  };
}
