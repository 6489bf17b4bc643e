import { countKey } from './call-counts-sql.ts';

/** The figures of money, as call_count and call_money have them. */
export const moneyColumns = 'converted, duplicates, revenue_micros, payout_micros, cost_micros';

const ofCall = (row: string): string => `${row}.call_id = c.id and ${row}.tenant_id = c.tenant_id`;
const inLedger = (kind: string, account: string): string =>
  `coalesce(sum(e.amount_micros) filter (where e.kind = '${kind}' and b.kind = '${account}'), 0)`;
/** A conversion says what is due until the ledger does. */
const unlessInLedger = (kind: string, amount: string): string =>
  `case when v.status = 'converted' and not exists (select 1 from ledger_entry e where ${ofCall('e')} and e.kind = '${kind}') then ${amount} else 0 end`;

/**
 * What the calls of `asked` (tenant_id, call_id) are worth now, a row a currency. Revenue is what buyers' accounts were
 * charged for the call, payout what publishers' got, cost what carriers' got, reversals among them; where the ledger has
 * no entry of that kind for the call, the last version of its conversion says it. A call without such rows has none.
 */
export const moneyOf = (asked: string): string => `select ${countKey('c')}, c.id, m.currency,
  sum(m.converted)::bigint, sum(m.duplicates)::bigint, sum(m.revenue)::bigint, sum(m.payout)::bigint, sum(m.cost)::bigint
from ${asked} a join call c on c.id = a.call_id and c.tenant_id = a.tenant_id
cross join lateral (
  select e.currency, 0, 0, -${inLedger('buyer_charge', 'buyer')}, ${inLedger('publisher_payout', 'publisher')}, ${inLedger('carrier_cost', 'carrier')}
  from ledger_entry e join billing_account b on b.id = e.account_id where ${ofCall('e')} group by e.currency
  union all
  select v.currency, (v.status = 'converted')::int, (v.status = 'duplicate')::int,
    ${unlessInLedger('buyer_charge', 'v.price_micros')}, ${unlessInLedger('publisher_payout', 'v.payout_micros')}
    , 0
  from (select * from conversion v where ${ofCall('v')} order by v.version desc limit 1) v
) as m (currency, converted, duplicates, revenue, payout, cost)
group by 1, 2, 3, 4, 5, 6, 7, 8`;

/** The columns of `moneyOf`, in its order. */
export const moneyOfColumns = `tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, call_id, currency, ${moneyColumns}`;
