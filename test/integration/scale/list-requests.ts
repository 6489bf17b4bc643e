import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { presentOf } from '../../../daemon/http/resources/fields.ts';
import type { CallHistory } from './call-history.ts';
import type { Asker, Explained, ExplainedApi, ReadRoute } from './explained-api.ts';

type Row = Readonly<Record<string, unknown>>;

/** What somebody asked for, and what came of it. */
export interface ListAnswer {
  /** Who asked, the route, and what of it was asked for. */
  readonly name: string;
  readonly asker: Asker;
  readonly answer: Explained;
}

/** Streams, what is no question to PostgreSQL, what compares two of a flow, files, and reports, which plans.ts asks for. */
const left = /^\/(live|docs|metrics|health|node-types|caps|reports)\b|\/(diff|draft|content)$/;

/** Not filters. */
const paging = new Set(['limit', 'cursor', 'fields', 'sort', 'state', 'version']);

const isExport = (url: string): boolean => url.endsWith('/export') && !url.startsWith('/flows');

/** The rows of an answer: the list in it. */
export function rowsOf(body: Row): readonly Row[] {
  const list = Object.values(body).find((value) => Array.isArray(value));
  return Array.isArray(list) ? (list as Row[]) : [];
}

/** What a row calls what it is sought by: a list of calls is sought by `campaign` and `tag`. */
const columnsOf = (name: string): string[] => [name, `${name}Id`, `${name}s`];

/** What a filter may be asked for: every one of few values, else what a row has. */
function valuesOf(name: string, schema: TSchema, rows: readonly Row[]): string[] {
  const { enum: few, type } = presentOf(schema) as { enum?: readonly unknown[]; type?: string };
  if (few !== undefined)
    return few
      .filter((value) => value !== null)
      .slice(0, 8)
      .map(String);
  if (type === 'boolean') return ['true', 'false'];
  const of = name.replace(/Prefix$/, '');
  for (const row of rows)
    for (const column of columnsOf(of)) {
      const value: unknown = [row[column]].flat()[0];
      if (typeof value !== 'string' || value === '' || !Value.Check(schema, value)) continue;
      return [of === name ? value : value.slice(0, 4)];
    }
  return [];
}

/**
 * All that may be read of the API, out of its own routes: each list with each sort and each filter, and the page behind
 * it; exports; one row of each. What is added to the API is asked for without anybody thinking of it.
 */
export class ListRequests {
  readonly #api: ExplainedApi;
  readonly #history: CallHistory;
  /** Filters for which no row had a value: more must be filled. */
  readonly lacking: string[] = [];

  constructor(api: ExplainedApi, history: CallHistory) {
    this.#api = api;
    this.#history = history;
  }

  /** Those of one route, one after the other. */
  async *of(route: ReadRoute): AsyncGenerator<ListAnswer> {
    if (left.test(route.url)) return;
    for (const asker of this.#askersOf(route)) yield* this.#asked(route, asker);
  }

  #askersOf({ url, views, needsTenant }: ReadRoute): Asker[] {
    const last = this.#history.tenants.length - 1;
    if (url.startsWith('/session')) return [{ name: 'person', tenantAt: 0 }];
    if (!needsTenant) return [{ name: 'operator', tenantAt: undefined }];
    // A file of all that a large tenant has is the same queries over and over.
    const exported = isExport(url);
    // Those which an operator may read of all tenants, or of the platform.
    const everywhere = /^\/(calls|flows|audit-log|dnc-lists|feature-flags)$/.test(url);
    return [
      ...(exported ? [] : [{ name: 'operator' as const, tenantAt: 0 }]),
      { name: 'operator', tenantAt: last },
      ...(everywhere ? [{ name: 'operator' as const, tenantAt: undefined }] : []),
      ...(['publisher', 'buyer'] as const).flatMap((name) =>
        views.includes(name) ? [{ name, tenantAt: exported ? last : 0 }] : [],
      ),
    ];
  }

