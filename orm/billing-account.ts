import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { Buyer } from './buyer.ts';
import { Carrier } from './carrier.ts';
import { changed, currency, key, micros, moment, sorted, written } from './columns.ts';
import { Publisher } from './publisher.ts';
import { RateCard } from './rate-card.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What an account is in double entry: the first three are somebody's, the last three the tenant's own books. */
export const accountKinds = ['buyer', 'publisher', 'carrier', 'revenue', 'funding', 'adjustment'] as const;

/** An account of the ledger, in one currency. */
export const BillingAccount = defineEntity({
  name: 'BillingAccount',
  tableName: 'billing_account',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    kind: p.enum(accountKinds),
    currency: currency(),
    buyer: () => p.manyToOne(Buyer).nullable().deleteRule('set null').index(),
    publisher: () => p.manyToOne(Publisher).nullable().deleteRule('set null').index(),
    carrier: () => p.manyToOne(Carrier).nullable().deleteRule('set null').index(),
    /** Rates of its calls where nothing nearer to the call says otherwise. */
    rateCard: () => p.manyToOne(RateCard).nullable().deleteRule('set null').index(),
    /** True: calls are reserved before they are dialled and cut when the money ends. */
    prepaid: p.boolean().default(false),
    /** How far below zero it may go. */
    creditLimitMicros: micros().default(0).check('credit_limit_micros >= 0'),
    enabled: p.boolean().default(true),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  checks: [
    {
      name: 'billing_account_holder',
      expression:
        "(buyer_id is null or kind = 'buyer') and (publisher_id is null or kind = 'publisher') and (carrier_id is null or kind = 'carrier')",
    },
  ],
  triggers: [
    oneTenant({
      buyer_id: 'buyer',
      publisher_id: 'publisher',
      carrier_id: 'carrier',
      rate_card_id: 'rate_card',
    }),
    {
      name: 'keep_currency',
      timing: 'before',
      events: ['update'],
      body: "if new.currency <> old.currency or new.kind <> old.kind then raise exception 'an account keeps its currency and kind: open another' using errcode = 'restrict_violation'; end if; return new",
    },
  ],
  ...tenantRows,
});
export type BillingAccount = InferEntity<typeof BillingAccount>;

/**
 * What an account holds: always the sum of its ledger entries, kept by the ledger's own trigger and by nobody else.
 * What is reserved for live calls is held beside it.
 */
export const Balance = defineEntity({
  name: 'Balance',
  tableName: 'balance',
  properties: {
    account: () => p.oneToOne(BillingAccount).primary().deleteRule('cascade'),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade').index(),
    amountMicros: micros().default(0),
    reservedMicros: micros().default(0).check('reserved_micros >= 0'),
    updatedAt: written(),
  },
  ...tenantRows,
});
export type Balance = InferEntity<typeof Balance>;

/** Money of an account that is kept for one live call; settled by the call's ledger entries, or given back. */
export const BalanceReservation = defineEntity({
  name: 'BalanceReservation',
  tableName: 'balance_reservation',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    account: () => p.manyToOne(BillingAccount).deleteRule('cascade'),
    callId: p.uuid(),
    amountMicros: micros().check('amount_micros > 0'),
    status: p.enum(['held', 'settled', 'released'] as const).default('held'),
    createdAt: written(),
    /** A daemon that died gives back nothing: a sweep does, after this. */
    expiresAt: moment(),
    endedAt: moment().nullable(),
  },
  uniques: [{ properties: ['callId', 'account'] }],
  indexes: [
    { properties: ['tenant', 'id'] },
    { properties: ['account', 'id'] },
    { name: 'balance_reservation_held', properties: ['expiresAt'], where: "status = 'held'" },
  ],
  checks: [{ name: 'balance_reservation_end', expression: "(status = 'held') = (ended_at is null)" }],
  triggers: [oneTenant({ account_id: 'billing_account' })],
  ...tenantRows,
});
export type BalanceReservation = InferEntity<typeof BalanceReservation>;
