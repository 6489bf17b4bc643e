import { Type } from 'typebox';
import { FeatureFlag } from '../../../orm/index.ts';
import { defineResource } from './define-resource.ts';
import { Flag, fixed, id, MaybeId, Note, optional, shown, stamps } from './fields.ts';

/** Read by tenants, switched by operators: for all, or for the tenant they name. */
export const featureFlags = defineResource({
  one: 'feature flag',
  note: 'Kept, not in force yet: `analytics`, `transcription` and `stir_shaken` switch nothing.',
  path: '/feature-flags',
  entity: FeatureFlag,
  of: 'shared',
  thing: 'tenants',
  writers: 'operators',
  fields: {
    ...id,
    tenantId: shown(MaybeId),
    name: fixed(Type.String({ pattern: '^[a-z][a-z0-9_]{0,62}$' })),
    description: optional(Note, null),
    enabled: optional(Flag, false),
    ...stamps,
  },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});
