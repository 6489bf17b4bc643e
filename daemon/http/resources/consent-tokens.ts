import { Type } from 'typebox';
import { ConsentToken } from '../../../orm/index.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import { createdAt, E164, id, MaybeId, shown } from './fields.ts';

export const consentTokens = defineResource({
  one: 'consent token',
  path: '/consent-tokens',
  entity: ConsentToken,
  of: 'tenant',
  thing: 'compliance',
  verbs: ['list', 'get'],
  fields: {
    ...id,
    provider: shown(Type.Enum(['trusted_form', 'jornaya', 'first_party'])),
    token: shown(Type.String({ maxLength: 1000 })),
    e164: shown(Nullable(E164)),
    callId: shown(MaybeId),
    status: shown(Type.Enum(['unchecked', 'valid', 'expired', 'mismatch', 'invalid'])),
    givenAt: shown(Nullable(InstantSchema)),
    expiresAt: shown(Nullable(InstantSchema)),
    evidence: shown(Nullable(Type.Object({}, { additionalProperties: true }))),
    ...createdAt,
    checkedAt: shown(Nullable(InstantSchema)),
  },
  filters: { provider: 'equal', token: 'equal', e164: 'equal', callId: 'equal', status: 'equal' },
});
