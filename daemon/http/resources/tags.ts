import { Type } from 'typebox';
import { Tag } from '../../../orm/index.ts';
import { Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import { id, Note, optional, required, stamps, Text } from './fields.ts';

export const tags = defineResource({
  one: 'tag',
  path: '/tags',
  entity: Tag,
  of: 'tenant',
  thing: 'calls',
  fields: {
    ...id,
    name: required(Text(64)),
    description: optional(Note, null),
    color: optional(Nullable(Type.String({ pattern: '^#[0-9a-f]{6}$' })), null),
    ...stamps,
  },
  filters: { name: 'prefix' },
  sort: ['name'],
});
