import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { Buyer } from './buyer.ts';
import { key, moment, secretHash, written } from './columns.ts';
import { Publisher } from './publisher.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';
import { Role, User } from './user.ts';

/**
 * A membership that is offered to whoever has an account of this address. It counts for nothing until that person
 * accepts it with its code, which was shown once to who offered it.
 */
export const Invitation = defineEntity({
  name: 'Invitation',
  tableName: 'invitation',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    /** Lower case. Whether there is an account of it is not looked up. */
    email: p.text().check("email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and email = lower(email)"),
    role: () => p.manyToOne(Role).deleteRule('cascade'),
    publisher: () => p.manyToOne(Publisher).nullable().deleteRule('cascade'),
    buyer: () => p.manyToOne(Buyer).nullable().deleteRule('cascade'),
    codeHash: secretHash().unique().check("code_hash ~ '^[0-9a-f]{64}$'"),
    /** Null: an operator's or a key's. */
    createdBy: () => p.manyToOne(User).nullable().deleteRule('cascade'),
    createdAt: written(),
    expiresAt: moment(),
  },
  uniques: [{ properties: ['tenant', 'email'] }],
  indexes: [
    { properties: ['role'] },
    { properties: ['publisher'] },
    { properties: ['buyer'] },
    { properties: ['createdBy'] },
  ],
  checks: [{ name: 'invitation_one_view', expression: 'publisher_id is null or buyer_id is null' }],
  triggers: [oneTenant({ role_id: 'role', publisher_id: 'publisher', buyer_id: 'buyer' }, true)],
  ...tenantRows,
});
export type Invitation = InferEntity<typeof Invitation>;
