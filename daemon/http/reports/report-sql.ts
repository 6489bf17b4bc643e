import { countColumns, countKeyColumns } from '../../../orm/call-counts-sql.ts';
import { moneyColumns, moneyOf, moneyOfColumns } from '../../../orm/call-money-sql.ts';
import type { ReportKey } from './report-schemas.ts';

/** What a report is about. Bounds are as they were asked: days, or instants. */
export interface ReportQuestion {
  readonly by: ReportKey;
  readonly from: string;
  readonly to: string;
  readonly zone: string;
  readonly campaignId: string | undefined;
  readonly publisherId: string | undefined;
  readonly buyerId: string | undefined;
  readonly did: string | undefined;
  /** The key behind which the page begins. */
  readonly after: string | undefined;
  readonly limit: number;
}

const keys: Readonly<Record<ReportKey, { readonly sql: string; readonly zoned: boolean }>> = {
  // Of three arguments: an hour that the end of summer time repeats is two hours.
  hour: {
    sql: `to_char(date_trunc('hour', quarter, ?) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    zoned: true,
  },
  day: { sql: `to_char(quarter at time zone ?, 'YYYY-MM-DD')`, zoned: true },
  campaign: { sql: 'campaign_id::text', zoned: false },
  publisher: { sql: 'publisher_id::text', zoned: false },
  buyer: { sql: 'buyer_id::text', zoned: false },
  number: { sql: 'did', zoned: false },
};
const named: Partial<Record<ReportKey, string>> = {
  campaign: 'campaign',
  publisher: 'publisher',
  buyer: 'buyer',
};

const list = (columns: string): string[] => columns.split(', ');
const each = (columns: string, expression: (name: string) => string): string =>
  list(columns).map(expression).join(', ');
const dimensions = countKeyColumns.replace('tenant_id, ', '');
const noCounts = each(countColumns, () => '0');
const noMoney = each(moneyColumns, () => '0');

/** Everything that makes the figures, a row each: what was folded, what waits to be, and money that changed since. */
const parts = `select ${dimensions}, currency, ${countColumns}, ${moneyColumns} from call_count
  union all select ${dimensions}, '', ${countColumns}, ${noMoney} from call_count_delta
  union all select ${dimensions}, currency, ${noCounts}, ${moneyColumns} from fresh
  union all select ${each(dimensions, (name) => `m.${name}`)}, m.currency, ${noCounts}, ${each(moneyColumns, (name) => `-m.${name}`)}
    from call_money m join pending p on p.tenant_id = m.tenant_id and p.call_id = m.call_id`;

const everyFigure = `${countColumns}, ${moneyColumns}`;
/** Sums of calls, and what they were worth by currency. Micro-units as text: JSON's numbers are too short. */
const together = `${each(`${countColumns}, converted, duplicates`, (name) => `coalesce(sum(${name}), 0)::bigint as ${name}`)},
  coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'revenue', revenue_micros::text, 'payout', payout_micros::text, 'cost', cost_micros::text) order by currency)
    filter (where (revenue_micros, payout_micros, cost_micros) is distinct from (0, 0, 0)), '[]') as money`;

/** A bound: an instant, or the start of a day. */
function bound(text: string, zone: string): { readonly sql: string; readonly values: readonly string[] } {
  return text.includes('T')
    ? { sql: '?::timestamptz', values: [text] }
    : { sql: '?::timestamp at time zone ?', values: [text, zone] };
}

/** One statement, so that a report is of one moment; row-level security names the tenant. */
export function reportSql(question: ReportQuestion): { readonly sql: string; readonly values: unknown[] } {
  const key = keys[question.by];
  const [from, to] = [bound(question.from, question.zone), bound(question.to, question.zone)];
  const conditions = [`quarter >= ${from.sql}`, `quarter < ${to.sql}`];
  const values: unknown[] = [...(key.zoned ? [question.zone] : []), ...from.values, ...to.values];
  for (const [column, value] of [
    ['campaign_id', question.campaignId],
    ['publisher_id', question.publisherId],
    ['buyer_id', question.buyerId],
    ['did', question.did],
  ] as const) {
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    values.push(value);
  }
  const behind = question.after === undefined ? '' : 'where key collate "C" > ?';
  if (question.after !== undefined) values.push(question.after);
  const table = named[question.by];
  const name = table === undefined ? 'null' : `(select n.name from ${table} n where n.id = page.key::uuid)`;
  const sql = `with pending as materialized (select distinct tenant_id, call_id from call_money_mark),
fresh (${moneyOfColumns}) as materialized (${moneyOf('pending')}),
sums as materialized (
  select key, currency, ${each(everyFigure, (figure) => `sum(${figure}) as ${figure}`)}
  from (select ${key.sql} as key, currency, ${everyFigure} from (${parts}) part where ${conditions.join(' and ')}) keyed
  group by key, currency
),
page as (
  select key, ${together} from sums ${behind} group by key
  -- Calls that were moved or deleted leave zeros behind.
  having (${each(everyFigure, (figure) => `sum(${figure})`)}) is distinct from (${each(everyFigure, () => '0')})
  order by key collate "C" limit ?
)
select (select coalesce(jsonb_agg(to_jsonb(page) || jsonb_build_object('name', ${name}) order by key collate "C"), '[]') from page) as rows,
  (select to_jsonb(total) from (select ${together} from (
    select currency, ${each(everyFigure, (figure) => `sum(${figure}) as ${figure}`)} from sums group by currency) by_currency) total) as total`;
  return { sql, values: [...values, question.limit] };
}
