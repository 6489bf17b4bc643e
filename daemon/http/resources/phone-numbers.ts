import { Type } from 'typebox';
import { PhoneNumber } from '../../../orm/index.ts';
import { defineResource } from './define-resource.ts';
import { E164, enabled, fixed, id, MaybeId, maxCalls, optional, stamps } from './fields.ts';

/** Words without `;`, which is between them in a CSV file. */
const Tags = Type.Array(Type.String({ pattern: '^[^;\\x00-\\x1f]{1,64}$' }), { maxItems: 50 });

export const numberFields = {
  ...id,
  e164: fixed(E164),
  campaignId: optional(MaybeId, null),
  publisherId: optional(MaybeId, null),
  enabled: enabled(),
  maxCalls: maxCalls(),
  tags: optional(Tags, []),
  ...stamps,
};

export const phoneNumbers = defineResource({
  one: 'number',
  path: '/numbers',
  entity: PhoneNumber,
  of: 'tenant',
  thing: 'numbers',
  views: { publisher: 'r.publisher_id = ?' },
  csv: 'both',
  fields: numberFields,
  filters: { e164: 'prefix', campaignId: 'equal', publisherId: 'equal', enabled: 'equal' },
  sort: ['e164'],
});
