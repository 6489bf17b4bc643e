import { type Static, Type } from 'typebox';
import { isZone, wallClock, weekdays } from './expression-path.ts';

const clockForm = '^([01]\\d|2[0-3]):[0-5]\\d$';
const SpanSchema = Type.Object(
  {
    from: Type.String({ pattern: clockForm, description: 'Local time `HH:MM`, belongs to the span.' }),
    to: Type.String({
      pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$',
      description:
        'Local time `HH:MM` up to `24:00`, does not belong to it; not after `from`: ends the next day.',
    }),
  },
  { additionalProperties: false },
);

/** When somebody is there: a weekly grid, and holidays that replace a day's grid. */
export const CalendarSchema = Type.Object(
  {
    weekly: Type.Array(
      Type.Object(
        {
          days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
            minItems: 1,
            maxItems: 7,
            uniqueItems: true,
            description: 'ISO 8601: Monday is 1, Sunday is 7.',
          }),
          ...SpanSchema.properties,
        },
        { additionalProperties: false },
      ),
      { default: [], maxItems: 100, description: 'Outside these spans it is closed.' },
    ),
    holidays: Type.Array(
      Type.Object(
        {
          date: Type.String({
            pattern: '^(\\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
            description: '`2026-12-25`, or `12-25` for every year.',
          }),
          name: Type.Optional(Type.String({ maxLength: 100, description: 'For people.' })),
          spans: Type.Array(SpanSchema, {
            default: [],
            maxItems: 10,
            description: 'Open nevertheless; none: closed all day.',
          }),
        },
        { additionalProperties: false },
      ),
      { default: [], maxItems: 200, description: 'Days whose spans replace those of the week.' },
    ),
  },
  { additionalProperties: false, description: 'When somebody is there.' },
);
export type Calendar = Static<typeof CalendarSchema>;
type Span = Static<typeof SpanSchema>;

export type CalendarState = 'open' | 'closed' | 'holiday';

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const dayMs = 86_400_000;

/** The local day of `atMs` and the minute in it; `back` whole days before by the calendar, whatever the clocks did. */
function localDay(atMs: number, zone: string, back: number) {
  const { year, month, day, hour, minute, weekday } = wallClock(atMs, zone);
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)) - back * dayMs)
    .toISOString()
    .slice(0, 10);
  const today = Number(weekdays[weekday]);
  return {
    date,
    isoWeekday: ((today - 1 - back + 7) % 7) + 1,
    minute: Number(hour) * 60 + Number(minute) + back * 1440,
  };
}

function covers(span: Span, minute: number): boolean {
  const from = minutesOf(span.from);
  const to = minutesOf(span.to);
  return minute >= from && minute < (to > from ? to : to + 1440);
}

/**
 * Whether the calendar is open at a moment, by the wall clock of an IANA zone. A span over midnight belongs to the day
 * it began on; on a holiday only the holiday's own spans count, and outside them it is `holiday`, not `closed`.
 */
export function calendarState(calendar: Calendar, zone: string, atMs: number): CalendarState {
  let state: CalendarState = 'closed';
  for (const back of [0, 1]) {
    const { date, isoWeekday, minute } = localDay(atMs, zone, back);
    const holiday = calendar.holidays.find((one) => one.date === date || one.date === date.slice(5));
    const spans = holiday?.spans ?? calendar.weekly.filter(({ days }) => days.includes(isoWeekday));
    if (spans.some((span) => covers(span, minute))) return 'open';
    if (back === 0 && holiday !== undefined) state = 'holiday';
  }
  return state;
}

export { isZone };
