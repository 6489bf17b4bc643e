import type { ClientBase } from 'pg';

/**
 * Tables that grow without end, in monthly partitions by a UUIDv7 (see the migration monthly_partitions). Rows of a
 * month that has no partition go to `<table>_default`: none is ever refused, all are found, and they move into their
 * partition when it is made.
 */
export const partitionedTables = ['cdr', 'call_trace', 'event', 'audit_log'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** Makes the partition of the month `ahead` months from now (UTC); its name, or null where it was there. */
export async function makePartition(
  client: ClientBase,
  table: PartitionedTable,
  ahead: number,
): Promise<string | null> {
  const found = await client.query<{ name: string | null }>(
    `select make_partition($1, (date_trunc('month', now() at time zone 'UTC') + $2 * interval '1 month')::date) as name`,
    [table, ahead],
  );
  return found.rows[0]?.name ?? null;
}

/** Drops the months that ended `days` ago or earlier, and what the default partition has of that time; returns their names. */
export async function dropPartitions(
  client: ClientBase,
  table: PartitionedTable,
  days: number,
): Promise<string[]> {
  const found = await client.query<{ name: string }>(
    `select drop_partitions($1, now() - $2 * interval '1 day') as name`,
    [table, days],
  );
  return found.rows.map(({ name }) => name);
}
