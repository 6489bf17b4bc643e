import { Schedule } from '../../../orm/index.ts';
import { CalendarSchema } from '../../flow/calendar.ts';
import { isZone } from '../../flow/expression-path.ts';
import { defineResource } from './define-resource.ts';
import { id, Name, required, stamps, Text } from './fields.ts';

export const schedules = defineResource({
  one: 'schedule',
  note: 'Kept, not in force yet: a flow’s `schedule` node has its calendar in its own params, and none refers to one of these.',
  path: '/schedules',
  entity: Schedule,
  of: 'tenant',
  thing: 'flows',
  fields: {
    ...id,
    name: required(Name),
    zone: required(Text(64), (zone) =>
      zone === 'caller' || isZone(String(zone))
        ? undefined
        : 'is no zone of the IANA database, such as America/New_York, nor `caller`',
    ),
    calendar: required(CalendarSchema),
    ...stamps,
  },
  filters: { name: 'prefix' },
  sort: ['name'],
});
