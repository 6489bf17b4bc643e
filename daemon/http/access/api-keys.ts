import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { ApiKey } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';
import type { ApiKeyBody, ApiKeyView } from './api-key-schemas.ts';
import { type Asker, audited } from './audited.ts';
import { demandHeld } from './giving.ts';
import { instantOf, isTaken } from './rows.ts';
import { newKey } from './secrets.ts';

/** A key with what its holder sees once. */
export type MadeKey = ApiKeyView & { readonly key: string };

const taken = new Problem('conflict', 'see faults', [
  { field: '/name', message: 'another key of this tenant is called so' },
]);

/** The API keys of a tenant. */
export class ApiKeys {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** At most `limit`, newest first, older than the one with the id `before`. */
  async list(tenantId: string, before: string | undefined, limit: number): Promise<ApiKeyView[]> {
    const older = before === undefined ? {} : { id: { $lt: before } };
    const rows = await inTenant(this.#orm, tenantId, (em) =>
      em.find(ApiKey, older, { orderBy: { id: 'desc' }, limit }),
    );
    return rows.map(viewOf);
  }

  async find(tenantId: string, id: string): Promise<ApiKeyView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await keyOf(em, id)));
  }

  async create(asker: Asker, tenantId: string, body: ApiKeyBody): Promise<MadeKey> {
    const { principal } = asker;
    demandHeld(principal, body.scopes);
    const expiresAt = body.expiresAt == null ? null : new Date(body.expiresAt);
    if (expiresAt !== null && !(expiresAt.getTime() > Date.now()))
      throw new Problem('invalid-body', 'see faults', [
        { field: '/expiresAt', message: 'must be yet to come' },
      ]);
    const { token, prefix, secretHash } = newKey();
    try {
      return await inTenant(this.#orm, tenantId, async (em) => {
        const now = new Date();
        const key = em.create(ApiKey, {
          id: newId<'Row'>(),
          tenant: tenantId,
          name: body.name,
          prefix,
          secretHash,
          scopes: [...body.scopes],
          createdBy: principal.kind === 'api_key' ? null : (principal.id ?? null),
          createdAt: now,
          expiresAt,
        });
        audited(em, asker, {
          action: 'api_key.create',
          subject: 'api_key',
          subjectId: key.id,
          after: viewOf(key),
        });
        await em.flush();
        return { ...viewOf(key), key: token };
      });
    } catch (error) {
      throw isTaken(error) ? taken : error;
    }
  }

  /** A new secret under the same name; the old one is refused from now on (by other daemons within seconds). */
  async rotate(asker: Asker, tenantId: string, id: string): Promise<MadeKey> {
    const { token, prefix, secretHash } = newKey();
    return inTenant(this.#orm, tenantId, async (em) => {
      const key = await keyOf(em, id);
      // Whoever gets its secret gets what it may do.
      demandHeld(asker.principal, key.scopes);
      if (key.revokedAt != null) throw new Problem('conflict', 'this key is revoked: make a new one');
      const before = viewOf(key);
      const after = { ...before, prefix };
      await em.nativeUpdate(ApiKey, { id }, { prefix, secretHash, updatedAt: new Date() });
      audited(em, asker, { action: 'api_key.rotate', subject: 'api_key', subjectId: id, before, after });
      return { ...after, key: token };
    });
  }

  /** Revokes a key, which stays in the list; one that is revoked goes. */
  async remove(asker: Asker, tenantId: string, id: string): Promise<void> {
    await inTenant(this.#orm, tenantId, async (em) => {
      const key = await keyOf(em, id);
      const before = viewOf(key);
      if (key.revokedAt == null) {
        key.revokedAt = new Date();
        audited(em, asker, {
          action: 'api_key.revoke',
          subject: 'api_key',
          subjectId: id,
          before,
          after: viewOf(key),
        });
      } else {
        em.remove(key);
        audited(em, asker, { action: 'api_key.delete', subject: 'api_key', subjectId: id, before });
      }
    });
  }
}

async function keyOf(em: EntityManager, id: string): Promise<ApiKey> {
  const key = await em.findOne(ApiKey, { id });
  if (key === null) throw new Problem('not-found', 'no API key has this id');
  return key;
}

function viewOf(key: ApiKey): ApiKeyView {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    createdBy: key.createdBy?.id ?? null,
    createdAt: instantOf(key.createdAt),
    lastUsedAt: instantOf(key.lastUsedAt),
    expiresAt: instantOf(key.expiresAt),
    revokedAt: instantOf(key.revokedAt),
  };
}
