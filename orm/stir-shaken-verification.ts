import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What the Identity header of a call was worth (RFC 8224, ATIS-1000074). One a call. */
export const StirShakenVerification = defineEntity({
  name: 'StirShakenVerification',
  tableName: 'stir_shaken_verification',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    /** No foreign key: it is known before its call is written. */
    callId: p.uuid().unique(),
    result: p.enum(['passed', 'failed', 'no_identity'] as const),
    attestation: p.enum(['A', 'B', 'C'] as const).nullable(),
    origId: p.text().nullable(),
    certificateUrl: p.text().nullable(),
    /** Who verified it: the carrier (verstat), or we. */
    verifiedBy: p.enum(['carrier', 'callfabric'] as const),
    reason: p.text().nullable(),
    createdAt: written(),
  },
  indexes: [
    { properties: ['tenant', 'id'] },
    { properties: ['tenant', 'result', 'id'] },
    { properties: ['tenant', 'attestation', 'id'] },
  ],
  ...tenantRows,
});
export type StirShakenVerification = InferEntity<typeof StirShakenVerification>;