  async *#asked(route: ReadRoute, asker: Asker): AsyncGenerator<ListAnswer> {
    const base = await this.#filled(route.url, asker);
    const who = `${asker.name}${asker.tenantAt === undefined ? '' : ` of tenant ${asker.tenantAt}`}`;
    // Of the smallest tenant the lists alone: its rows are few among those of the others.
    if (asker.tenantAt === this.#history.tenants.length - 1 && !('limit' in route.query || isExport(base)))
      return;
    for (const query of await this.#queries(route, asker, base)) {
      const ask = async (of: Readonly<Record<string, string>>): Promise<ListAnswer> => {
        const said = new URLSearchParams(of).toString();
        const answer = await this.#api.ask(asker, said === '' ? base : `${base}?${said}`);
        return { name: `${who}: ${route.url} ${said}`, asker, answer };
      };
      const first = await ask(query);
      yield first;
      const { next } = first.answer.body;
      const more = Object.keys(query).every((name) => name === 'sort');
      if (more && typeof next === 'string') yield await ask({ ...query, cursor: next });
    }
  }

  async #queries(route: ReadRoute, asker: Asker, base: string): Promise<Record<string, string>[]> {
    const queries: Record<string, string>[] = [{}];
    const list = isExport(base) ? this.#listOf(route.url, base) : base;
    const rows = 'limit' in route.query || isExport(base) ? await this.#rows(asker, list) : [];
    for (const [name, schema] of Object.entries(route.query)) {
      if (paging.has(name) || (name === 'tenant' && asker.tenantAt !== undefined)) continue;
      if (name === 'from') queries.push(this.#month());
      if (name === 'from' || name === 'to') continue;
      const found = valuesOf(name, schema, rows);
      const values = found.length > 0 ? found : this.#known(name);
      if (values.length === 0 && asker.name === 'operator') this.lacking.push(`${route.url}: ${name}`);
      queries.push(...values.map((value) => ({ [name]: value })));
    }
    const { sort } = route.query;
    if (sort !== undefined) queries.push(...valuesOf('sort', sort, []).map((value) => ({ sort: value })));
    return queries;
  }

  /** The list that an export is of: of a rate card its rates. */
  #listOf(route: string, base: string): string {
    const parent = route.replace(/export$/, '');
    const nested = this.#api.routes.find(
      ({ url, query }) => parent.includes(':') && url.startsWith(parent) && 'limit' in query,
    );
    return base.replace(/\/export$/, '') + (nested === undefined ? '' : nested.url.slice(parent.length - 1));
  }

  /** What lists do not tell of their rows. */
  #known(name: string): string[] {
    const [tenant = ''] = this.#history.tenants;
    const known: Record<string, string | undefined> = {
      tenant,
      publisher: this.#history.publishers(tenant)[2],
      buyer: this.#history.buyers(tenant)[5],
      actorId: this.#history.publishers(tenant)[2],
    };
    const value = known[name];
    return value === undefined ? [] : [value];
  }

  #month(): Record<string, string> {
    const day = (ago: number): string =>
      new Date(this.#history.until.getTime() - ago * 86_400_000).toISOString();
    return { from: day(210), to: day(180) };
  }

  async #rows(asker: Asker, url: string): Promise<readonly Row[]> {
    return rowsOf((await this.#api.ask(asker, `${url}?limit=200`)).body);
  }

  /** With rows of the list before it in place of each `:param`. */
  async #filled(url: string, asker: Asker): Promise<string> {
    const parts: string[] = [];
    for (const part of url.split('/').slice(1)) {
      if (!part.startsWith(':')) parts.push(part);
      else if (part === ':version') parts.push('1');
      else {
        const list = `/${parts.join('/')}`;
        const [first] = await this.#rows(asker, list);
        parts.push(String(first?.['id'] ?? first?.['sessionId'] ?? ''));
      }
    }
    return `/${parts.join('/')}`;
  }
}
