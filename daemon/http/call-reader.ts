import type { MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../orm/in-tenant.ts';
import type { CallId } from '../telephony/ids.ts';
import type { Whose } from './access.ts';
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
    whose: Whose,
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
    const own = ofView(whose);
    where(own.condition, ...own.values);
    where('c.tenant_id = ?', filter.tenant);
    where('c.caller = ?', filter.caller);
    where('c.did = ?', filter.did);
    where('c.outcome = ?', filter.outcome);
    where('c.started_at >= ?', filter.from);
    where('c.started_at < ?', filter.to);
    where('(c.started_at, c.id) < (?::timestamptz, ?::uuid)', after?.startedAt, after?.id);
    const rows = await this.#read<{ call: CallSummary }>(
      whose,
      `select ${summaryObject} as call from ${callWithBuyer}
       ${conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`}
       order by c.started_at desc, c.id desc limit ?`,
      [...values, limit],
    );
    return rows.map((row) => row.call);
  }

  async find(whose: Whose, id: CallId): Promise<(CallRecords & { readonly call: CallSummary }) | undefined> {
    const own = ofView(whose);
    const [row] = await this.#read<{ found: CallRecords & { call: CallSummary } }>(
      whose,
      `select ${detailObject} as found from ${callWithBuyer} where c.id = ? and ${own.condition}`,
      [id, ...own.values],
    );
    return row?.found;
  }

  /** As the tenant, whose rows alone PostgreSQL then shows; as the daemon for an operator who named none. */
  #read<Row>({ tenantId }: Whose, sql: string, values: readonly unknown[]): Promise<Row[]> {
    if (tenantId === undefined) return this.#orm.em.getConnection().execute<Row[]>(sql, [...values]);
    return inTenant(this.#orm, tenantId, (em) => em.execute<Row[]>(sql, [...values]));
  }
}

/** What a view sees of its tenant's calls: a publisher those it sent, a buyer those it got. */
function ofView({ view }: Whose): { readonly condition: string; readonly values: readonly string[] } {
  switch (view.of) {
    case 'tenant':
      return { condition: 'true', values: [] };
    case 'publisher':
      return { condition: 'c.publisher_id = ?', values: [view.publisherId] };
    case 'buyer':
      return { condition: 'c.buyer_id = ?', values: [view.buyerId] };
  }
}
