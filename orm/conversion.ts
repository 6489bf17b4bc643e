import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { moneyMarked } from './call-counts-sql.ts';
import { currency, key, micros, written } from './columns.ts';
import { immutable, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** That a call was worth money, and how much. Corrected by the next version; the highest one counts. */
export const Conversion = defineEntity({
  name: 'Conversion',
  tableName: 'conversion',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    /** No foreign key: a postback may come before its call is written, and what was billed outlives it. */
    callId: p.uuid(),
    version: p.integer().check('version >= 1'),
    campaignId: p.uuid().nullable(),
    buyerId: p.uuid().nullable(),
    publisherId: p.uuid().nullable(),
    rule: p.enum(['connect', 'duration', 'keypress', 'postback', 'correction'] as const),
    status: p.enum(['converted', 'duplicate', 'withdrawn'] as const),
    currency: currency(),
    priceMicros: micros().check('price_micros >= 0'),
    payoutMicros: micros().check('payout_micros >= 0'),
    /** The sender's own id of a postback: the same one twice is one. */
    externalId: p.text().nullable(),
    reason: p.text().nullable(),
    createdAt: written(),
  },
  uniques: [
    { properties: ['callId', 'version'] },
    {
      name: 'conversion_external_once',
      properties: ['tenant', 'externalId'],
      where: 'external_id is not null',
    },
  ],
  indexes: [
    { properties: ['tenant', 'createdAt', 'id'] },
    { properties: ['tenant', 'campaignId', 'createdAt'] },
    { properties: ['tenant', 'buyerId', 'createdAt'] },
    { properties: ['tenant', 'publisherId', 'createdAt'] },
    {
      name: 'conversion_not_counted',
      properties: ['tenant', 'status', 'createdAt', 'id'],
      where: "status <> 'converted'",
    },
  ],
  triggers: [immutable('a conversion'), moneyMarked('conversion')],
  ...tenantRows,
});
export type Conversion = InferEntity<typeof Conversion>;
