import { Publisher } from '../../../orm/index.ts';
import { defineResource } from './define-resource.ts';
import { enabled, id, Name, required, stamps } from './fields.ts';

export const publishers = defineResource({
  one: 'publisher',
  note: 'Calls to the numbers of one that is switched off are refused with `publisher_disabled`.',
  path: '/publishers',
  entity: Publisher,
  of: 'tenant',
  thing: 'parties',
  views: { publisher: 'r.id = ?' },
  fields: { ...id, name: required(Name), enabled: enabled(), ...stamps },
  filters: { name: 'prefix', enabled: 'equal' },
  sort: ['name'],
});
