import type { MikroORM } from '@mikro-orm/postgresql';
import type { CallId } from '../telephony/ids.ts';
import { detailObject, summaryObject } from './call-columns.ts';
import type { CallRecords, CallSummary } from './call-schemas.ts';
import type { CallFilter, CallPosition, CallReader } from './ports.ts';

const callWithBuyer = 'call c left join buyer b on b.id = c.buyer_id';

/** Reads ended calls out of PostgreSQL, which makes the JSON itself: no entity is built for a list. */
export class PostgresCallReader implements CallReader {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  async list(
    filter: CallFilter,
    after: CallPosition | undefined,
    limit: number,
  ): Promise<readonly CallSummary[]> {
    const conditions: string[] = [];
    const values: unknown[] = [];
    const where = (condition: string, ...given: readonly (string | undefined)[]): void => {
      if (given.some((value) => value === undefined)) return;
      conditions.push(condition);
      values.push(...given);
    };
    where('c.tenant_id = ?', filter.tenant);
    where('c.caller = ?', filter.caller);
    where('c.did = ?', filter.did);
    where('c.outcome = ?', filter.outcome);
    where('c.started_at >= ?', filter.from);
    where('c.started_at < ?', filter.to);
    where('(c.started_at, c.id) < (?::timestamptz, ?::uuid)', after?.startedAt, after?.id);
    const rows = await this.#read<{ call: CallSummary }>(
      `select ${summaryObject} as call from ${callWithBuyer}
       ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
       order by c.started_at desc, c.id desc limit ?`,
      [...values, limit],
    );
    return rows.map((row) => row.call);
  }

  async find(id: CallId): Promise<(CallRecords & { readonly call: CallSummary }) | undefined> {
    const [row] = await this.#read<{ found: CallRecords & { call: CallSummary } }>(
      `select ${detailObject} as found from ${callWithBuyer} where c.id = ?`,
      [id],
    );
    return row?.found;
  }

  #read<Row>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#orm.em.getConnection().execute<Row[]>(sql, [...values]);
  }
}
