import type { EntityManager } from '@mikro-orm/postgresql';
import { Type } from 'typebox';
import { ApiKey } from '../../../orm/index.ts';
import { missingScopes, type Principal, things } from '../access.ts';
import { Problem } from '../problem.ts';

/** `<thing>:read`, `<thing>:write`, with `*` for every thing; `*` alone is everything. */
export const ScopeSchema = Type.String({
  pattern: `^(\\*|(\\*|${things.join('|')}):(read|write))$`,
  examples: ['calls:read'],
});
export const ScopesSchema = Type.Array(ScopeSchema, { maxItems: 60, uniqueItems: true });

/** Refuses to let somebody give, take away or renew what they do not hold themselves. */
export function demandHeld(principal: Principal, scopes: readonly string[], field = '/scopes'): void {
  if (principal.kind === 'operator') return;
  const missing = missingScopes(principal.scopes, scopes);
  if (missing.length > 0)
    throw new Problem('forbidden', 'nobody gives more than they have: see faults', [
      { field, message: `you do not hold ${missing.join(', ')}` },
    ]);
}

/**
 * Refuses a key with an end whatever gives somebody access: a person, an invitation or a role's scopes would be there
 * when the key is not. People may, and keys without an end; keys that end no later are a key's own business (api-keys.ts).
 * In the tenant's transaction.
 */
export async function demandLasting(em: EntityManager, { kind, id }: Principal): Promise<void> {
  if (kind !== 'api_key' || (await em.count(ApiKey, { id: id ?? '', expiresAt: null })) > 0) return;
  throw new Problem(
    'forbidden',
    'a key that ends lets nobody in who stays: a person does that, or a key without an end',
  );
}

/** Serialises changes of who may do what in a tenant: two at once could each take the other's last admin. */
export async function lockPeople(em: EntityManager, tenantId: string): Promise<void> {
  await em.execute("select pg_advisory_xact_lock(hashtextextended('callfabric people ' || ?, 0))", [
    tenantId,
  ]);
}

/** Those who can let others in: without one the tenant would be shut for good. */
export async function adminsOf(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ n: number }[]>(
    `select count(*)::int as n from membership m join role r on r.id = m.role_id join user_account u on u.id = m.user_id
     where u.enabled and r.view = 'tenant' and r.scopes && array['*', '*:write', 'access:write']`,
  );
  return row?.n ?? 0;
}

/** Runs a change of people or roles; takes it back where it would leave a tenant that had an admin without one. */
export async function keepingAnAdmin<T>(
  em: EntityManager,
  tenantId: string,
  change: () => Promise<T>,
): Promise<T> {
  await lockPeople(em, tenantId);
  const before = await adminsOf(em);
  const result = await change();
  await em.flush();
  if (before > 0 && (await adminsOf(em)) === 0)
    throw new Problem('conflict', 'this would leave the tenant without an admin: make another one first');
  return result;
}
