import type { Pool, PoolClient } from 'pg';

/**
 * What only one process at a time may do to a database: the keys of PostgreSQL's advisory locks. The same in every
 * release, or two releases at once would both do it.
 */
export const sessionLocks = {
  migrations: 4_801_170_553,
  partitions: 4_801_170_554,
  callCounts: 4_801_170_555,
  /** hashtext('callfabric recording retention') */
  recordingRetention: 844_363_756,
} as const;

/** How long each try to give a lock back may take, ms; then the connection ends, and the server gives it back itself. */
const givingBackMs = 1_000;

/**
 * Does `work` on a connection of its own that holds the lock `key`, and destroys the connection: whatever was set on it
 * ends with it. Where another session has the lock, `taken` may wait for it; without `taken` the answer is undefined.
 * A process that dies leaves the lock, for it is its session's.
 *
 * The lock is given back before the connection is. The server notices a connection's end in its own time (some ms, on a
 * busy machine many), and whoever came in between would be told that another process is at it where there is none.
 */
export function holdingLock<T>(
  pool: Pool,
  key: number,
  work: (client: PoolClient) => Promise<T>,
  taken: (client: PoolClient) => Promise<void>,
): Promise<T>;
export function holdingLock<T>(
  pool: Pool,
  key: number,
  work: (client: PoolClient) => Promise<T>,
): Promise<T | undefined>;
export async function holdingLock<T>(
  pool: Pool,
  key: number,
  work: (client: PoolClient) => Promise<T>,
  taken?: (client: PoolClient) => Promise<void>,
): Promise<T | undefined> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [key]);
    if (rows[0]?.mine !== true) {
      if (taken === undefined) return undefined;
      await taken(client);
    }
    return await work(client);
  } finally {
    await giveBack(client);
    client.release(true);
  }
}

async function giveBack(client: PoolClient): Promise<void> {
  const unlock = (text: string): Promise<unknown> => {
    const statement = { text, query_timeout: givingBackMs };
    return client.query(statement);
  };
  await unlock('select pg_advisory_unlock_all()')
    // Its transaction failed. Not at once: where there is none, the server's log would have a warning each time.
    .catch(() => unlock('rollback; select pg_advisory_unlock_all()'))
    // Its connection is broken: the lock is gone with it.
    .catch(() => undefined);
}
