import { Type } from 'typebox';
import { FreeSwitchNode } from '../../../orm/index.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import { enabled, fixed, id, required, shown, stamps, Whole } from './fields.ts';

export const freeSwitchNodes = defineResource({
  one: 'FreeSWITCH node',
  note: 'Kept, not in force yet: the daemons know FreeSWITCH by their setting CALLFABRIC_FREESWITCH alone, and one that is switched off here goes on sending calls.',
  path: '/freeswitch-nodes',
  entity: FreeSwitchNode,
  of: 'platform',
  thing: 'operations',
  fields: {
    ...id,
    name: fixed(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$' })),
    host: required(Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,255}$' })),
    port: required(Whole(1, 65_535)),
    enabled: enabled(),
    version: shown(Nullable(Type.String())),
    coreUuid: shown(Nullable(Type.String())),
    lastSeenAt: shown(Nullable(InstantSchema)),
    ...stamps,
  },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});
