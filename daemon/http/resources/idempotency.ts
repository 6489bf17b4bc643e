import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';

/** What a POST answers, as it is kept and given again. */
export interface Made {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Fields of the body that are told this once: null in the answer that is kept, and so in one that is given again. */
  readonly secrets?: readonly string[];
}
export interface Answered extends Made {
  /** True where it was done by an earlier request. */
  readonly replayed: boolean;
}

const keepHours = 24;

/** The header of every POST that makes something. */
const idempotencyHeader = {
  description:
    'Any text of up to 200 characters: a second request with it gets the first one’s answer, in which secrets are null',
};
export const IdempotencySchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String(idempotencyHeader)),
});

/** The client's key, bound to who asks: two principals of a tenant do not share keys. */
function keyOf(request: FastifyRequest): string | undefined {
  const given = request.headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(given))
    throw new Problem('invalid-parameters', 'idempotency-key must have 1 to 200 characters without spaces');
  const { kind, id } = request.principal;
  return `${kind}:${id ?? ''}:${given}`;
}

/**
 * The same for the same request, in whatever order its fields stand. Passwords are left out: who reads the hash must not
 * be able to try them against it.
 */
function hashOf(request: FastifyRequest): string {
  const text = `${request.method} ${request.url}\n${JSON.stringify(sorted(request.body))}`;
  return createHash('sha256').update(text).digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'password' && name !== 'secret')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

interface Kept {
  readonly hash: string;
  readonly answer: Made;
}

/** What may lie in the database for a day. */
function withoutSecrets({ secrets = [], ...answer }: Made): Made {
  if (secrets.length === 0) return answer;
  const hidden = Object.fromEntries(secrets.map((name) => [name, null]));
  return { ...answer, body: { ...(answer.body as object), ...hidden } };
}

/**
 * Does `work` once for the request's idempotency key, in the transaction of `em`: its answer is kept with what it wrote
 * or neither is, so that a crash between leaves nothing half done. Without the header it just does it. `em` must see
 * rows of `tenantId`: those of no tenant (null) only the daemon's role does.
 */
export async function once(
  em: EntityManager,
  request: FastifyRequest,
  tenantId: string | null,
  work: () => Promise<Made>,
): Promise<Answered> {
  const key = keyOf(request);
  if (key === undefined) return { ...(await work()), replayed: false };
  // Held until the transaction ends. Whoever does not get it is second, while the first is at work.
  const [lock] = await em.execute<{ mine: boolean }[]>(
    'select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as mine',
    [`idempotency ${tenantId ?? ''} ${key}`],
  );
  if (lock?.mine !== true) throw new Problem('still-running', 'ask again soon for its answer');
  // `is not distinct from` would use no index.
  const [mine, values] = tenantId === null ? ['tenant_id is null', []] : ['tenant_id = ?', [tenantId]];
  await em.execute(`delete from idempotency_key where ${mine} and expires_at <= now()`, values);
  const hash = hashOf(request);
  const [kept] = await em.execute<Kept[]>(
    `select request_hash as hash, response_body as answer from idempotency_key where ${mine} and key = ?`,
    [...values, key],
  );
  if (kept !== undefined) {
    if (kept.hash !== hash)
      throw new Problem('key-reused', 'take a new idempotency-key for every request that is not a retry');
    return { ...kept.answer, replayed: true };
  }
  const answer = await work();
  await em.execute(
    `insert into idempotency_key (id, tenant_id, key, method, path, request_hash, response_status, response_body, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?::jsonb, now() + ? * interval '1 hour')`,
    [
      newId(),
      tenantId,
      key,
      request.method,
      request.routeOptions.url ?? '',
      hash,
      answer.status,
      JSON.stringify(withoutSecrets(answer)),
      keepHours,
    ],
  );
  return { ...answer, replayed: false };
}

/** The headers of an answer, told again or not. */
export function headersOf({ headers, replayed }: Answered): Record<string, string> {
  return { ...headers, ...(replayed ? { 'idempotency-replayed': 'true' } : {}) };
}
