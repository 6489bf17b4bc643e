import fc from 'fast-check';
import type { InjectOptions, LightMyRequestResponse, RouteOptions } from 'fastify';
import t from 'tap';
import type { AccessPorts } from '../../../daemon/http/access/ports.ts';
import { postgresAccess } from '../../../daemon/http/access/postgres-access.ts';
import type { Access } from '../../../daemon/http/access.ts';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { PostgresReports } from '../../../daemon/http/reports/postgres-reports.ts';
import type { CallRecord } from '../../../daemon/records/call-record.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { quietFeed } from '../../unit/http/live/fake-bus.ts';
import { key } from '../../unit/http/test-api.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';
import { fitting, junk, spoilt, spoiltRecord } from './arbitrary-request.ts';
import { type Asker, LastingSessions } from './fuzz-askers.ts';
import { type ResourceHouse, resourceHouse } from './resources/resource-house.ts';

/** Routes which are not ours. */
const notAsked = (route: RouteOptions): boolean =>
  route.url.startsWith('/docs') || route.url === '*' || route.method === 'HEAD';

const runs = Number(process.env['FUZZ_RUNS'] ?? 6);
/** For one route: as many of its runs as begin within this. */
const longestMs = 2_000 * Math.ceil(runs / 6);
/** A request that is not answered by then is a hang: the app itself gives up sooner. */
const hangMs = 20_000;

type Schema = Parameters<typeof fitting>[0];
interface Parts {
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly headers?: Schema;
  readonly body?: Schema & { readonly content?: Readonly<Record<string, unknown>> };
}

const routes: RouteOptions[] = [];
let house: ResourceHouse;
let tenant: string;
/** The operator, the tenant's admin, a publisher of its, and a buyer. */
let askers: readonly Asker[];
/** Ids that are there, of anything: some requests then reach rows. */
let ids: string[];

t.before(async () => {
  const database = await seededDatabase();
  const live = quietFeed();
  const sessions = new LastingSessions();
  const accessOf = (orm: ResourceHouse['orm']): AccessPorts => {
    const access = postgresAccess({
      orm,
      target: keepInPlace,
      recordingsFolder: '/nowhere',
      log: quietLog(),
    });
    return { ...access, identities: sessions.before(access.identities) };
  };
  house = resourceHouse(database, newId(), false, (orm) => ({
    calls: new PostgresCallReader(orm),
    access: accessOf(orm),
    reports: new PostgresReports(orm),
    live: {
      // Who waits for the end of a stream that is open waits for ever.
      read: (of) => {
        const reader = live.read(of);
        reader.finish();
        return reader;
      },
      stop: () => live.stop(),
      endAll: () => live.endAll(),
    },
  }));
  house.app.addHook('onRoute', (route) => {
    if (!notAsked(route)) routes.push(route);
  });
  const [row] = await house.sql<{ id: string }>("select id from tenant where slug = 'test-org'");
  tenant = row?.id ?? '';
  const tables = [
    'campaign',
    'buyer',
    'publisher',
    'phone_number',
    'buyer_endpoint',
    'trunk',
    'carrier',
    'caller_id_pool',
    'rate_card',
    'rate',
    'dnc_list',
    'billing_account',
    'webhook',
    'flow',
    'feature_flag',
    'user_account',
    'role',
    'api_key',
  ];
  const found = await house.sql<{ id: string }>(
    tables.map((name) => `select id from ${name}`).join(' union all '),
  );
  ids = found.map(({ id }) => id);
  // Not among the ids: they stay.
  const made = await house.make('/api-keys', { name: 'fuzz', scopes: ['*'] }, tenant);
  const publisher = await house.make('/publishers', { name: 'fuzz' }, tenant);
  const buyer = await house.make('/buyers', { name: 'fuzz' }, tenant);
  askers = [
    ...[key, String(made['key'])].map(
      (bearer): Asker => ({ of: 'tenant', headers: { authorization: `Bearer ${bearer}` } }),
    ),
    await sessions.begin(house, tenant, { of: 'publisher', id: publisher.id }),
    await sessions.begin(house, tenant, { of: 'buyer', id: buyer.id }),
  ];
  // Theirs to see.
  const parties = {
    publisherId: publisher.id as CallRecord['publisherId'],
    buyerId: buyer.id as CallRecord['buyerId'],
  };
  const records = Array.from({ length: 3 }, () => sampleRecord(tenant, parties));
  await new PostgresRecordStore(house.orm).write(records.map(encodeRecord));
  ids.push(...records.map(({ callId }) => callId));
});
t.teardown(() => house.close());

/** Mostly those whom the route is for: the others hear soon that it is not. */
function askersOf(access: Access | undefined): fc.Arbitrary<Asker> {
  const isFor = ({ of }: Asker): boolean =>
    of === 'tenant' || access?.scope === 'signedIn' || access?.views?.includes(of) === true;
  return fc.oneof(
    ...askers.map((asker) => ({ weight: isFor(asker) ? 4 : 1, arbitrary: fc.constant(asker) })),
  );
}

