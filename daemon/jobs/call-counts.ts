import type { MikroORM } from '@mikro-orm/postgresql';
import type { PoolClient } from 'pg';
import { countColumns, countKeyColumns } from '../../orm/call-counts-sql.ts';
import { moneyColumns, moneyOf, moneyOfColumns } from '../../orm/call-money-sql.ts';
import { poolOf } from '../../orm/config.ts';
import { sessionLocks } from '../../orm/session-lock.ts';

/** What a run did; `elsewhere`: another daemon was at it. */
export type CallCountsRun = 'elsewhere' | { readonly calls: number; readonly folded: number };

/** Marks, and deltas, a transaction. */
const piece = 5_000;

const list = (columns: string): string[] => columns.split(', ');
const sums = (columns: string): string =>
  list(columns)
    .map((name) => `sum(${name})::bigint`)
    .join(', ');
/** Into call_count, on top of what it has. */
const addTo = (columns: string): string =>
  `on conflict (${countKeyColumns}, currency) do update set ${list(columns)
    .map((name) => `${name} = k.${name} + excluded.${name}`)
    .join(', ')}`;

const fold = `with gone as (
  delete from call_count_delta where ctid = any(array(select ctid from call_count_delta limit ${piece})) returning *
), folded as (
  insert into call_count as k (${countKeyColumns}, currency, ${countColumns})
  select ${countKeyColumns}, '', ${sums(countColumns)} from gone
  -- What a tenant left behind that is gone goes too.
  where tenant_id in (select id from tenant)
  group by ${countKeyColumns} ${addTo(countColumns)}
) select count(*)::int as n from gone`;

const there = (table: string): string =>
  `exists (select 1 from ${table} r where r.call_id = m.call_id and r.tenant_id = m.tenant_id)`;
/** A postback may come while its call lives: the mark waits for the call's row, but not for ever. */
const take = `delete from call_money_mark where ctid = any(array(
  select m.ctid from call_money_mark m
  where exists (select 1 from call c where c.id = m.call_id and c.tenant_id = m.tenant_id) or ${there('call_money')}
    or not (${there('conversion')} or ${there('ledger_entry')}) or m.marked_at < now() - interval '30 days'
  limit ${piece})) returning tenant_id, call_id`;

const same = (a: string, b: string): string =>
  `${a}.tenant_id = ${b}.tenant_id and ${a}.call_id = ${b}.call_id and ${a}.currency = ${b}.currency`;
/** Works calls out anew, and adds to the figures by how much they changed. */
const settle = `with asked as materialized (
  select distinct tenant_id, call_id from unnest($1::uuid[], $2::uuid[]) as a (tenant_id, call_id)
), fresh (${moneyOfColumns}) as materialized (${moneyOf('asked')}),
stale as materialized (select m.* from call_money m join asked a on a.tenant_id = m.tenant_id and a.call_id = m.call_id),
dropped as (
  delete from call_money m using stale s where ${same('m', 's')} and not exists (select 1 from fresh f where ${same('f', 's')})
), kept as (
  insert into call_money (${moneyOfColumns}) select * from fresh
  on conflict (tenant_id, call_id, currency) do update set ${list(
    `quarter, campaign_id, publisher_id, buyer_id, did, ${moneyColumns}`,
  )
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')}
)
insert into call_count as k (${countKeyColumns}, currency, ${moneyColumns})
select ${countKeyColumns}, currency, ${sums(moneyColumns)} from (
  select ${countKeyColumns}, currency, ${moneyColumns} from fresh
  union all select ${countKeyColumns}, currency, ${list(moneyColumns)
    .map((name) => `-${name}`)
    .join(', ')} from stale
) change group by ${countKeyColumns}, currency ${addTo(moneyColumns)}`;

/**
 * Folds what came since the last run into the figures of reports (orm/call-counts-sql.ts). Reports are right without
 * it, only slower: it keeps what they must add by themselves small. One daemon at a time: two that work the same call
 * out would each add the change.
 */
export class CallCounts {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** Goes on until nothing is left, or `signal` says stop after the piece at hand. */
  async run(signal?: AbortSignal): Promise<CallCountsRun> {
    let [calls, folded] = [0, 0];
    for (;;) {
      const marks = await this.#alone(settleMarks);
      if (marks === undefined) return 'elsewhere';
      const deltas = await this.#alone(foldDeltas);
      if (deltas === undefined) return 'elsewhere';
      calls += marks;
      folded += deltas;
      if ((marks < piece && deltas < piece) || signal?.aborted === true) return { calls, folded };
    }
  }

  /** In a transaction that holds the lock; undefined where another daemon does. */
  async #alone(work: (client: PoolClient) => Promise<number>): Promise<number | undefined> {
    const pool = await poolOf(this.#orm);
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('begin');
      const lock = await client.query<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [
        sessionLocks.callCounts,
      ]);
      const done = lock.rows[0]?.mine === true ? await work(client) : undefined;
      await client.query('commit');
      return done;
    } catch (error) {
      // Its transaction is still open: the connection does not go back to the pool.
      broken = new Error('a transaction failed', { cause: error });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** Two statements, so that the second sees everything that those who left the marks had written. */
async function settleMarks(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ tenant_id: string; call_id: string }>(take);
  if (rows.length > 0)
    await client.query(settle, [rows.map((row) => row.tenant_id), rows.map((row) => row.call_id)]);
  return rows.length;
}

async function foldDeltas(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ n: number }>(fold);
  return rows[0]?.n ?? 0;
}
