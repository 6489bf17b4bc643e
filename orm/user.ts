import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { Buyer } from './buyer.ts';
import { changed, key, moment, written } from './columns.ts';
import { Publisher } from './publisher.ts';
import { oneTenant, sharedRows, tenantRows, visibleWhere } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * A person who signs in with an e-mail address and a password. Belongs to no tenant: a membership says what they may
 * do in which. The table is `user_account`, for `user` is SQL's own word.
 */
export const User = defineEntity({
  name: 'User',
  tableName: 'user_account',
  properties: {
    id: key(),
    /** Lower case. */
    email: p.text().unique().check("email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and email = lower(email)"),
    name: p.text(),
    /** argon2id in PHC's string format; read only to sign somebody in. */
    passwordHash: p.text().lazy().hidden(),
    /** When this person chose the password; null: somebody else gave it, and it opens nothing but the choice of another. */
    passwordChosenAt: moment().nullable().lazy(),
    /** May work in every tenant. */
    operator: p.boolean().default(false),
    enabled: p.boolean().default(true),
    lastSignInAt: moment().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  ...visibleWhere(
    'EXISTS ( SELECT 1 FROM membership m WHERE ((m.user_id = user_account.id) AND (m.tenant_id = current_tenant_id())))',
  ),
});
export type User = InferEntity<typeof User>;

/** What somebody may do. Those of the platform (no tenant) are the same everywhere; a tenant may add its own. */
export const Role = defineEntity({
  name: 'Role',
  tableName: 'role',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).nullable().deleteRule('cascade'),
    name: p.text().check("name ~ '^[a-z][a-z0-9_-]{0,62}$'"),
    description: p.text(),
    /** Which rows it sees: the tenant's, those of one publisher, or those of one buyer. */
    view: p.enum(['tenant', 'publisher', 'buyer'] as const),
    /** `<thing>:read` or `<thing>:write`; `*` is every thing. */
    scopes: p.array(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [
    { properties: ['tenant', 'name'] },
    { name: 'role_platform_name', properties: ['name'], where: 'tenant_id is null' },
  ],
  ...sharedRows,
});
export type Role = InferEntity<typeof Role>;

/** A user in a tenant. One whose role sees a publisher's or a buyer's rows says whose. */
export const Membership = defineEntity({
  name: 'Membership',
  tableName: 'membership',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    role: () => p.manyToOne(Role).deleteRule('cascade'),
    publisher: () => p.manyToOne(Publisher).nullable().deleteRule('cascade'),
    buyer: () => p.manyToOne(Buyer).nullable().deleteRule('cascade'),
    createdAt: written(),
  },
  uniques: [{ properties: ['tenant', 'user'] }],
  indexes: [
    { properties: ['user'] },
    { properties: ['role'] },
    { properties: ['publisher'] },
    { properties: ['buyer'] },
  ],
  checks: [{ name: 'membership_one_view', expression: 'publisher_id is null or buyer_id is null' }],
  triggers: [oneTenant({ role_id: 'role', publisher_id: 'publisher', buyer_id: 'buyer' }, true)],
  ...tenantRows,
});
export type Membership = InferEntity<typeof Membership>;
