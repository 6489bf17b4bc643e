import { closeOrm, openOrm } from '../orm/config.ts';
import { postgresDeadlineMs } from './health-checks.ts';

type Orm = ReturnType<typeof openOrm>;

/** PostgreSQL as the API uses it: requests, however many, never take the connections that calls are written with. */
export interface ApiConnections {
  /** Of requests. */
  readonly requests: Orm;
  /** Of a tenant's deletion, whose pieces may take longer than anybody waits for an answer. */
  readonly deletion: Orm;
  /** Of the readiness check: a busy API is no reason to send calls elsewhere. */
  readonly health: Orm;
  close(): Promise<void>;
}

/** Opens nothing yet. */
export function apiConnections(databaseUrl: string): ApiConnections {
  // Less than the 15 seconds a request is given: nothing runs on for somebody who was told that it failed.
  const requests = openOrm(databaseUrl, {
    applicationName: 'callfabric api',
    maxConnections: 8,
    statementTimeoutMs: 12_000,
    lockTimeoutMs: 5_000,
    idleInTransactionTimeoutMs: 30_000,
  });
  const deletion = openOrm(databaseUrl, {
    applicationName: 'callfabric deletion',
    maxConnections: 4,
    connectTimeoutMs: 60_000,
    statementTimeoutMs: 10 * 60_000,
  });
  const health = openOrm(databaseUrl, {
    applicationName: 'callfabric health',
    maxConnections: 1,
    connectTimeoutMs: postgresDeadlineMs,
  });
  return {
    requests,
    deletion,
    health,
    close: async () => {
      for (const orm of [requests, deletion, health]) await closeOrm(orm);
    },
  };
}
