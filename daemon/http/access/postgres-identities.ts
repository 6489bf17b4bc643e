import type { MikroORM } from '@mikro-orm/postgresql';
import { LRUCache } from 'lru-cache';
import { poolOf } from '../../../orm/config.ts';
import type { View } from '../access.ts';
import type { Identities, KeyIdentity, MembershipIdentity, SessionIdentity } from './identities.ts';
import { keyParts, sameText, sha256 } from './secrets.ts';

/** How long a revoked key or session may still be let in by a daemon that did not revoke it. */
export const rememberedMs = 5_000;
const mostRemembered = 10_000;

/** A session nobody used for so long is over. */
export const idleHours = 4;
/** A session is over so long after its sign-in, used or not. */
export const sessionDays = 7;

const keySql = `
  select k.id, k.tenant_id, k.secret_hash, k.scopes,
    coalesce(k.last_used_at < now() - interval '1 minute', true) as unnoted
  from api_key k join tenant t on t.id = k.tenant_id and t.deleting_since is null
  where k.prefix = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`;

const sessionSql = `
  select s.id, s.user_id, u.email, u.name, u.operator, u.password_chosen_at is null as given_password,
    coalesce(s.last_used_at < now() - interval '1 minute', true) as unnoted,
    coalesce((
      select jsonb_agg(jsonb_build_object('tenantId', t.id, 'tenant', t.name, 'role', r.name, 'scopes', r.scopes,
        'of', r.view, 'publisherId', m.publisher_id, 'buyerId', m.buyer_id) order by t.name, t.id)
      from membership m join tenant t on t.id = m.tenant_id and t.deleting_since is null
        join role r on r.id = m.role_id
      where m.user_id = u.id), '[]') as memberships
  from session s join user_account u on u.id = s.user_id and u.enabled
  where s.token_hash = $1 and s.revoked_at is null and s.expires_at > now()
    and coalesce(s.last_used_at, s.created_at) > now() - interval '${idleHours} hours'`;

interface KeyRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly secret_hash: string;
  readonly scopes: readonly string[];
  readonly unnoted: boolean;
}
interface MembershipRow extends Omit<MembershipIdentity, 'view'> {
  readonly of: View['of'];
  readonly publisherId: string | null;
  readonly buyerId: string | null;
}
interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly operator: boolean;
  readonly given_password: boolean;
  readonly memberships: readonly MembershipRow[];
  readonly unnoted: boolean;
}

/** Keys and sessions in PostgreSQL, each remembered for a few seconds: a request costs no query of its own. */
export class PostgresIdentities implements Identities {
  readonly #orm: MikroORM;
  /** By the SHA-256 of the token: what is dumped from memory signs nobody in. */
  readonly #known = new LRUCache<string, { readonly identity: KeyIdentity | SessionIdentity | undefined }>({
    max: mostRemembered,
    ttl: rememberedMs,
  });
  #forgotten = 0;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  async ofKey(token: string): Promise<KeyIdentity | undefined> {
    const parts = keyParts(token);
    if (parts === undefined) return undefined;
    return this.#remembered(`key ${sha256(token)}`, async () => {
      const [row] = await this.#read<KeyRow>(keySql, parts.prefix);
      if (row === undefined || !sameText(sha256(parts.secret), row.secret_hash)) return undefined;
      if (row.unnoted) await this.#noteUse('api_key', row.id);
      return { keyId: row.id, tenantId: row.tenant_id, scopes: row.scopes };
    });
  }

  async ofSession(token: string): Promise<SessionIdentity | undefined> {
    const hash = sha256(token);
    return this.#remembered(`session ${hash}`, async () => {
      const [row] = await this.#read<SessionRow>(sessionSql, hash);
      if (row === undefined) return undefined;
      if (row.unnoted) await this.#noteUse('session', row.id);
      const { id: sessionId, user_id: userId, email, name, operator } = row;
      const memberships = row.memberships.flatMap(membershipOf);
      const mustChoosePassword = row.given_password;
      return { sessionId, userId, email, name, operator, mustChoosePassword, memberships };
    });
  }

  forget(): void {
    this.#forgotten += 1;
    this.#known.clear();
  }

  async #remembered<Identity extends KeyIdentity | SessionIdentity>(
    name: string,
    find: () => Promise<Identity | undefined>,
  ): Promise<Identity | undefined> {
    const known = this.#known.get(name);
    // What stands under this name was put there by this very kind of search.
    if (known !== undefined) return known.identity as Identity | undefined;
    const forgotten = this.#forgotten;
    const identity = await find();
    // What was read before a change must not outlive it.
    if (forgotten === this.#forgotten) this.#known.set(name, { identity });
    return identity;
  }

  async #read<Row extends object>(sql: string, value: string): Promise<Row[]> {
    const pool = await poolOf(this.#orm);
    return (await pool.query<Row>(sql, [value])).rows;
  }

  /** At most once a minute: again for a row that another request noted meanwhile does nothing. */
  async #noteUse(table: 'api_key' | 'session', id: string): Promise<void> {
    const pool = await poolOf(this.#orm);
    await pool.query(
      `update ${table} set last_used_at = now() where id = $1 and coalesce(last_used_at < now() - interval '1 minute', true)`,
      [id],
    );
  }
}

/** None where the role shows a publisher's or a buyer's rows and nobody said whose. */
function membershipOf({ of, publisherId, buyerId, ...membership }: MembershipRow): MembershipIdentity[] {
  if (of === 'tenant') return [{ ...membership, view: { of } }];
  if (of === 'publisher' && publisherId !== null) return [{ ...membership, view: { of, publisherId } }];
  if (of === 'buyer' && buyerId !== null) return [{ ...membership, view: { of, buyerId } }];
  return [];
}
