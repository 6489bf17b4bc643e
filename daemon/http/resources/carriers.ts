import { Type } from 'typebox';
import { Carrier, Trunk } from '../../../orm/index.ts';
import { defineResource } from './define-resource.ts';
import {
  enabled,
  Id,
  id,
  MaybeId,
  maxCalls,
  Name,
  optional,
  priority,
  required,
  stamps,
  weight,
} from './fields.ts';

export const carriers = defineResource({
  one: 'carrier',
  path: '/carriers',
  entity: Carrier,
  of: 'tenant',
  thing: 'telephony',
  fields: { ...id, name: required(Name), enabled: enabled(), ...stamps },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});

export const trunks = defineResource({
  one: 'trunk',
  path: '/trunks',
  entity: Trunk,
  of: 'tenant',
  thing: 'telephony',
  fields: {
    ...id,
    carrierId: required(Id),
    name: required(Name),
    gateway: required(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,64}$' })),
    enabled: enabled(),
    maxCalls: maxCalls(),
    rateCardId: optional(MaybeId, null),
    priority: priority(),
    weight: weight(),
    ...stamps,
  },
  filters: { name: 'prefix', carrierId: 'equal', enabled: 'equal' },
  sort: ['name'],
});
