import fc from 'fast-check';
import t from 'tap';
import { type Calendar, calendarState } from '../../../daemon/flow/calendar.ts';

const newYork = 'America/New_York';
const at = (text: string) => Date.parse(text);
const nine2five: Calendar = {
  weekly: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }],
  holidays: [],
};

void t.test('a span holds its first minute and not its last', async (t) => {
  t.equal(calendarState(nine2five, newYork, at('2026-06-15T08:59:59-04:00')), 'closed');
  t.equal(calendarState(nine2five, newYork, at('2026-06-15T09:00:00-04:00')), 'open');
  t.equal(calendarState(nine2five, newYork, at('2026-06-15T16:59:59-04:00')), 'open');
  t.equal(calendarState(nine2five, newYork, at('2026-06-15T17:00:00-04:00')), 'closed');
  t.equal(calendarState(nine2five, newYork, at('2026-06-14T12:00:00-04:00')), 'closed', 'Sunday');
});

void t.test('the wall clock counts on both sides of daylight saving', async (t) => {
  t.equal(calendarState(nine2five, newYork, at('2026-03-06T14:00:00Z')), 'open', 'winter, 09:00');
  t.equal(calendarState(nine2five, newYork, at('2026-03-09T13:00:00Z')), 'open', 'summer, 09:00');
  t.equal(calendarState(nine2five, newYork, at('2026-03-06T13:00:00Z')), 'closed', 'winter, 08:00');
});

void t.test('a span over midnight belongs to the day it began on', async (t) => {
  const night: Calendar = { weekly: [{ days: [5], from: '22:00', to: '02:00' }], holidays: [] };
  t.equal(calendarState(night, newYork, at('2026-06-19T23:00:00-04:00')), 'open', 'Friday night');
  t.equal(calendarState(night, newYork, at('2026-06-20T01:59:00-04:00')), 'open', 'early on Saturday');
  t.equal(calendarState(night, newYork, at('2026-06-20T02:00:00-04:00')), 'closed');
  t.equal(calendarState(night, newYork, at('2026-06-19T01:00:00-04:00')), 'closed', 'early on Friday');
});

void t.test("a holiday's own spans replace the day's grid", async (t) => {
  const calendar: Calendar = {
    ...nine2five,
    holidays: [
      { date: '12-25', spans: [] },
      { date: '2026-12-24', spans: [{ from: '09:00', to: '12:00' }] },
    ],
  };
  t.equal(calendarState(calendar, newYork, at('2026-12-25T10:00:00-05:00')), 'holiday');
  t.equal(calendarState(calendar, newYork, at('2029-12-25T10:00:00-05:00')), 'holiday', 'every year');
  t.equal(calendarState(calendar, newYork, at('2026-12-24T10:00:00-05:00')), 'open');
  t.equal(calendarState(calendar, newYork, at('2026-12-24T13:00:00-05:00')), 'holiday');
  t.equal(calendarState(calendar, newYork, at('2029-12-24T13:00:00-05:00')), 'open', 'that year only');
});

void t.test('around the clock is always open, whatever zone and moment', async () => {
  const always: Calendar = {
    weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
    holidays: [],
  };
  const zones = fc.constantFrom(newYork, 'Asia/Kathmandu', 'Pacific/Apia', 'Australia/Lord_Howe', 'UTC');
  fc.assert(
    fc.property(zones, fc.integer({ min: 0, max: 4_102_444_800_000 }), (zone, moment) => {
      return calendarState(always, zone, moment) === 'open';
    }),
  );
});
