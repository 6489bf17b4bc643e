import { Type } from 'typebox';
import { Rate, RateCard } from '../../../orm/index.ts';
import { isZone } from '../../flow/expression-path.ts';
import { Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  Currency,
  createdAt,
  fixed,
  Id,
  id,
  MicrosNotNegative,
  Moment,
  Name,
  optional,
  required,
  shown,
  stamps,
  Text,
  Whole,
} from './fields.ts';

export const rateCards = defineResource({
  one: 'rate card',
  note: 'Kept, not in force yet: no call is rated by it.',
  path: '/rate-cards',
  entity: RateCard,
  of: 'tenant',
  thing: 'billing',
  fields: {
    ...id,
    name: required(Name),
    kind: fixed(Type.Enum(['price', 'payout', 'cost'])),
    currency: fixed(Currency),
    zone: optional(Text(64), 'UTC', (zone) =>
      isZone(String(zone)) ? undefined : 'is no zone of the IANA database, such as America/New_York',
    ),
    ...stamps,
  },
  filters: { name: 'prefix', kind: 'equal', currency: 'equal' },
  sort: ['name'],
});

const seconds = (minimum: number) => Whole(minimum, 86_400);

export const rates = defineResource({
  one: 'rate',
  note: 'Kept, not in force yet: no call is rated by it.',
  path: '/rates',
  entity: Rate,
  of: 'tenant',
  thing: 'billing',
  parent: { resource: rateCards, field: 'rateCardId' },
  csv: 'both',
  fields: {
    ...id,
    rateCardId: shown(Id),
    prefix: optional(Type.String({ pattern: '^[0-9]{0,15}$' }), ''),
    connectFeeMicros: optional(MicrosNotNegative, '0'),
    pricePerMinuteMicros: required(MicrosNotNegative),
    firstIncrementSeconds: optional(seconds(1), 60),
    nextIncrementSeconds: optional(seconds(1), 60),
    minimumSeconds: optional(seconds(0), 0),
    graceSeconds: optional(seconds(0), 0),
    rounding: optional(Type.Enum(['up', 'half_up', 'down']), 'up'),
    decimals: optional(Whole(0, 6), 4),
    validFrom: required(Moment),
    validUntil: optional(Nullable(Moment), null),
    weekFrom: optional(Whole(0, 10_079), 0),
    weekUntil: optional(Whole(1, 10_080), 10_080),
    ...createdAt,
  },
  filters: { prefix: 'prefix' },
  sort: ['prefix'],
  constraints: {
    rate_validity: { field: '/validUntil', message: 'must be after validFrom' },
    rate_week: { field: '/weekUntil', message: 'must be after weekFrom' },
    rate_one_at_a_time: {
      field: '/prefix',
      message: 'has a rate of this card already, for some of this time and part of the week',
    },
  },
});
