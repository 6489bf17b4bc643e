import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, moment, secretHash, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';
import { User } from './user.ts';

/**
 * A key that programs use in place of a sign-in: `prefix.secret`. The prefix is shown; of the secret there is a SHA-256
 * alone (it is random and long, so no slow hash is needed).
 */
export const ApiKey = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: p.text(),
    prefix: p.text().unique().check("prefix ~ '^[A-Za-z0-9_-]{8,32}$'"),
    secretHash: secretHash().check("secret_hash ~ '^[0-9a-f]{64}$'"),
    /** As a role's. */
    scopes: p.array(),
    createdBy: () => p.manyToOne(User).nullable().deleteRule('set null').index(),
    createdAt: written(),
    updatedAt: changed(),
    lastUsedAt: moment().nullable(),
    expiresAt: moment().nullable(),
    revokedAt: moment().nullable(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  ...tenantRows,
});
export type ApiKey = InferEntity<typeof ApiKey>;
