import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import type { TSchema } from 'typebox';
import type { SessionIdentity } from '../../../daemon/http/access/identities.ts';
import { postgresAccess } from '../../../daemon/http/access/postgres-access.ts';
import type { View } from '../../../daemon/http/access.ts';
import { buildApp } from '../../../daemon/http/app.ts';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { PostgresFlowAdmin } from '../../../daemon/http/flows/flow-admin.ts';
import { PostgresReports } from '../../../daemon/http/reports/postgres-reports.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { keepInPlace } from '../../../daemon/records/recording-target.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { calm, fakePorts, key, settings } from '../../unit/http/test-api.ts';
import type { CallHistory } from './call-history.ts';
import type { PlanNode } from './plans.ts';

/** Who asks: the operator in a tenant or in none, a tenant's publisher or buyer, or one of its people. */
export interface Asker {
  readonly name: 'operator' | 'publisher' | 'buyer' | 'person';
  /** Undefined: in none. */
  readonly tenantAt: number | undefined;
}

/** A GET route and what may be asked of it. */
export interface ReadRoute {
  readonly url: string;
  readonly views: readonly string[];
  readonly query: Readonly<Record<string, TSchema>>;
  readonly needsTenant: boolean;
}

export interface Explained {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Every query that was made for it, and PostgreSQL's plan in the asker's role. */
  readonly queries: readonly { readonly sql: string; readonly plan: PlanNode }[];
}

/** The API on a filled database. */
export interface ExplainedApi {
  readonly app: FastifyInstance;
  readonly routes: readonly ReadRoute[];
  ask(asker: Asker, url: string): Promise<Explained>;
  close(): Promise<void>;
}

const token = (name: string): string => name.padEnd(43, '0');

function sessionOf(history: CallHistory, presented: string): SessionIdentity | undefined {
  for (const [at, tenantId] of history.tenants.entries()) {
    const views: Record<string, View> = {
      publisher: { of: 'publisher', publisherId: history.publishers(tenantId)[2] ?? '' },
      buyer: { of: 'buyer', buyerId: history.buyers(tenantId)[5] ?? '' },
      person: { of: 'tenant' },
    };
    for (const [role, view] of Object.entries(views))
      if (token(`${role}-${at}`) === presented)
        return {
          sessionId: '01981234-0000-7000-9000-000000000004',
          userId: history.people[0] ?? '',
          email: `${role}@test.example`,
          name: role,
          operator: false,
          mustChoosePassword: false,
          memberships: [{ tenantId, tenant: 'Test', role, scopes: ['*:read'], view }],
        };
  }
  return undefined;
}

interface Statement {
  readonly text: string;
  readonly values: unknown;
}

/** pg takes a text and its values, or both in one. */
function statementOf(given: readonly unknown[]): Statement {
  const [first, values] = given;
  if (typeof first === 'string') return { text: first, values };
  const { text = '', values: bound } = first as { text?: string; values?: unknown };
  return { text, values: bound };
}

const isQuery = (text: string): boolean => /^\s*(select|with)\b/i.test(text) && !/set_config/.test(text);

/** `explained`: PostgreSQL explains each query before it answers it, which takes its time. */
export async function explainedApi(
  url: string,
  history: CallHistory,
  explained = true,
): Promise<ExplainedApi> {
  const orm = openOrm(url, { maxConnections: 3 });
  const log = pino({ level: 'silent' });
  let asked: Promise<{ sql: string; plan: PlanNode }>[] = [];
  (await poolOf(orm)).on('connect', (client) => {
    if (!explained) return;
    const plain: unknown = client.query;
    if (typeof plain !== 'function') throw new Error('pg has no query');
    const run = (...given: unknown[]): unknown => Reflect.apply(plain, client, given);
    const planOf = async ({ text, values }: Statement) => {
      const found = (await run(`explain (analyze, timing off, format json) ${text}`, values)) as {
        rows: { 'QUERY PLAN': [{ Plan: PlanNode }] }[];
      };
      const [top] = found.rows[0]?.['QUERY PLAN'] ?? [];
      if (top === undefined) throw new Error('no plan');
      return { sql: text, plan: top.Plan };
    };
    // One behind the other on the same connection: in the same transaction, role and tenant.
    Object.assign(client, {
      query: (...given: unknown[]): unknown => {
        const statement = statementOf(given);
        if (isQuery(statement.text)) asked.push(planOf(statement));
        return run(...given);
      },
    });
  });
  const calls = new PostgresCallReader(orm);
  const app = buildApp({
    settings,
    ports: fakePorts({
      access: {
        ...postgresAccess({ orm, target: keepInPlace, recordingsFolder: '/nowhere', log }),
        identities: {
          ofKey: async () => undefined,
          ofSession: async (presented) => sessionOf(history, presented),
          forget: () => {},
        },
      },
      calls,
      flows: new PostgresFlowAdmin(orm, nodeTypes),
      nodeTypes,
      resources: { orm, privateWebhooks: false },
      reports: new PostgresReports(orm),
    }),
    log,
  });
  const routes: ReadRoute[] = [];
  app.addHook('onRoute', ({ method, url, config, schema }) => {
    const { access } = config ?? {};
    if (access === undefined || ![method].flat().includes('GET')) return;
    const of = schema?.querystring as { properties?: Record<string, TSchema> } | undefined;
    routes.push({
      url,
      views: access.views ?? [],
      query: of?.properties ?? {},
      needsTenant: access.scope !== 'operator',
    });
  });
  await calm(app).ready();
  const headersOf = ({ name, tenantAt }: Asker): NonNullable<InjectOptions['headers']> =>
    name === 'operator'
      ? {
          authorization: `Bearer ${key}`,
          ...(tenantAt === undefined ? {} : { 'x-callfabric-tenant': history.tenants[tenantAt] ?? '' }),
        }
      : { cookie: `__Host-callfabric=${token(`${name}-${tenantAt}`)}` };
  return {
    app,
    routes,
    async ask(asker, address) {
      asked = [];
      const startedAt = performance.now();
      const answer = await app.inject({ url: address, headers: headersOf(asker) });
      const ms = performance.now() - startedAt;
      const queries = await Promise.all(asked);
      const type = String(answer.headers['content-type'] ?? '');
      return {
        status: answer.statusCode,
        text: answer.body,
        ms,
        body: type.includes('json') ? answer.json() : {},
        queries,
      };
    },
    async close() {
      await app.close();
      await closeOrm(orm);
    },
  };
}
