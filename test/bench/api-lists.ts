import { pino } from 'pino';
import { buildApp } from '../../daemon/http/app.ts';
import { PostgresCallReader } from '../../daemon/http/call-reader.ts';
import { PostgresReports } from '../../daemon/http/reports/postgres-reports.ts';
import { startPostgres } from '../../ops/dev-services/postgres.ts';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { migrate } from '../../orm/migrate.ts';
import { type CallHistory, fillCallHistory } from '../integration/scale/call-history.ts';
import { explainedApi } from '../integration/scale/explained-api.ts';
import { ListRequests } from '../integration/scale/list-requests.ts';
import { listsOf, plansOf } from '../integration/scale/plans.ts';
import { fakePorts, key, settings } from '../unit/http/test-api.ts';
import type { BenchRow } from './bench-row.ts';

const calls = 1_000_000;
const asked = 100;
const targetMs = 50;

/** An address, and the tenant whose it is. */
interface Asked {
  readonly url: string;
  readonly tenant: string;
}

/** How long each took, ms. */
async function times(addresses: readonly Asked[], ask: (asked: Asked) => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  for (const [at, address] of addresses.entries()) {
    const startedAt = performance.now();
    await ask(address);
    // The first few find the server's caches and plans cold.
    if (at >= 10) took.push(performance.now() - startedAt);
  }
  return took;
}

/** The addresses of one kind of list, over all tenants, callers and pages. */
function addressesOf(history: CallHistory, name: string, callers: readonly string[]): Asked[] {
  return Array.from({ length: asked + 10 }, (_, at) => {
    const tenantAt = at % history.tenants.length;
    const tenant = history.tenants[tenantAt] ?? '';
    const filter = listsOf(history, tenantAt, callers[at % callers.length] ?? '')[name] ?? {};
    const query = new URLSearchParams({ limit: '50' });
    for (const [field, value] of Object.entries(filter)) query.set(field, String(value));
    return { tenant, url: `/calls?${query.toString()}` };
  });
}

/** What each list takes, over its filters, orders and pages, for a large tenant and a small one: of each its times. */
async function allLists(url: string, history: CallHistory): Promise<Map<string, number[]>> {
  const api = await explainedApi(url, history, false);
  const took = new Map<string, number[]>();
  try {
    const lists = new ListRequests(api, history);
    for (const route of api.routes) {
      if (!('limit' in route.query)) continue;
      const times: number[] = [];
      // The first round finds the server's caches cold.
      for (let round = 0; round < 4; round += 1)
        for await (const { answer } of lists.of(route)) if (round > 0) times.push(answer.ms);
      if (times.length > 0) took.set(route.url, times);
    }
  } finally {
    await api.close();
  }
  return took;
}

/** What lists, search, the timeline and reports take on a million calls and three million legs of 13 months. */
export async function benchApiLists(): Promise<BenchRow[]> {
  const postgres = await startPostgres({ durable: true });
  const rows: BenchRow[] = [];
  const orm = openOrm(postgres.url);
  const app = buildApp({
    settings,
    ports: fakePorts({ calls: new PostgresCallReader(orm), reports: new PostgresReports(orm) }),
    log: pino({ level: 'silent' }),
  });
  try {
    await migrate(postgres.url);
    const history = await fillCallHistory(postgres.url, calls);
    const whole = (await plansOf(postgres.url, history)).filter(({ tables }) => tables.length > 0);
    rows.push({
      name: 'queries that read a table of calls whole',
      value: whole.length,
      unit: 'queries',
      peer: '',
      ratio: undefined,
      target: '0',
      met: whole.length === 0,
      more: Object.fromEntries(whole.map(({ query, tables }) => [query.name, tables.length])),
    });
    const callers = await orm.em
      .getConnection()
      .execute<{ id: string; caller: string; tenant: string }[]>(
        'select id, caller, tenant_id as tenant from call tablesample system (0.1) limit 200',
      );
    const ask = async ({ tenant, url }: Asked): Promise<void> => {
      const answer = await app.inject({
        url,
        headers: { authorization: `Bearer ${key}`, 'x-callfabric-tenant': tenant },
      });
      if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
    };
    const tell = (name: string, unsorted: readonly number[], target: number | undefined) => {
      const took = unsorted.toSorted((a, b) => a - b);
      const at = (share: number): number =>
        Math.round((took[Math.floor(took.length * share)] ?? 0) * 10) / 10;
      rows.push({
        name,
        value: at(0.95),
        unit: 'ms p95',
        peer: '',
        ratio: undefined,
        target: target === undefined ? 'none: for reading' : `< ${target} ms`,
        met: target === undefined || at(0.95) < target,
        more: { p50Ms: at(0.5), maxMs: at(0.9999), requests: took.length },
      });
    };
    const measure = async (name: string, addresses: readonly Asked[], target: number | undefined) =>
      tell(name, await times(addresses, ask), target);
    for (const [url, took] of await allLists(postgres.url, history)) tell(`list ${url}`, took, targetMs);
    for (const name of Object.keys(listsOf(history, 0, '')))
      await measure(
        `calls: ${name}`,
        addressesOf(
          history,
          name,
          callers.map(({ caller }) => caller),
        ),
        targetMs,
      );
    await measure(
      'one call with its timeline',
      callers.slice(0, asked).map(({ id, tenant }) => ({ tenant, url: `/calls/${id}` })),
      targetMs,
    );
    const day = (ago: number) =>
      new Date(history.until.getTime() - ago * 86_400_000).toISOString().slice(0, 10);
    for (const [span, days] of [
      ['a day', 1],
      ['a month', 30],
      ['13 months', 390],
    ] as const)
      for (const by of ['hour', 'day', 'campaign', 'number'] as const) {
        const query = new URLSearchParams({ by, from: day(days), to: day(0), zone: 'America/New_York' });
        const addresses = Array.from({ length: 30 }, () => ({
          tenant: history.tenants[0] ?? '',
          url: `/reports/calls?${query.toString()}`,
        }));
        await measure(`report by ${by}, ${span} of the largest tenant`, addresses, undefined);
      }
    return rows;
  } finally {
    await app.close();
    await closeOrm(orm);
    await postgres.stop();
  }
}
