import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { micros, moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** `nobody` (call-counts-sql.ts) where the call had none; no foreign keys: figures outlive what they are counted by. */
const key = () => ({
  quarter: moment(),
  campaignId: p.uuid(),
  publisherId: p.uuid(),
  buyerId: p.uuid(),
  did: p.text(),
});

/** Microseconds and micro-units, exact; negative where a row takes back. */
const sum = () => p.bigint('bigint').default(0);

/** Of the calls themselves. */
const calls = () => ({
  incoming: sum(),
  answered: sum(),
  connected: sum(),
  /** From answer, and from connection with a buyer, to the end. */
  answeredUs: sum(),
  connectedUs: sum(),
});

/** Of what they were worth. */
const money = () => ({
  converted: sum(),
  duplicates: sum(),
  revenueMicros: micros().default(0),
  payoutMicros: micros().default(0),
  costMicros: micros().default(0),
});

/**
 * What reports add up: figures of all calls that began in one quarter of an hour (UTC), by whom they were of. Calls are
 * counted with `currency` '', money and conversions with theirs.
 */
export const CallCount = defineEntity({
  name: 'CallCount',
  tableName: 'call_count',
  properties: {
    tenant: () => p.manyToOne(Tenant).primary().deleteRule('cascade'),
    quarter: moment().primary(),
    campaignId: p.uuid().primary(),
    publisherId: p.uuid().primary(),
    buyerId: p.uuid().primary(),
    did: p.text().primary(),
    currency: p.text().primary(),
    ...calls(),
    ...money(),
  },
  ...tenantRows,
});
export type CallCount = InferEntity<typeof CallCount>;

/**
 * What is still to be added to call_count: appended by the triggers of `call`, folded in by the job `call-counts`. No
 * foreign key: it is written with every batch of calls, whose own key says that the tenant is there.
 */
export const CallCountDelta = defineEntity({
  name: 'CallCountDelta',
  tableName: 'call_count_delta',
  properties: {
    tenantId: p.uuid().primary(),
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    ...key(),
    ...calls(),
  },
  ...tenantRows,
});
export type CallCountDelta = InferEntity<typeof CallCountDelta>;

/** What one call was worth, as it is counted in call_count: by this much it is taken back when it changes. */
export const CallMoney = defineEntity({
  name: 'CallMoney',
  tableName: 'call_money',
  properties: {
    tenant: () => p.manyToOne(Tenant).primary().deleteRule('cascade'),
    /** No foreign key: a call that is deleted is taken back first. */
    callId: p.uuid().primary(),
    currency: p.text().primary(),
    ...key(),
    ...money(),
  },
  ...tenantRows,
});
export type CallMoney = InferEntity<typeof CallMoney>;

/** A call whose money changed since it was counted: a conversion, a ledger entry or the call itself was written. */
export const CallMoneyMark = defineEntity({
  name: 'CallMoneyMark',
  tableName: 'call_money_mark',
  properties: {
    tenant: () => p.manyToOne(Tenant).primary().deleteRule('cascade'),
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    callId: p.uuid(),
    markedAt: written(),
  },
  ...tenantRows,
});
export type CallMoneyMark = InferEntity<typeof CallMoneyMark>;

/**
 * A call's tags, one a row, kept by the triggers of `call`: an index over arrays can neither give the newest first nor
 * be used through row-level security (its operators are not leakproof). No foreign keys, as above.
 */
export const CallTag = defineEntity({
  name: 'CallTag',
  tableName: 'call_tag',
  properties: {
    tenantId: p.uuid().primary(),
    tag: p.text().primary(),
    startedAt: moment().primary(),
    callId: p.uuid().primary(),
  },
  ...tenantRows,
});
export type CallTag = InferEntity<typeof CallTag>;
