import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import t from 'tap';
import type { TSchema } from 'typebox';
import { postgresAccess } from '../../../daemon/http/access/postgres-access.ts';
import { newKey } from '../../../daemon/http/access/secrets.ts';
import type { Access } from '../../../daemon/http/access.ts';
import { buildApp } from '../../../daemon/http/app.ts';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { PostgresFlowAdmin } from '../../../daemon/http/flows/flow-admin.ts';
import { PostgresReports } from '../../../daemon/http/reports/postgres-reports.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import type { CallId, TenantId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { filled } from '../../unit/http/registered-routes.ts';
import { fakePorts, liveCall, noLiveCalls, settings } from '../../unit/http/test-api.ts';
import { fillTenant, tenantTables } from '../orm/fill-tenant.ts';
import { seededDatabase } from '../seeded-database.ts';
import { minimalOf } from './minimal-body.ts';

type Ids = Readonly<Record<string, string>>;

/**
 * The table whose row an address names, where that is not its last word in the singular: `/campaigns/:id` is a row of
 * campaign. A route that is not found here or by that rule fails with what to add.
 */
const tables: Readonly<Record<string, string>> = {
  '/users': 'user_account',
  // A key has no sessions: any id is one it must not find.
  '/session/sessions': 'user_account',
  '/numbers': 'phone_number',
  '/buyers/endpoints': 'buyer_endpoint',
  '/campaigns/publishers': 'campaign_publisher',
  '/campaigns/buyers': 'campaign_buyer',
  '/campaigns/numbers': 'phone_number',
  '/caller-id-pools/numbers': 'caller_id_number',
  '/dnc-lists/entries': 'dnc_entry',
  '/invoices/lines': 'invoice_line',
  '/ledger-entries': 'ledger_entry',
  '/webhooks/deliveries': 'webhook_delivery',
};
/** A stream never ends, so that `inject` would wait for ever; it has tests of its own. */
const streams = /^GET \/live/;

interface Route {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
  readonly body: TSchema | undefined;
  readonly querystring: TSchema | undefined;
}

/** What stands for each `:param` of an address, of one tenant. */
function valueIn(ids: Ids, address: string): (name: string, before: string) => string {
  return (name, before) => {
    if (name === 'version') return '1';
    if (name === 'scope') return `buyer:${ids['buyer']}`;
    const path = before.replace(/\/:[A-Za-z]+/g, '').replace(/\/$/, '');
    const table = tables[path] ?? (path.split('/').at(-1) ?? '').replace(/s$/, '').replaceAll('-', '_');
    const id = ids[table];
    if (id === undefined)
      throw new Error(
        `${address}: of which table is :${name}? add '${path}' to tables in test/integration/http/tenant-isolation.test.ts (and the table's rows to fill-tenant.ts)`,
      );
    return id;
  };
}

async function guardedRoutes(app: FastifyInstance): Promise<Route[]> {
  const found: Route[] = [];
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    const access = config?.access;
    if (access === undefined || access.scope === 'operator') return;
    for (const one of [method].flat())
      if (one !== 'HEAD')
        found.push({
          method: one,
          url,
          access,
          body: schema?.body as TSchema | undefined,
          querystring: schema?.querystring as TSchema | undefined,
        });
  });
  await app.ready();
  return found;
}

/** A body of the least that its schema lets through: CSV for an import. */
function payloadOf({ url, body }: Route): { readonly type: string; readonly payload: string | undefined } {
  if (url.endsWith('/import')) return { type: 'text/csv', payload: 'e164\n+15551230099\n' };
  const value = body === undefined ? undefined : minimalOf(body);
  return { type: 'application/json', payload: value == null ? undefined : JSON.stringify(value) };
}

/** Where the least that a schema lets through means nothing. */
const queries: Readonly<Record<string, string>> = {
  '/reports/calls': '?by=day&from=2026-11-01T00:00:00Z&to=2026-11-08T00:00:00Z',
};

/** What must stand in the query; nothing where nothing must. */
function queryOf({ url, querystring }: Route): string {
  if (queries[url] !== undefined) return queries[url];
  const values = querystring === undefined ? {} : (minimalOf(querystring) as Record<string, string>);
  const pairs = new URLSearchParams(values);
  return pairs.size === 0 ? '' : `?${pairs.toString()}`;
}

