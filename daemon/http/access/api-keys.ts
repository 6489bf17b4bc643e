import { type EntityManager, LockMode, type MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { inTenant } from '../../../orm/in-tenant.ts';
import { ApiKey } from '../../../orm/index.ts';
import { newId } from '../../telephony/ids.ts';
import type { Principal } from '../access.ts';
import { audited } from '../audited.ts';
import { checkIfMatch, etagOf } from '../conditional.ts';
import { Problem } from '../problem.ts';
import { type Answered, type Made, once } from '../resources/idempotency.ts';
import type { ApiKeyBody, ApiKeyChange, ApiKeyQuery, ApiKeyView } from './api-key-schemas.ts';
import { demandHeld } from './giving.ts';
import { instantOf, named, refusing } from './rows.ts';
import { newKey } from './secrets.ts';

const subject = 'api_key';

/** The API keys of a tenant. */
export class ApiKeys {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** At most `limit`, newest first, older than the one with the id `cursor`. */
  async list(tenantId: string, query: ApiKeyQuery, limit: number): Promise<ApiKeyView[]> {
    const older = query.cursor === undefined ? {} : { id: { $lt: query.cursor } };
    const rows = await inTenant(this.#orm, tenantId, (em) =>
      em.find(ApiKey, { ...older, ...named(query) }, { orderBy: { id: 'desc' }, limit }),
    );
    return rows.map(viewOf);
  }

  async find(tenantId: string, id: string): Promise<ApiKeyView> {
    return inTenant(this.#orm, tenantId, async (em) => viewOf(await keyOf(em, id)));
  }

  async create(request: FastifyRequest, tenantId: string, body: ApiKeyBody): Promise<Answered> {
    const { principal } = request;
    demandHeld(principal, body.scopes);
    const expiresAt = endOf(body.expiresAt);
    return this.#writing(tenantId, (em) =>
      once(em, request, tenantId, async () => {
        await demandNoLonger(em, principal, expiresAt);
        const { token, prefix, secretHash } = newKey();
        const key = em.create(ApiKey, {
          id: newId<'Row'>(),
          tenant: tenantId,
          name: body.name,
          prefix,
          secretHash,
          scopes: [...body.scopes],
          createdBy: principal.kind === 'api_key' ? null : (principal.id ?? null),
          createdAt: new Date(),
          expiresAt,
        });
        const after = viewOf(key);
        audited(em, request, { action: 'api_key.create', subject, subjectId: key.id, after });
        await em.flush();
        return madeOf(201, after, token);
      }),
    );
  }

  /** Changes what is sent of a key that counts still. */
  async change(
    request: FastifyRequest,
    tenantId: string,
    id: string,
    body: ApiKeyChange,
  ): Promise<ApiKeyView> {
    return this.#writing(tenantId, async (em) => {
      const key = await keyOf(em, id, true);
      const before = viewOf(key);
      checkIfMatch(request, keyState(before));
      demandHeld(request.principal, [...key.scopes, ...(body.scopes ?? [])]);
      demandCounting(key);
      const expiresAt = body.expiresAt === undefined ? (key.expiresAt ?? null) : endOf(body.expiresAt);
      await demandNoLonger(em, request.principal, expiresAt);
      em.assign(key, {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.scopes === undefined ? {} : { scopes: [...body.scopes] }),
        expiresAt,
      });
      const after = viewOf(key);
      audited(em, request, { action: 'api_key.update', subject, subjectId: id, before, after });
      return after;
    });
  }

  /** A new secret under the same name; the old one is refused from now on (by other daemons within seconds). */
  async rotate(request: FastifyRequest, tenantId: string, id: string): Promise<Answered> {
    return this.#writing(tenantId, (em) =>
      once(em, request, tenantId, async () => {
        const key = await keyOf(em, id, true);
        // Whoever gets its secret gets what it may do, for as long as it may.
        demandHeld(request.principal, key.scopes);
        demandCounting(key);
        await demandNoLonger(em, request.principal, key.expiresAt ?? null);
        const { token, prefix, secretHash } = newKey();
        const before = viewOf(key);
        const after = { ...before, prefix };
        await em.nativeUpdate(ApiKey, { id }, { prefix, secretHash, updatedAt: new Date() });
        audited(em, request, { action: 'api_key.rotate', subject, subjectId: id, before, after });
        return madeOf(200, after, token);
      }),
    );
  }

  /** Revokes a key, which stays in the list; one that is revoked goes. */
  async remove(request: FastifyRequest, tenantId: string, id: string): Promise<void> {
    await this.#writing(tenantId, async (em) => {
      const key = await keyOf(em, id, true);
      const before = viewOf(key);
      checkIfMatch(request, keyState(before));
      demandHeld(request.principal, key.scopes);
      const about = { subject, subjectId: id, before };
      if (key.revokedAt == null) {
        key.revokedAt = new Date();
        audited(em, request, { action: 'api_key.revoke', ...about, after: viewOf(key) });
      } else {
        em.remove(key);
        audited(em, request, { action: 'api_key.delete', ...about });
      }
    });
  }

  #writing<T>(tenantId: string, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return refusing('api_key', ['name'], () => inTenant(this.#orm, tenantId, work));
  }
}

/** What of a key a change can meet: not its last use, which changes by itself. */
export function keyState(view: ApiKeyView): object {
  return { ...view, lastUsedAt: null };
}

function madeOf(status: number, view: ApiKeyView, key: string): Made {
  const headers = { etag: etagOf(keyState(view)), location: `/api-keys/${view.id}` };
  return { status, body: { ...view, key }, headers, secrets: ['key'] };
}

async function keyOf(em: EntityManager, id: string, locked = false): Promise<ApiKey> {
  const key = await em.findOne(ApiKey, { id }, locked ? { lockMode: LockMode.PESSIMISTIC_WRITE } : {});
  if (key === null) throw new Problem('not-found', 'no API key has this id');
  return key;
}

function demandCounting(key: ApiKey): void {
  if (key.revokedAt != null) throw new Problem('conflict', 'this key is revoked: make a new one');
}

function endOf(expiresAt: string | null | undefined): Date | null {
  if (expiresAt == null) return null;
  const at = new Date(expiresAt);
  if (at.getTime() > Date.now()) return at;
  throw new Problem('invalid-body', 'see faults', [{ field: '/expiresAt', message: 'must be yet to come' }]);
}

/** A key that ends makes, renews and changes only keys that end no later: it would live on in them. */
async function demandNoLonger(em: EntityManager, asker: Principal, expiresAt: Date | null): Promise<void> {
  if (asker.kind !== 'api_key') return;
  const own = await keyOf(em, asker.id ?? '');
  if (own.expiresAt == null || (expiresAt !== null && expiresAt <= own.expiresAt)) return;
  const message = `must be no later than ${instantOf(own.expiresAt)}, when your own key ends`;
  throw new Problem('forbidden', 'a key outlives nobody who made it: see faults', [
    { field: '/expiresAt', message },
  ]);
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
