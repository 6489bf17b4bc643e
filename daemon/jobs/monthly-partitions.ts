import type { MikroORM } from '@mikro-orm/postgresql';
import type { PoolClient } from 'pg';
import { poolOf } from '../../orm/config.ts';
import {
  dropPartitions,
  makePartition,
  type PartitionedTable,
  partitionedTables,
} from '../../orm/partitions.ts';
import { holdingLock, sessionLocks } from '../../orm/session-lock.ts';

/** How long the rows of each table are kept, days; 0 is for ever. Months go whole, so it may be a month more. */
export type Retention = Readonly<Record<PartitionedTable, number>>;

export interface MonthlyPartitionsParts {
  readonly orm: MikroORM;
  readonly keepDays: Retention;
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
}

/** What a run did; `elsewhere`: another daemon was at it. */
export type PartitionsRun =
  | 'elsewhere'
  | { readonly made: readonly string[]; readonly dropped: readonly string[] };

/** This month's and two more: daemons may be down for eight weeks and find a partition for every row. */
const monthsAhead = [0, 1, 2];
/**
 * A table must be free for an instant: who cannot have it at once comes again in an hour rather than make calls wait.
 */
const lockTimeoutMs = 1_000;

/** Makes the monthly partitions ahead of their time and drops those past theirs. One daemon does it for all. */
export class MonthlyPartitions {
  readonly #parts: MonthlyPartitionsParts;

  constructor(parts: MonthlyPartitionsParts) {
    this.#parts = parts;
  }

  /** A table that is busy is left for the next run; rejects then, after all others. */
  async run(signal?: AbortSignal): Promise<PartitionsRun> {
    const pool = await poolOf(this.#parts.orm);
    const run = await holdingLock(pool, sessionLocks.partitions, async (client) => {
      // Rows that move out of the default partition may take their time.
      await client.query(`set lock_timeout = ${lockTimeoutMs}; set statement_timeout = 0`);
      return this.#all(client, signal);
    });
    return run ?? 'elsewhere';
  }

  async #all(client: PoolClient, signal: AbortSignal | undefined): Promise<PartitionsRun> {
    const made: string[] = [];
    const dropped: string[] = [];
    const faults: unknown[] = [];
    for (const table of partitionedTables) {
      if (signal?.aborted === true) break;
      try {
        for (const ahead of monthsAhead) {
          const name = await makePartition(client, table, ahead);
          if (name !== null) made.push(name);
        }
        const days = this.#parts.keepDays[table];
        if (days > 0) dropped.push(...(await dropPartitions(client, table, days)));
      } catch (error) {
        faults.push(error);
        this.#parts.log.warn({ table, error: String(error) }, 'partitions are left for the next run');
      }
    }
    if (made.length + dropped.length > 0) this.#parts.log.info({ made, dropped }, 'partitions were changed');
    if (faults.length > 0) throw new AggregateError(faults, 'not every partition could be made or dropped');
    return { made, dropped };
  }
}
