import type { MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../orm/in-tenant.ts';
import type { CallId } from '../telephony/ids.ts';
import type { View, Whose } from './access.ts';
import { detailObject, summaryObject } from './call-columns.ts';
import { lastDigits } from './call-list.ts';
import type { CallRecords, CallSummary, CallView } from './call-schemas.ts';
import type { CallFilter, CallPosition, CallReader } from './ports.ts';

const withFlow = 'left join flow_version v on v.id = c.flow_version_id';
const withBuyer = 'left join buyer b on b.id = c.buyer_id';
/** One call whole, by its id; more conditions may follow. */
export const detailSql = `select ${detailObject} as found from call c ${withBuyer} ${withFlow} where c.id = ?`;
const newestFirst = 'order by c.started_at desc, c.id desc limit ?';

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
    const { tenantId, view } = whose;
    if (tenantId !== undefined && filter.tenant !== undefined && filter.tenant !== tenantId) return [];
    const tenant = tenantId ?? filter.tenant;
    const { sql, values } = listSql({ ...filter, tenant }, after, limit, view);
    const rows = await this.#read<{ call: CallSummary }>(tenant, sql, values);
    return rows.map((row) => row.call);
  }

  async find(whose: Whose, id: CallId): Promise<(CallRecords & { readonly call: CallView }) | undefined> {
    const own = ofView(whose);
    const [row] = await this.#read<{ found: CallRecords & { call: CallView } }>(
      whose.tenantId,
      `${detailSql} and ${own.condition}`,
      [id, ...own.values],
    );
    return row?.found;
  }

  /** As the tenant, where there is one: what is not its own is then not there. */
  #read<Row extends object>(
    tenant: string | undefined,
    sql: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    if (tenant === undefined) return this.#orm.em.getConnection().execute<Row[]>(sql, [...values]);
    return inTenant(this.#orm, tenant, (em) => em.execute<Row[]>(sql, [...values]));
  }
}

/** What a view sees of its tenant's calls: a publisher those it sent, a buyer those it got. */
function ofView({ view }: Pick<Whose, 'view'>): {
  readonly condition: string;
  readonly values: readonly string[];
} {
  switch (view.of) {
    case 'tenant':
      return { condition: 'true', values: [] };
    case 'publisher':
      return { condition: 'c.publisher_id = ?', values: [view.publisherId] };
    case 'buyer':
      return { condition: 'c.buyer_id = ?', values: [view.buyerId] };
  }
}

/** The query of a list; exported for the test that reads its plan. */
export function listSql(
  filter: CallFilter,
  after: CallPosition | undefined,
  limit: number,
  view: View = { of: 'tenant' },
): { readonly sql: string; readonly values: readonly unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const where = (condition: string, ...given: readonly (string | undefined)[]): void => {
    if (given.some((value) => value === undefined)) return;
    conditions.push(condition);
    values.push(...given);
  };
  const own = ofView({ view });
  where(own.condition, ...own.values);
  number(where, 'caller', filter.caller);
  number(where, 'did', filter.did);
  where('g.tag = ?', filter.tag);
  where('c.campaign_id = ?', filter.campaign);
  where('c.publisher_id = ?', filter.publisher);
  where('c.buyer_id = ?', filter.buyer);
  where('c.outcome = ?', filter.outcome);
  // Of a tag the newest come out of its own index; bounds are said of the call too, for they narrow whichever index
  // PostgreSQL begins with. Where the page begins is not: PostgreSQL would expect far fewer calls than there are.
  const [at, id] = filter.tag === undefined ? ['c.started_at', 'c.id'] : ['g.started_at', 'g.call_id'];
  for (const column of new Set([at, 'c.started_at'])) {
    where(`${column} >= ?`, filter.from);
    where(`${column} < ?`, filter.to);
  }
  where(`(${at}, ${id}) < (?::timestamptz, ?::uuid)`, after?.startedAt, after?.id);
  const tags = filter.tag === undefined ? '' : 'join call_tag g on g.call_id = c.id';
  const page = (tenant: string): string => {
    const whose = filter.tag === undefined ? [`c.${tenant}`] : [`c.${tenant}`, `g.${tenant}`];
    return `select c.* from call c ${tags} where ${[...whose, ...conditions].join(' and ')} order by ${at} desc, ${id} desc limit ?`;
  };
  const list = (from: string): string =>
    `select ${summaryObject} as call from ${from} ${withBuyer} ${newestFirst}`;
  if (filter.tenant !== undefined)
    return {
      sql: list(`(${page('tenant_id = current_tenant_id()')}) c`),
      values: [...values, limit, limit],
    };
  // Every index begins with the tenant, so that no call pays for one more: the newest of each, and of these the newest.
  // What belongs to one tenant is sought there alone, while it is still known whose it was.
  const theirs: string[] = [];
  const ids: string[] = [];
  for (const table of ['campaign', 'publisher', 'buyer'] as const) {
    const sought = filter[table];
    if (sought === undefined) continue;
    theirs.push(`coalesce(id = (select tenant_id from ${table} where id = ?), true)`);
    ids.push(sought);
  }
  const some = `select id from tenant where ${['true', ...theirs].join(' and ')}`;
  return {
    // The page first: else a buyer would be looked for to every call of every tenant's page.
    sql: list(
      `(select c.* from (${some}) t cross join lateral (${page('tenant_id = t.id')}) c ${newestFirst}) c`,
    ),
    values: [...ids, ...values, limit, limit, limit],
  };
}

/** Both ways lead through the index of numbers written backwards. */
function number(
  where: (condition: string, value: string | undefined) => void,
  column: 'caller' | 'did',
  sought: string | undefined,
): void {
  const backwards = sought === undefined ? undefined : Array.from(sought).reverse().join('');
  const partly = sought !== undefined && lastDigits(sought) !== undefined;
  where(`c.${column}_reversed ${partly ? '^@' : '='} ?`, backwards);
}