/** @throws where there is no answer in time: nobody else would tell of a request that hangs. */
async function answerTo(request: InjectOptions): Promise<LightMyRequestResponse> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const asked = `${String(request.method)} ${String(request.url)}`;
  const timer = setTimeout(() => reject(new Error(`${asked} hung: no answer in ${hangMs} ms`)), hangMs);
  return Promise.race([house.app.inject(request), late]).finally(() => clearTimeout(timer));
}

function address(url: string, params: Schema | undefined): fc.Arbitrary<string> {
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name]) => name ?? '');
  const one = (name: string): fc.Arbitrary<unknown> => {
    const schema = params?.properties?.[name] ?? {};
    return fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...ids) },
      { weight: 3, arbitrary: fitting(schema) },
      { weight: 1, arbitrary: junk },
    );
  };
  return fc
    .record(Object.fromEntries(names.map((name) => [name, one(name)])))
    .map((values) => url.replaceAll(/:(\w+)/g, (_, name: string) => encoded(values[name])));
}

function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.toWellFormed()).slice(0, 180) || 'x';
}

function query(schema: Schema | undefined): fc.Arbitrary<string> {
  const some = fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: spoiltRecord(schema) },
  );
  return some.map((values) => {
    const pairs = Object.entries(values).map(
      ([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`,
    );
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  });
}

/** Those a route names; a header is of printable characters, or it is no HTTP. */
function headers(schema: Schema | undefined): fc.Arbitrary<Record<string, string>> {
  return spoiltRecord(schema).map((values) =>
    Object.fromEntries(
      Object.keys(schema?.properties ?? {}).flatMap((name) =>
        Object.hasOwn(values, name) ? [[name, encoded(values[name])]] : [],
      ),
    ),
  );
}

const csv = fc
  .array(
    fc.array(fc.oneof(fc.constantFrom('e164', 'prefix', '+15551230009', '"', '=1', ''), fc.string()), {
      maxLength: 4,
    }),
    {
      maxLength: 6,
    },
  )
  .map((rows) => rows.map((cells) => cells.join(',')).join('\n'));

interface Sent {
  readonly type: string;
  readonly payload: string;
}
function body(schema: Parts['body']): fc.Arbitrary<Sent | undefined> {
  if (schema === undefined) return fc.constant(undefined);
  if (schema.content?.['text/csv'] !== undefined)
    return csv.map((payload) => ({ type: 'text/csv', payload }));
  const json = (value: unknown): Sent => ({ type: 'application/json', payload: JSON.stringify(value) ?? '' });
  return fc.oneof(
    { weight: 12, arbitrary: fitting(schema).map(json) },
    { weight: 4, arbitrary: spoilt(schema).map(json) },
    { weight: 1, arbitrary: junk.map(json) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { type: 'application/json', payload: '{"a":' },
        { type: 'text/plain', payload: 'x' },
      ),
    },
  );
}

void t.test(
  'no route answers with our own failure, whatever it is asked',
  { timeout: 600_000 },
  async (t) => {
    t.ok(routes.length > 100, `${routes.length} routes are asked`);
    const statuses = new Map<number, number>();
    for (const { method, url, schema, config } of routes) {
      const parts = (schema ?? {}) as Parts;
      const begunAtMs = performance.now();
      const request = fc.record({
        asker: askersOf(config?.access),
        more: headers(parts.headers),
        path: address(url, parts.params),
        query: query(parts.querystring),
        sent: body(parts.body),
        tenant: fc.oneof(
          { weight: 8, arbitrary: fc.constant<string | undefined>(tenant) },
          { weight: 1, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.uuid() },
        ),
        match: fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, fc.string({ unit: 'grapheme-ascii' })),
        idempotency: fc.option(fc.oneof(fc.uuid(), fc.constantFrom('a key', 'key')), {
          nil: undefined,
          freq: 2,
        }),
      });
      await fc
        .assert(
          fc.asyncProperty(
            request,
            async ({ asker, more, path, query, sent, tenant, match, idempotency }) => {
              // One that hung is not asked in simpler words: each would hang as long.
              if (performance.now() - begunAtMs > longestMs) return;
              const answer = await answerTo({
                method: method as 'GET',
                url: path + query,
                headers: {
                  ...more,
                  ...asker.headers,
                  'if-match': match,
                  ...(tenant === undefined ? {} : { 'x-callfabric-tenant': tenant }),
                  ...(idempotency === undefined ? {} : { 'idempotency-key': idempotency }),
                  ...(sent === undefined ? {} : { 'content-type': sent.type }),
                },
                ...(sent === undefined ? {} : { payload: sent.payload }),
              });
              statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
              if (answer.statusCode >= 500)
                throw new Error(`${answer.statusCode}: ${answer.body.slice(0, 400)}`);
            },
          ),
          { numRuns: runs, endOnFailure: false },
        )
        .then(
          () => t.pass(`${String(method)} ${url}`),
          (error: unknown) => {
            // fast-check says with what, and its cause what was wrong with the answer.
            const why = error instanceof Error ? String(error.cause) : '';
            t.fail(`${String(method)} ${url}`, { why, found: String(error).slice(0, 2000) });
          },
        );
    }
    t.comment(JSON.stringify(Object.fromEntries([...statuses].toSorted(([a], [b]) => a - b))));
    t.ok((statuses.get(201) ?? 0) > 0 && (statuses.get(200) ?? 0) > 0, 'some of it was done');
  },
);
