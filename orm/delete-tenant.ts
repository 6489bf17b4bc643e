import type { Pool, PoolClient } from 'pg';
import { newId } from '../daemon/telephony/ids.ts';

/*
 * A tenant goes in pieces, each a transaction of its own: millions of rows in one would hold locks and bloat for hours.
 * What happens in between is safe to happen again: a deletion that was interrupted is begun anew and goes on.
 */

export interface DeleteTenantOptions {
  /** Rows a transaction. Default 2000. */
  readonly batchRows?: number;
  /** Pages (8 KB) looked through a transaction, of a table (with all of its partitions) without an index of tenants. Default 2000. */
  readonly batchPages?: number;
  /** Ends it after the piece at hand; rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Marks the tenant: it takes no more calls, and what is immutable may go. False: there is no such tenant. */
export async function markLeaving(pool: Pool, tenantId: string): Promise<boolean> {
  const marked = await pool.query(
    'update tenant set enabled = false, deleting_since = coalesce(deleting_since, now()) where id = $1',
    [tenantId],
  );
  return marked.rowCount === 1;
}

interface Table {
  /** Quoted, with its schema where it needs one. */
  readonly name: string;
  /** Tables with a tenant that have foreign keys to it. */
  readonly referencedBy: readonly string[];
  /** Whether an index begins with the tenant. Where every call writes many rows, none does. */
  readonly indexed: boolean;
}

/**
 * Every table that holds rows of a tenant, from the catalogue, so that none is forgotten. Partitions are reached through
 * their tables: nobody but the owner has a right to one itself. What somebody else put beside our tables (a copy, say)
 * is theirs to delete: the daemon has no right to it.
 */
async function tenantTables(pool: Pool): Promise<Table[]> {
  const found = await pool.query<{ name: string; referenced_by: string[]; indexed: boolean }>(
    `with tables as (
       select c.oid, a.attnum from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
       where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema::regnamespace
         and has_table_privilege(c.oid, 'DELETE'))
     select oid::regclass::text as name, array(
       select distinct f.conrelid::regclass::text from pg_constraint f join tables r on r.oid = f.conrelid
       where f.contype = 'f' and f.confrelid = t.oid and f.conrelid <> t.oid) as referenced_by,
       exists (select 1 from pg_index i where i.indrelid = t.oid and i.indkey[0] = t.attnum and i.indpred is null) as indexed
     from tables t order by 1`,
  );
  return found.rows.map(({ name, referenced_by, indexed }) => ({
    name,
    referencedBy: referenced_by,
    indexed,
  }));
}

/** What refers comes before what it refers to; in a circle, foreign keys do the rest themselves (cascade, set null). */
function leavesFirst(tables: readonly Table[]): Table[] {
  const order: Table[] = [];
  let rest = [...tables];
  while (rest.length > 0) {
    const there = new Set(rest.map(({ name }) => name));
    const free = rest.filter(({ referencedBy }) => !referencedBy.some((name) => there.has(name)));
    const next = free.length > 0 ? free : rest.slice(0, 1);
    order.push(...next);
    rest = rest.filter((table) => !next.includes(table));
  }
  return order;
}

/** Deletes all rows of a marked tenant but its own; returns how many of which table. */
export async function deleteRows(
  pool: Pool,
  tenantId: string,
  options: DeleteTenantOptions = {},
): Promise<Record<string, number>> {
  await inTransaction(pool, async (client) => {
    // Whoever is joining another tenant just now holds the account: the statement after the wait sees that they joined.
    await client.query(
      `select 1 from user_account where id in (select user_id from membership where tenant_id = $1) order by id for update`,
      [tenantId],
    );
    // People who are in no other tenant: their account is of no use to anybody.
    await client.query(
      `delete from user_account u where not u.operator
         and exists (select 1 from membership m where m.user_id = u.id and m.tenant_id = $1)
         and not exists (select 1 from membership m where m.user_id = u.id and m.tenant_id <> $1)`,
      [tenantId],
    );
  });
  const deleted: Record<string, number> = {};
  for (const table of leavesFirst(await tenantTables(pool))) {
    const rows = await (table.indexed ? byIndex : byPages)(pool, table.name, tenantId, options);
    if (rows > 0) deleted[table.name] = rows;
  }
  return deleted;
}

async function byIndex(
  pool: Pool,
  table: string,
  tenantId: string,
  { batchRows = 2000, signal }: DeleteTenantOptions,
): Promise<number> {
  for (let deleted = 0; ; ) {
    signal?.throwIfAborted();
    // Another partition's row may have the same ctid; it is the tenant's too, and goes with it.
    const piece = await pool.query(
      `delete from ${table} where ctid = any(array(select ctid from ${table} where tenant_id = $1 limit $2)) and tenant_id = $1`,
      [tenantId, batchRows],
    );
    deleted += piece.rowCount ?? 0;
    if ((piece.rowCount ?? 0) < batchRows) return deleted;
  }
}

/** From the first page to the last, each looked at once: without an index, batches by rows would read the table anew for each. */
async function byPages(
  pool: Pool,
  table: string,
  tenantId: string,
  { batchPages = 2000, signal }: DeleteTenantOptions,
): Promise<number> {
  // The same pages of every partition at once, and no more of them together than of a table that has none.
  const size = await pool.query<{ pages: number; parts: number }>(
    `select (max(pg_relation_size(relid)) / current_setting('block_size')::int)::int as pages, count(*)::int as parts
     from (select relid from pg_partition_tree('${table}') where isleaf union select '${table}'::regclass) part`,
  );
  const { pages = 0, parts = 1 } = size.rows[0] ?? {};
  const step = Math.max(1, Math.trunc(batchPages / parts));
  let deleted = 0;
  for (let from = 0; from < pages; from += step) {
    signal?.throwIfAborted();
    const piece = await pool.query(
      `delete from ${table} where ctid >= $2::tid and ctid < $3::tid and tenant_id = $1`,
      [tenantId, `(${from},0)`, `(${from + step},0)`],
    );
    deleted += piece.rowCount ?? 0;
  }
  return deleted;
}

/**
 * Deletes the tenant's own row, and with it what came in between; the platform's audit log remembers that it was
 * (`tenant.deleted`; `tenant.delete` is who asked for it).
 */
export async function deleteTenantRow(pool: Pool, tenantId: string, deleted: object): Promise<void> {
  await inTransaction(pool, async (client) => {
    const gone = await client.query<{ slug: string; name: string }>(
      'delete from tenant where id = $1 and deleting_since is not null returning slug, name',
      [tenantId],
    );
    if (gone.rows[0] !== undefined)
      await client.query(
        `insert into audit_log (id, actor_kind, action, subject, subject_id, before, after)
         values ($1, 'system', 'tenant.deleted', 'tenant', $2, $3, $4)`,
        [newId(), tenantId, JSON.stringify(gone.rows[0]), JSON.stringify({ deleted })],
      );
  });
}

async function inTransaction(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } catch (error) {
    // Its transaction is still open: the connection does not go back to the pool.
    broken = new Error('a transaction failed', { cause: error });
    throw error;
  } finally {
    client.release(broken);
  }
}
