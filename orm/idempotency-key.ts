import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key, moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** A request that must not be done twice: the same key gets the first one's answer. */
export const IdempotencyKey = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  properties: {
    id: key(),
    /** Null: of a request about the platform itself. */
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    /** As the client chose it. */
    key: p.text().check('length(key) >= 1 and length(key) <= 255'),
    method: p.text(),
    path: p.text(),
    /** SHA-256 of the request's body: the same key with another body is refused. */
    requestHash: p.text().check("request_hash ~ '^[0-9a-f]{64}$'"),
    /** Null: it is being done. */
    responseStatus: p.integer().nullable(),
    responseBody: p.json<unknown>().nullable(),
    createdAt: written(),
    expiresAt: moment().index(),
  },
  uniques: [
    { properties: ['tenant', 'key'] },
    { name: 'idempotency_key_platform_key', properties: ['key'], where: 'tenant_id is null' },
  ],
  ...tenantRows,
});
export type IdempotencyKey = InferEntity<typeof IdempotencyKey>;
