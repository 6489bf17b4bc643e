import { Type } from 'typebox';
import { CallerIdNumber, CallerIdPool } from '../../../orm/index.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  createdAt,
  E164,
  enabled,
  fixed,
  Id,
  id,
  Name,
  optional,
  required,
  shown,
  stamps,
  weight,
} from './fields.ts';

export const callerIdPools = defineResource({
  one: 'caller-ID pool',
  note: 'Kept, not in force yet: no node of a flow takes its caller ID from a pool.',
  path: '/caller-id-pools',
  entity: CallerIdPool,
  of: 'tenant',
  thing: 'telephony',
  fields: {
    ...id,
    name: required(Name),
    strategy: optional(Type.Enum(['local_presence', 'least_used', 'sticky']), 'least_used'),
    enabled: enabled(),
    ...stamps,
  },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});

export const callerIdNumbers = defineResource({
  one: 'number of a caller-ID pool',
  note: 'Kept, not in force yet: no node of a flow takes its caller ID from a pool.',
  path: '/numbers',
  entity: CallerIdNumber,
  of: 'tenant',
  thing: 'telephony',
  parent: { resource: callerIdPools, field: 'poolId' },
  fields: {
    ...id,
    poolId: shown(Id),
    e164: fixed(E164),
    enabled: enabled(),
    weight: weight(),
    uses: shown(Type.Integer()),
    lastUsedAt: shown(Nullable(InstantSchema)),
    ...createdAt,
  },
  filters: { e164: 'prefix', enabled: 'equal' },
  sort: ['e164'],
});
