import { Client } from 'pg';
import { detailSql, listSql } from '../../../daemon/http/call-reader.ts';
import type { CallFilter, CallPosition } from '../../../daemon/http/ports.ts';
import { reportKeys } from '../../../daemon/http/reports/report-schemas.ts';
import { reportSql } from '../../../daemon/http/reports/report-sql.ts';
import { type CallHistory, historyDids } from './call-history.ts';

/** A query as the API makes it, and whose it is; undefined: an operator's over all tenants. */
export interface AskedQuery {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly sql: string;
  readonly values: readonly unknown[];
}

const nothing: CallFilter = {
  tenant: undefined,
  caller: undefined,
  did: undefined,
  campaign: undefined,
  publisher: undefined,
  buyer: undefined,
  tag: undefined,
  outcome: undefined,
  from: undefined,
  to: undefined,
};

/** What a list of calls may be asked for, for one of the tenants. */
export function listsOf(
  history: CallHistory,
  tenantAt: number,
  caller: string,
): Record<string, Partial<CallFilter>> {
  const tenant = history.tenants[tenantAt] ?? '';
  const did = historyDids(tenantAt)[7] ?? '';
  const day = (ago: number) =>
    new Date(history.until.getTime() - ago * 86_400_000).toISOString().replace('Z', '000Z');
  const campaign = history.campaigns(tenant)[3];
  return {
    newest: {},
    'one day of half a year ago': { from: day(181), to: day(180) },
    caller: { caller },
    "caller's last four digits": { caller: caller.slice(-4) },
    'a caller who never called': { caller: '+19999999999' },
    number: { did },
    "number's last five digits": { did: did.slice(-5) },
    campaign: { campaign },
    publisher: { publisher: history.publishers(tenant)[2] },
    buyer: { buyer: history.buyers(tenant)[5] },
    outcome: { outcome: 'busy' },
    'common tag': { tag: 'web' },
    'rare tag': { tag: 'rare' },
    'tag nobody has': { tag: 'none' },
    'campaign and common tag': { campaign, tag: 'web' },
    'buyer and rare tag': { buyer: history.buyers(tenant)[5], tag: 'rare' },
    'campaign, outcome and tag of one month': {
      campaign,
      outcome: 'connected',
      tag: 'vip',
      from: day(90),
      to: day(60),
    },
  };
}

/** Every hot query of lists, search, timeline and reports. */
export function hotQueries(
  history: CallHistory,
  call: { readonly id: string; readonly caller: string },
): AskedQuery[] {
  const queries: AskedQuery[] = [];
  const middle: CallPosition = {
    startedAt: new Date((history.from.getTime() + history.until.getTime()) / 2)
      .toISOString()
      .replace('Z', '000Z'),
    id: call.id,
  };
  for (const tenantAt of [0, history.tenants.length - 1]) {
    const tenant = history.tenants[tenantAt];
    for (const [name, filter] of Object.entries(listsOf(history, tenantAt, call.caller)))
      for (const after of [undefined, middle])
        queries.push({
          name: `calls of tenant ${tenantAt}: ${name}${after === undefined ? '' : ', a later page'}`,
          tenant,
          ...listSql({ ...nothing, ...filter, tenant }, after, 51),
        });
    for (const by of reportKeys)
      queries.push({
        name: `report of tenant ${tenantAt} by ${by}, a week`,
        tenant,
        ...reportSql({
          by,
          from: new Date(history.until.getTime() - 7 * 86_400_000).toISOString().slice(0, 10),
          to: history.until.toISOString().slice(0, 10),
          zone: 'America/New_York',
          campaignId: undefined,
          publisherId: undefined,
          buyerId: undefined,
          did: undefined,
          after: undefined,
          limit: 51,
        }),
      });
  }
  for (const [name, filter] of Object.entries(listsOf(history, 0, call.caller)))
    queries.push({
      name: `calls of all tenants: ${name}`,
      tenant: undefined,
      ...listSql({ ...nothing, ...filter }, undefined, 51),
    });
  for (const tenant of [undefined, history.tenants[0]])
    queries.push({
      name: `one call with its timeline, ${tenant === undefined ? 'by an operator' : 'by its tenant'}`,
      tenant,
      sql: detailSql,
      values: [call.id],
    });
  return queries;
}

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  /** For each loop, where it was executed. */
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Every table that has some: one of a page or two is always read whole. */
export async function growingTables(client: Client): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > 500",
  );
  return new Set(rows.map(({ name }) => name));
}

/** The tables that a plan reads from end to end. */
function scannedWhole(node: PlanNode): string[] {
  const here = node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : [];
  return [...here, ...(node.Plans ?? []).flatMap(scannedWhole)];
}

/** The most rows that one step of an executed plan read in vain. */
export function readInVain(node: PlanNode): number {
  const here = (node['Rows Removed by Filter'] ?? 0) * (node['Actual Loops'] ?? 1);
  return Math.max(here, ...(node.Plans ?? []).map(readInVain));
}

/** What operators alone read whole: some thousand rows, of all tenants together. */
const readByOperators = new Set(['buyer', 'flow', 'user_account']);

/** Of the tables that a plan reads whole those which whoever asks should not. */
export function wronglyScanned(plan: PlanNode, growing: ReadonlySet<string>, inTenant: boolean): string[] {
  return scannedWhole(plan).filter(
    (table) => growing.has(table) && (inTenant || !readByOperators.has(table)),
  );
}

/** How PostgreSQL would answer a query, in its asker's role. */
async function planOf(client: Client, query: AskedQuery): Promise<PlanNode> {
  await client.query('begin');
  try {
    if (query.tenant !== undefined) {
      await client.query('set local role callfabric_api');
      await client.query('set local max_parallel_workers_per_gather = 0');
      await client.query("select set_config('app.tenant_id', $1, true)", [query.tenant]);
    }
    let at = 0;
    // Values stand in the text, as MikroORM sends them.
    const sql = query.sql.replaceAll('?', () => client.escapeLiteral(String(query.values[at++])));
    const found = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`explain (format json) ${sql}`);
    const [top] = found.rows[0]?.['QUERY PLAN'] ?? [];
    if (top === undefined) throw new Error('no plan');
    return top.Plan;
  } finally {
    await client.query('rollback');
  }
}

/** Queries that read a growing table from end to end: none should. */
export async function plansOf(
  url: string,
  history: CallHistory,
): Promise<{ readonly query: AskedQuery; readonly tables: string[]; readonly plan: string }[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; caller: string }>(
      'select id, caller from call where tenant_id = $1 order by started_at desc limit 1',
      [history.tenants[0]],
    );
    const [call] = rows;
    if (call === undefined) throw new Error('no calls');
    const known = await growingTables(client);
    const plans = [];
    for (const query of hotQueries(history, call)) {
      const plan = await planOf(client, query);
      const tables = wronglyScanned(plan, known, query.tenant !== undefined);
      plans.push({ query, plan: JSON.stringify(plan), tables });
    }
    return plans;
  } finally {
    await client.end();
  }
}