void t.test("with another tenant's key there is nothing", async (t) => {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const pool = await poolOf(orm);
  const client = await pool.connect();
  const one = await fillTenant(client, 'one');
  const other = await fillTenant(client, 'other');
  // There is something to hear.
  const kept = "status = 'stored', location = 'file:///kept.wav', bytes = 4, duration_ms = 1";
  await client.query(`update recording set ${kept}, sha256 = $1`, ['a'.repeat(64)]);
  const keyOf = async (tenant: Ids): Promise<string> => {
    const { token, prefix, secretHash } = newKey();
    await client.query(`update api_key set prefix = $1, secret_hash = $2, scopes = '{*}' where id = $3`, [
      prefix,
      secretHash,
      tenant['api_key'],
    ]);
    return token;
  };
  const keys = { one: await keyOf(one), other: await keyOf(other) };
  const live = liveCall({ callId: one['tag'] as CallId, tenantId: one['tenant'] as TenantId });
  const log = pino({ level: 'silent' });
  const app = buildApp({
    settings,
    ports: fakePorts({
      access: postgresAccess({ orm, target: keepInPlace, recordingsFolder: '/nowhere', log }),
      calls: new PostgresCallReader(orm),
      callRows: new PostgresCallReader(orm),
      flows: new PostgresFlowAdmin(orm, nodeTypes),
      nodeTypes,
      resources: { orm, privateWebhooks: false },
      reports: new PostgresReports(orm),
      recordings: { read: async () => Readable.from([Buffer.from('RIFF')]) },
      liveCalls: { ...noLiveCalls, list: () => [live], get: (id) => (id === live.callId ? live : undefined) },
    }),
    log,
  });
  t.teardown(async () => {
    client.release();
    await app.close();
    await closeOrm(orm);
    await database.drop();
  });
  const ask = async (key: string, route: Route, url: string) => {
    const { type, payload } = payloadOf(route);
    return app.inject({
      method: route.method as 'GET',
      url: `${url}${queryOf(route)}`,
      headers: {
        authorization: `Bearer ${key}`,
        // Whatever state it is in.
        'if-match': '*',
        'idempotency-key': url,
        ...(payload === undefined ? {} : { 'content-type': type }),
      },
      ...(payload === undefined ? {} : { payload }),
    });
  };
  const rows = async (): Promise<Record<string, string>> => {
    const sums: Record<string, string> = {};
    for (const table of await tenantTables(client)) {
      const { rows: found } = await client.query<{ sum: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' order by r::text)), '') as sum from ${table} r where tenant_id = $1`,
        [one['tenant']],
      );
      sums[table] = found[0]?.sum ?? '';
    }
    return sums;
  };

  const routes = (await guardedRoutes(app)).filter(({ method, url }) => !streams.test(`${method} ${url}`));
  // Its own key first: what is asked for is there, so that 404 means something. This also notes the key's use.
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    const answer = await ask(keys.one, route, filled(route.url, valueIn(one, route.url)));
    t.equal(
      answer.statusCode,
      200,
      `${route.method} ${route.url} with its own key: ${answer.body.slice(0, 200)}`,
    );
  }
  const before = await rows();
  const secret = Object.values(one);
  for (const route of routes) {
    const name = `${route.method} ${route.url}`;
    if (!route.url.includes(':') && route.method !== 'GET') continue; // names no row
    const params = route.url.match(/:(?!version)[A-Za-z]+/g) ?? [];
    // All of the other tenant; and behind one's own, where there is more than one.
    const addresses = new Set([filled(route.url, valueIn(one, route.url))]);
    let at = 0;
    if (params.length > 1)
      addresses.add(
        filled(route.url, (...of) => {
          at += 1;
          return valueIn(at === params.length ? one : other, route.url)(...of);
        }),
      );
    for (const url of addresses) {
      const answer = await ask(keys.other, route, url);
      const said = answer.body.slice(0, 300);
      if (params.length === 0) t.equal(answer.statusCode, 200, `${name}: ${said}`);
      else t.equal(answer.statusCode, 404, `${name} (${url}) shall not find another tenant's row: ${said}`);
      const seen = secret.filter((id) => !url.includes(id) && answer.body.includes(id));
      t.same(seen, [], `${name} tells nothing of the other tenant`);
    }
  }
  t.same(await rows(), before, 'no row of the other tenant was changed, added or taken');
});
