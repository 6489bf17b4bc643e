import type { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { PostgresFlowAdmin } from '../../../../daemon/http/flows/flow-admin.ts';
import type { ApiPorts } from '../../../../daemon/http/ports.ts';
import { nodeTypes } from '../../../../daemon/nodes/index.ts';
import type { TestDatabase } from '../../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../../orm/config.ts';
import { checkedApp, fakePorts, key } from '../../../unit/http/test-api.ts';
import { until } from '../../../until.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  // Bodies are read as tests expect them; a wrong shape fails the comparison.
  readonly body: Record<string, unknown>;
}
export type Headers = Readonly<Record<string, string>>;

/** An API on a real database, asked as the operator in a tenant. */
export interface ResourceHouse {
  readonly app: FastifyInstance;
  readonly orm: ReturnType<typeof openOrm>;
  /** `tenant`: null names none. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, more?: Asked): Promise<Answer>;
  /** The row that was made; throws where it was not. */
  make(url: string, body: object, tenant?: string | null): Promise<Record<string, unknown> & { id: string }>;
  sql<Row>(query: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Holds a row until so many wait for it, while `work` is under way. */
  whileHeld<T>(table: string, id: string, waiters: number, work: () => Promise<T>): Promise<T>;
  /** Until so many statements of this database wait for a lock. */
  untilWaiting(waiters: number): Promise<void>;
  close(): Promise<void>;
}
export interface Asked {
  readonly body?: unknown;
  readonly headers?: Headers;
  readonly tenant?: string | null;
}

/** `more`: ports beside those of flows and resources. */
export function resourceHouse(
  database: TestDatabase,
  tenantId: string,
  privateWebhooks = false,
  more: (orm: ReturnType<typeof openOrm>) => Partial<ApiPorts> = () => ({}),
): ResourceHouse {
  const orm = openOrm(database.url);
  // What the daemon may not see of the connections of others, a test may.
  const owner = openOrm(database.url, { as: 'login', maxConnections: 1 });
  const ports = {
    flows: new PostgresFlowAdmin(orm, nodeTypes),
    nodeTypes,
    resources: { orm, privateWebhooks },
  };
  const app = checkedApp({ ports: fakePorts({ ...ports, ...more(orm) }) });
  const ask: ResourceHouse['ask'] = async (method, url, { body, headers = {}, tenant = tenantId } = {}) => {
    const json = typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && !('pipe' in body);
    const answer = await app.inject({
      method,
      url,
      headers: {
        authorization: `Bearer ${key}`,
        ...(tenant === null ? {} : { 'x-callfabric-tenant': tenant }),
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: json ? JSON.stringify(body) : (body as string | Buffer | Readable) }),
    });
    const type = String(answer.headers['content-type'] ?? '');
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string>,
      text: answer.body,
      body: type.includes('json') && answer.body !== '' ? answer.json<Record<string, unknown>>() : {},
    };
  };
  const untilWaiting = async (waiters: number): Promise<void> => {
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    await until(`${waiters} wait for a lock`, async () => {
      const found = await owner.em.getConnection().execute<object[]>(waiting);
      return found.length >= waiters;
    });
  };
  return {
    app,
    orm,
    ask,
    async make(url, body, tenant = tenantId) {
      const answer = await ask('POST', url, { body, tenant });
      if (answer.status !== 201) throw new Error(`POST ${url}: ${answer.status} ${answer.text}`);
      return answer.body as Record<string, unknown> & { id: string };
    },
    sql: (query, values = []) => owner.em.getConnection().execute(query, [...values]),
    untilWaiting,
    async whileHeld(table, id, waiters, work) {
      const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
      const { promise: over, resolve: release } = Promise.withResolvers<void>();
      const holding = orm.em.fork().transactional(async (em) => {
        await em.execute(`select 1 from ${table} where id = ? for update`, [id]);
        isHeld();
        await over;
      });
      await held;
      // Outside of the transaction, whose context would go with it.
      const working = work();
      await untilWaiting(waiters).finally(release);
      await holding;
      return working;
    },
    async close() {
      await app.close();
      await closeOrm(orm);
      await closeOrm(owner);
      await database.drop();
    },
  };
}
