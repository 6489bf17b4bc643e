import { Type } from 'typebox';
import { Buyer, BuyerEndpoint, BuyerGroup } from '../../../orm/index.ts';
import { Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  enabled,
  fixed,
  Id,
  id,
  MaybeId,
  maxCalls,
  Name,
  optional,
  priority,
  RingTimeout,
  required,
  shown,
  stamps,
  weight,
} from './fields.ts';

export const buyerGroups = defineResource({
  one: 'buyer group',
  note: '`maxCalls` limits the calls that its buyers have at once, all together.',
  path: '/buyer-groups',
  entity: BuyerGroup,
  of: 'tenant',
  thing: 'parties',
  fields: { ...id, name: required(Name), maxCalls: maxCalls(), ...stamps },
  filters: { name: 'prefix' },
  sort: ['name'],
});

export const buyers = defineResource({
  one: 'buyer',
  path: '/buyers',
  entity: Buyer,
  of: 'tenant',
  thing: 'parties',
  views: { buyer: 'r.id = ?' },
  fields: {
    ...id,
    name: required(Name),
    groupId: optional(MaybeId, null),
    enabled: enabled(),
    maxCalls: maxCalls(),
    ringTimeoutMs: optional(Nullable(RingTimeout), null),
    ...stamps,
  },
  filters: { name: 'prefix', groupId: 'equal', enabled: 'equal' },
  sort: ['name'],
});

export const buyerEndpoints = defineResource({
  one: 'endpoint',
  path: '/endpoints',
  entity: BuyerEndpoint,
  of: 'tenant',
  thing: 'endpoints',
  parent: { resource: buyers, field: 'buyerId' },
  views: { buyer: 'r.buyer_id = ?' },
  viewsWrite: true,
  fields: {
    ...id,
    buyerId: shown(Id),
    label: required(Name),
    kind: fixed(Type.Enum(['sip', 'pstn'])),
    destination: required(Type.String({ minLength: 1, maxLength: 400, pattern: '^[!-~]+$' })),
    enabled: enabled(),
    maxCalls: maxCalls(),
    priority: priority(),
    weight: weight(),
    ringTimeoutMs: optional(Nullable(RingTimeout), null),
    ...stamps,
  },
  filters: { kind: 'equal', enabled: 'equal' },
  constraints: {
    buyer_endpoint_destination_form: {
      field: '/destination',
      message: 'must be a SIP URI (sip:…) where kind is sip, a number in E.164 form (+…) where it is pstn',
    },
  },
});
