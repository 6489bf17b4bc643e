import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, currency, endsAfterStart, key, micros, moment, sorted, written } from './columns.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What calls cost by where they go, in one currency: a buyer's prices, a publisher's payouts or a carrier's costs. */
export const RateCard = defineEntity({
  name: 'RateCard',
  tableName: 'rate_card',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: sorted(),
    kind: p.enum(['price', 'payout', 'cost'] as const),
    currency: currency(),
    /** IANA zone in which the week of a rate runs. */
    zone: p.text().default('UTC'),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  ...tenantRows,
});
export type RateCard = InferEntity<typeof RateCard>;

/** Minutes of a week, from Monday 0:00. */
const minutesOfWeek = 7 * 24 * 60;

/**
 * One rate of a card. The longest prefix that fits the number counts, among its rates the one whose validity and part
 * of the week fit; no two of a prefix can. Bands of the week that wrap or are several are several rates.
 */
export const Rate = defineEntity({
  name: 'Rate',
  tableName: 'rate',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    rateCard: () => p.manyToOne(RateCard).deleteRule('cascade'),
    /** The first digits of an E.164 number, without `+`; '' fits every number. */
    prefix: sorted().default('').check("prefix ~ '^[0-9]{0,15}$'"),
    connectFeeMicros: micros().default(0).check('connect_fee_micros >= 0'),
    pricePerMinuteMicros: micros().check('price_per_minute_micros >= 0'),
    firstIncrementSeconds: p.integer().default(60).check('first_increment_seconds > 0'),
    nextIncrementSeconds: p.integer().default(60).check('next_increment_seconds > 0'),
    /** A shorter call is counted as so long. */
    minimumSeconds: p.integer().default(0).check('minimum_seconds >= 0'),
    /** A call this short or shorter is free. */
    graceSeconds: p.integer().default(0).check('grace_seconds >= 0'),
    rounding: p.enum(['up', 'half_up', 'down'] as const).default('up'),
    /** Decimals of the currency's unit the amount is rounded to. */
    decimals: p.integer().default(4).check('decimals >= 0 and decimals <= 6'),
    validFrom: moment(),
    validUntil: moment().nullable(),
    /** Minute of the week (Monday 0:00 is 0) from which it holds. */
    weekFrom: p.integer().default(0),
    /** Minute of the week at which it ends; 10080 is the end of Sunday. */
    weekUntil: p.integer().default(minutesOfWeek),
    createdAt: written(),
  },
  indexes: [
    { properties: ['tenant', 'rateCard'] },
    { properties: ['rateCard', 'prefix'] },
    { properties: ['rateCard', 'id'] },
  ],
  checks: [
    { name: 'rate_validity', expression: endsAfterStart('valid_from', 'valid_until') },
    {
      name: 'rate_week',
      expression: `week_from >= 0 and week_until > week_from and week_until <= ${minutesOfWeek}`,
    },
    {
      name: 'rate_one_at_a_time',
      expression:
        'exclude using gist (rate_card_id with =, prefix with =, tstzrange(valid_from, valid_until) with &&, int4range(week_from, week_until) with &&)',
    },
  ],
  triggers: [oneTenant({ rate_card_id: 'rate_card' })],
  ...tenantRows,
});
export type Rate = InferEntity<typeof Rate>;
