import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { isE164, key, moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** That somebody agreed to be called, as a provider certifies it. */
export const ConsentToken = defineEntity({
  name: 'ConsentToken',
  tableName: 'consent_token',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    provider: p.enum(['trusted_form', 'jornaya', 'first_party'] as const),
    token: p.text(),
    /** Whose consent it is; null until the provider said so. */
    e164: p.text().nullable().check(isE164('e164')),
    callId: p.uuid().nullable(),
    status: p.enum(['unchecked', 'valid', 'expired', 'mismatch', 'invalid'] as const).default('unchecked'),
    /** When consent was given, and until when the provider keeps its proof. */
    givenAt: moment().nullable(),
    expiresAt: moment().nullable(),
    /** The provider's answer. */
    evidence: p.json<object>().nullable(),
    createdAt: written(),
    checkedAt: moment().nullable(),
  },
  uniques: [{ properties: ['tenant', 'token', 'provider'] }],
  indexes: [
    { properties: ['tenant', 'id'] },
    { properties: ['tenant', 'status', 'id'] },
    { properties: ['tenant', 'e164'] },
    { properties: ['callId'] },
  ],
  ...tenantRows,
});
export type ConsentToken = InferEntity<typeof ConsentToken>;
