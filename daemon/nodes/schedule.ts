import { Type } from 'typebox';
import { CalendarSchema, calendarState, isZone } from '../flow/calendar.ts';
import { defineNode } from '../flow/define-node.ts';
import { zoneOfNumber } from '../telephony/zone-of-number.ts';

export const schedule = defineNode({
  type: 'schedule',
  help: 'Goes on by the hour and the day: open, closed or holiday.',
  params: Type.Object(
    {
      calendar: CalendarSchema,
      zone: Type.String({
        default: 'UTC',
        maxLength: 60,
        description:
          "An IANA zone such as `America/New_York`, or `caller`: by the caller's area code or country.",
      }),
      unknownCallerZone: Type.String({
        default: 'UTC',
        maxLength: 60,
        description: 'The zone where `caller` is asked for and cannot be told.',
      }),
    },
    { additionalProperties: false },
  ),
  exits: { open: 'required', closed: 'required', holiday: 'optional' },
  exitHelp: {
    open: 'the calendar is open now',
    closed: 'the calendar is closed now',
    holiday: 'today is a holiday of the calendar',
  },
  check: ({ zone, unknownCallerZone }) =>
    (
      [
        ['/zone', zone],
        ['/unknownCallerZone', unknownCallerZone],
      ] as const
    )
      .filter(([field, name]) => !(field === '/zone' && name === 'caller') && !isZone(name))
      .map(([field, name]) => ({
        field,
        message: `${name} is no time zone: write one such as America/New_York`,
      })),
  async run(ctx, { calendar, zone, unknownCallerZone }) {
    const local = zone === 'caller' ? (zoneOfNumber(ctx.call.caller) ?? unknownCallerZone) : zone;
    const state = calendarState(calendar, local, ctx.now());
    ctx.explain(`${state} in ${local}`);
    return state;
  },
});
