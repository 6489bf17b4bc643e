import { Readable } from 'node:stream';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import type { TSchema } from 'typebox';
import { postgresAccess } from '../../../daemon/http/access/postgres-access.ts';
import { newKey } from '../../../daemon/http/access/secrets.ts';
import type { Access } from '../../../daemon/http/access.ts';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { PostgresFlowAdmin } from '../../../daemon/http/flows/flow-admin.ts';
import { PostgresReports } from '../../../daemon/http/reports/postgres-reports.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import type { CallId, TenantId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { checkedApp, fakePorts, key, liveCall, noLiveCalls } from '../../unit/http/test-api.ts';
import { columnsOf, fillTenant } from '../orm/fill-tenant.ts';
import { seededDatabase } from '../seeded-database.ts';

/** A row of each table, by the table's name. */
export type Ids = Readonly<Record<string, string>>;

export interface Route {
  /** `GET /calls/:id`. */
  readonly name: string;
  readonly method: string;
  readonly url: string;
  /** Undefined: open to all. */
  readonly access: Access | undefined;
  readonly body: TSchema | undefined;
  readonly querystring: TSchema | undefined;
  readonly headers: readonly string[];
}

export interface Sent {
  /** Bearer. Default: the key of `one`. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Text is CSV. */
  readonly body?: object | string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

/** The API over a database with two tenants that have rows in every table, and a key each that may do all in its own. */
export interface WholeApi {
  readonly app: FastifyInstance;
  readonly orm: ReturnType<typeof openOrm>;
  readonly one: Ids;
  readonly other: Ids;
  readonly keys: { readonly one: string; readonly other: string; readonly operator: string };
  /** All but the docs. */
  readonly routes: readonly Route[];
  /** A call of `one` that is live. */
  readonly liveId: string;
  ask(method: string, url: string, sent?: Sent): Promise<LightMyRequestResponse>;
  /** Straight to PostgreSQL, past every policy. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** How many rows each table has, and the sum of what is in them; when something was last used is left out. */
  contents(): Promise<Readonly<Record<string, string>>>;
}

/** The app's routes once it is ready. HEAD goes with GET. */
async function routesOf(app: FastifyInstance): Promise<Route[]> {
  const found: Route[] = [];
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    if (/^(\/docs|\*)/.test(url)) return;
    const headers = schema?.headers as { readonly properties?: object } | undefined;
    for (const one of [method].flat())
      if (one !== 'HEAD' && one !== 'OPTIONS')
        found.push({
          name: `${one} ${url}`,
          method: one,
          url,
          access: config?.access,
          body: schema?.body as TSchema | undefined,
          querystring: schema?.querystring as TSchema | undefined,
          headers: Object.keys(headers?.properties ?? {}),
        });
  });
  await app.ready();
  return found;
}

/** Every answer is held to what its route documents (`checkedApp`). Closed with the test. */
export async function wholeApi(t: Test): Promise<WholeApi> {
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
  const keys = { one: await keyOf(one), other: await keyOf(other), operator: key };
  const sums = [...(await columnsOf(client)).keys()].map(
    (table) =>
      `select '${table}' as name, count(*) || ' ' || coalesce(md5(string_agg(r::text, ',' order by r::text)), '') as sum
       from (select to_jsonb(t) - 'last_used_at' as r from "${table}" t) rows`,
  );
  client.release();
  const live = liveCall({ callId: one['tag'] as CallId, tenantId: one['tenant'] as TenantId });
  const log = pino({ level: 'silent' });
  const reader = new PostgresCallReader(orm);
  const app = checkedApp({
    ports: fakePorts({
      access: postgresAccess({ orm, target: keepInPlace, recordingsFolder: '/nowhere', log }),
      calls: reader,
      flows: new PostgresFlowAdmin(orm, nodeTypes),
      nodeTypes,
      resources: { orm, privateWebhooks: false },
      reports: new PostgresReports(orm),
      recordings: { read: async () => Readable.from([Buffer.from('RIFF')]) },
      liveCalls: {
        ...noLiveCalls,
        list: () => [live],
        get: (id) => (id === live.callId ? live : undefined),
        hangup: async (id) => ({ result: id === live.callId ? 'asked' : 'unknown' }),
      },
    }),
  });
  t.teardown(async () => {
    await app.close();
    await closeOrm(orm);
    await database.drop();
  });
  return {
    app,
    orm,
    one,
    other,
    keys,
    liveId: live.callId,
    routes: await routesOf(app),
    ask: async (
      method,
      url,
      { key: bearer = keys.one, query = {}, body, headers = {}, remoteAddress } = {},
    ) => {
      const text = typeof body === 'string' ? body : body && JSON.stringify(body);
      return app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        query,
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
        headers: {
          authorization: `Bearer ${bearer}`,
          // Whatever state it is in.
          'if-match': '*',
          ...(text === undefined
            ? {}
            : { 'content-type': typeof body === 'string' ? 'text/csv' : 'application/json' }),
          ...headers,
        },
        ...(text === undefined ? {} : { payload: text }),
      });
    },
    sql: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(text, [...values])).rows,
    async contents() {
      const { rows } = await pool.query<{ name: string; sum: string }>(sums.join(' union all '));
      return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]));
    },
  };
}
