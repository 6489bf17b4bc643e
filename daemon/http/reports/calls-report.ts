import { nobody } from '../../../orm/call-counts-sql.ts';
import type { View } from '../access.ts';
import { Problem } from '../problem.ts';
import { type Fault, isNearMoment } from '../schemas.ts';
import type { Counted, Reports } from './ports.ts';
import type { Figures, Report, ReportMoney, ReportQuery } from './report-schemas.ts';
import type { ReportQuestion } from './report-sql.ts';

const quarterMs = 900_000;
const longestMs = 400 * 24 * 3_600_000;
/** Days are days of their zone: up to 14 hours away from UTC. */
const zoneSlackMs = 28 * 3_600_000;

/** Milliseconds of a bound, of a day as if it were one of UTC; undefined where there is no such day or hour. */
function msOf(text: string): number | undefined {
  const at = new Date(text);
  if (!isNearMoment(at)) return undefined;
  // 2026-02-30 is March to JavaScript.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day) ? at.getTime() : undefined;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function faultsOf(query: ReportQuery): Fault[] {
  const faults: Fault[] = [];
  const [from, to] = [msOf(query.from), msOf(query.to)];
  for (const [field, ms] of [
    ['/from', from],
    ['/to', to],
  ] as const) {
    if (ms === undefined) faults.push({ field, message: 'is no such day or hour' });
    else if (ms % quarterMs !== 0)
      faults.push({ field, message: 'must be on a quarter of an hour (:00, :15, :30, :45)' });
  }
  if (from !== undefined && to !== undefined) {
    if (to <= from - zoneSlackMs || query.to === query.from)
      faults.push({ field: '/to', message: 'must be after from' });
    if (to - from > longestMs + zoneSlackMs)
      faults.push({ field: '/to', message: 'must be at most 400 days after from' });
  }
  if (query.zone !== undefined && !isZone(query.zone))
    faults.push({ field: '/zone', message: 'is no time zone, such as America/New_York' });
  return faults;
}

/** What a view must not be split or narrowed by: it would tell who the others are, and numbers it sees masked. */
const hidden = {
  tenant: [],
  publisher: ['buyer'],
  buyer: ['publisher', 'number', 'did'],
} as const;

/** What is asked, narrowed to what the asker may see. */
export function questionOf(query: ReportQuery, view: View): ReportQuestion {
  const faults = faultsOf(query);
  for (const name of hidden[view.of])
    if (query.by === name || (name !== 'number' && query[name] !== undefined))
      throw new Problem('forbidden', `reports by ${name} are not for the role of a ${view.of}`);
  const own = view.of === 'publisher' ? view.publisherId : view.of === 'buyer' ? view.buyerId : undefined;
  const narrowed = (who: 'publisher' | 'buyer'): string | undefined =>
    view.of === who ? own : query[who]?.toLowerCase();
  if (faults.length > 0) throw new Problem('invalid-parameters', 'see faults', faults);
  return {
    by: query.by,
    from: query.from,
    to: query.to,
    zone: query.zone ?? 'UTC',
    campaignId: query.campaign?.toLowerCase(),
    publisherId: narrowed('publisher'),
    buyerId: narrowed('buyer'),
    did: query.did,
    after: query.cursor === undefined ? undefined : keyOf(query.cursor),
    limit: query.limit ?? 50,
  };
}

function keyOf(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (key.includes('\0'))
    throw new Problem('invalid-parameters', 'see faults', [
      { field: '/cursor', message: 'is none of ours: take `next` from the page before, or leave it out' },
    ]);
  return key;
}

/** Money as a view sees it; undefined where it would see a nought that tells of others' money in this currency. */
function moneyFor(view: View, money: Counted['money'][number]): ReportMoney | undefined {
  const { currency, revenue, payout, cost } = money;
  const none = { currency, revenueMicros: null, payoutMicros: null, costMicros: null, profitMicros: null };
  if (view.of === 'publisher') return payout === '0' ? undefined : { ...none, payoutMicros: payout };
  // What the tenant earns is what its buyer pays.
  if (view.of === 'buyer') return revenue === '0' ? undefined : { ...none, costMicros: revenue };
  const profit = BigInt(revenue) - BigInt(payout) - BigInt(cost);
  return {
    currency,
    revenueMicros: revenue,
    payoutMicros: payout,
    costMicros: cost,
    profitMicros: String(profit),
  };
}

const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 1e6) / 1e6;

function figuresOf(counted: Counted, view: View): Figures {
  const { incoming, answered, connected, converted, duplicates } = counted;
  return {
    incoming,
    answered,
    connected,
    noConnect: incoming - connected,
    converted,
    duplicates,
    averageSeconds: ratio(counted.connected_us / 1e6, connected),
    asr: ratio(answered, incoming),
    acd: ratio(counted.answered_us / 1e6, answered),
    money: counted.money.map((one) => moneyFor(view, one)).filter((one) => one !== undefined),
  };
}

/** One page of a report, as whoever asks may see it. */
export async function callsReport(
  reports: Reports,
  tenantId: string,
  query: ReportQuery,
  view: View,
): Promise<Report> {
  const question = questionOf(query, view);
  const { rows, total } = await reports.calls(tenantId, { ...question, limit: question.limit + 1 });
  const page = rows.slice(0, question.limit);
  const last = page.at(-1);
  return {
    by: question.by,
    zone: question.zone,
    rows: page.map((row) => ({ key: shown(row.key), name: row.name, ...figuresOf(row, view) })),
    total: figuresOf(total, view),
    next:
      rows.length > page.length && last !== undefined ? Buffer.from(last.key).toString('base64url') : null,
  };
}

function shown(key: string): string | null {
  return key === nobody || key === '' ? null : key;
}
