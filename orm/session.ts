import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key, moment, secretHash, written } from './columns.ts';
import { platformRows } from './row-security.ts';
import { User } from './user.ts';

/** A sign-in that lasts. The browser holds the token, the database its SHA-256: reading the table signs nobody in. */
export const Session = defineEntity({
  name: 'Session',
  tableName: 'session',
  properties: {
    id: key(),
    user: () => p.manyToOne(User).deleteRule('cascade').index(),
    tokenHash: secretHash().unique().check("token_hash ~ '^[0-9a-f]{64}$'"),
    remoteAddress: p.text().nullable(),
    userAgent: p.text().nullable(),
    createdAt: written(),
    lastUsedAt: moment().nullable(),
    expiresAt: moment().index(),
    revokedAt: moment().nullable(),
  },
  ...platformRows,
});
export type Session = InferEntity<typeof Session>;
