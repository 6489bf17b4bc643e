import type { ClientBase } from 'pg';
import type { Counted } from '../../../../daemon/http/reports/ports.ts';
import type { ReportQuestion } from '../../../../daemon/http/reports/report-sql.ts';

const keys = {
  hour: `to_char(date_trunc('hour', c.started_at, $4) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  day: `to_char(c.started_at at time zone $4, 'YYYY-MM-DD')`,
  campaign: `coalesce(c.campaign_id::text, '00000000-0000-0000-0000-000000000000')`,
  publisher: `coalesce(c.publisher_id::text, '00000000-0000-0000-0000-000000000000')`,
  buyer: `coalesce(c.buyer_id::text, '00000000-0000-0000-0000-000000000000')`,
  number: 'c.did',
} as const;

const bound = (parameter: string) =>
  `case when ${parameter}::text like '%T%' then ${parameter}::timestamptz else ${parameter}::timestamp at time zone $4 end`;

const net = (kind: string, account: string, sign: string) =>
  `(select ${sign}sum(e.amount_micros) from ledger_entry e join billing_account a on a.id = e.account_id
    where e.call_id = c.id and e.kind = '${kind}' and a.kind = '${account}' and e.currency = 'USD')`;
const booked = (kind: string) =>
  `exists (select 1 from ledger_entry e where e.call_id = c.id and e.kind = '${kind}')`;

/** The same report, counted from the calls, conversions and ledger entries themselves, in one currency. */
export async function directReport(
  client: ClientBase,
  tenantId: string,
  question: ReportQuestion,
  total = false,
): Promise<Counted[]> {
  const { rows } = await client.query<Counted & { revenue: string; payout: string; cost: string }>(
    `select key, count(*)::int as incoming, count(answered_at)::int as answered, count(connected_at)::int as connected,
       coalesce(sum(extract(epoch from ended_at - answered_at) * 1000000), 0)::float8 as answered_us,
       coalesce(sum(extract(epoch from ended_at - connected_at) * 1000000), 0)::float8 as connected_us,
       (count(*) filter (where status = 'converted'))::int as converted, (count(*) filter (where status = 'duplicate'))::int as duplicates,
       coalesce(sum(revenue), 0)::text as revenue, coalesce(sum(payout), 0)::text as payout, coalesce(sum(cost), 0)::text as cost
     from (
       select ${total ? `'all'` : keys[question.by]}::text as key, c.*, v.status,
         case when ${booked('buyer_charge')} then ${net('buyer_charge', 'buyer', '-')} when v.status = 'converted' then v.price_micros end as revenue,
         case when ${booked('publisher_payout')} then ${net('publisher_payout', 'publisher', '')} when v.status = 'converted' then v.payout_micros end as payout,
         ${net('carrier_cost', 'carrier', '')} as cost
       from call c left join lateral (
         select * from conversion v where v.call_id = c.id order by version desc limit 1) v on true
       where c.tenant_id = $1 and c.started_at >= ${bound('$2')} and c.started_at < ${bound('$3')} and $4::text <> ''
         and ($5::uuid is null or c.campaign_id = $5) and ($6::uuid is null or c.publisher_id = $6)
         and ($7::uuid is null or c.buyer_id = $7) and ($8::text is null or c.did = $8)
     ) c group by key order by key collate "C"`,
    [
      tenantId,
      question.from,
      question.to,
      question.zone,
      question.campaignId,
      question.publisherId,
      question.buyerId,
      question.did,
    ],
  );
  return rows.map(({ revenue, payout, cost, ...row }) => ({
    ...row,
    money:
      revenue === '0' && payout === '0' && cost === '0' ? [] : [{ currency: 'USD', revenue, payout, cost }],
  }));
}
