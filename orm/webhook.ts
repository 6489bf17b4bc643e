import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, moment, sorted, written } from './columns.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Where a tenant wants its events sent. */
export const Webhook = defineEntity({
  name: 'Webhook',
  tableName: 'webhook',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    url: p.text().check("url ~ '^https?://[^[:space:]]+$'"),
    /** Signs what is sent; shown once, when it is made. */
    secret: p.text().lazy().hidden().check('length(secret) >= 16'),
    /** Kinds of events, `call.*` for all of a group; none: every kind. */
    events: p.array().defaultRaw("'{}'"),
    enabled: p.boolean().default(true),
    /** Why it was switched off by itself. */
    pausedReason: p.text().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  ...tenantRows,
});
export type Webhook = InferEntity<typeof Webhook>;

/** One event on its way to one webhook, over all its tries. */
export const WebhookDelivery = defineEntity({
  name: 'WebhookDelivery',
  tableName: 'webhook_delivery',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    webhook: () => p.manyToOne(Webhook).deleteRule('cascade'),
    /** No foreign key: months of events are dropped whole. */
    eventId: p.uuid(),
    callId: p.uuid().nullable(),
    status: p.enum(['pending', 'delivered', 'failed'] as const).default('pending'),
    tries: p.integer().default(0).check('tries >= 0'),
    nextTryAt: moment().nullable(),
    responseStatus: p.integer().nullable(),
    /** The last answer or fault, cut short. */
    response: p.text().nullable(),
    durationMs: p.integer().nullable(),
    createdAt: written(),
    deliveredAt: moment().nullable(),
  },
  uniques: [{ properties: ['webhook', 'eventId'] }],
  indexes: [
    { properties: ['webhook', 'createdAt', 'id'] },
    { properties: ['webhook', 'callId'] },
    {
      name: 'webhook_delivery_not_delivered',
      properties: ['webhook', 'status', 'createdAt', 'id'],
      where: "status <> 'delivered'",
    },
    { name: 'webhook_delivery_pending', properties: ['nextTryAt'], where: "status = 'pending'" },
  ],
  checks: [
    {
      name: 'webhook_delivery_pending_has_time',
      expression: "(status = 'pending') = (next_try_at is not null)",
    },
  ],
  triggers: [oneTenant({ webhook_id: 'webhook' })],
  ...tenantRows,
});
export type WebhookDelivery = InferEntity<typeof WebhookDelivery>;
