import { DncEntry, DncList } from '../../../orm/index.ts';
import { Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  createdAt,
  E164,
  enabled,
  fixed,
  Id,
  id,
  MaybeId,
  Moment,
  Name,
  Note,
  optional,
  required,
  shown,
  stamps,
} from './fields.ts';

export const dncLists = defineResource({
  one: 'DNC list',
  note: 'Kept, not in force yet: no call is screened by it.',
  path: '/dnc-lists',
  entity: DncList,
  of: 'shared',
  thing: 'compliance',
  // No tenant: a list of the platform, which holds for all.
  fields: { ...id, tenantId: shown(MaybeId), name: required(Name), enabled: enabled(), ...stamps },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});

export const dncEntries = defineResource({
  one: 'DNC entry',
  note: 'Kept, not in force yet: no call is screened by it.',
  path: '/entries',
  entity: DncEntry,
  of: 'shared',
  thing: 'compliance',
  parent: { resource: dncLists, field: 'listId' },
  csv: 'both',
  fields: {
    ...id,
    listId: shown(Id),
    e164: fixed(E164),
    reason: optional(Note, null),
    expiresAt: optional(Nullable(Moment), null),
    ...createdAt,
  },
  filters: { e164: 'prefix' },
  sort: ['e164'],
});
