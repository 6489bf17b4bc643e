import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { migrationsFolder } from '../../orm/config.ts';
import { codeOf, DatabaseFault, nameOf } from '../../orm/database-fault.ts';
import {
  appliedMigrations,
  knownMigrations,
  migrate,
  whenTablesAreFree,
  whileMigrating,
} from '../../orm/migrate.ts';

/** What `resetSchema` did. */
export interface ResetDone {
  readonly dropped: number;
  readonly applied: readonly string[];
}

/** SQLSTATE: dependent_objects_still_exist. */
const dependentObjects = '2BP01';

/** What somebody made in a schema: a table, a function … */
interface SchemaObject {
  readonly kind: (typeof kinds)[number];
  readonly name: string;
  /** As a DROP statement wants it. */
  readonly sql: string;
}

/**
 * Everything in the connection's schema but partitions, what a column owns, and what an extension brought. A partitioned
 * table depends on itself: on the columns of its key (StorePartitionKey, heap.c).
 */
const inSchema = `
with mine as (select oid from pg_namespace where nspname = current_schema()),
  dependent as (select classid, objid from pg_depend
    where deptype in ('a', 'e', 'i') and (classid, objid) <> (refclassid, refobjid))
select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind,
    relname as name, quote_ident(relname) as sql
  from pg_class join mine on relnamespace = mine.oid
  where relkind in ('r', 'p', 'f', 'v', 'm', 'S') and not relispartition
    and ('pg_class'::regclass, pg_class.oid) not in (select classid, objid from dependent)
union all
select 'routine', proname, pg_proc.oid::regprocedure::text from pg_proc join mine on pronamespace = mine.oid
  where ('pg_proc'::regclass, pg_proc.oid) not in (select classid, objid from dependent)
union all
select 'type', typname, quote_ident(typname) from pg_type join mine on typnamespace = mine.oid
  where typtype in ('e', 'd') and ('pg_type'::regclass, pg_type.oid) not in (select classid, objid from dependent)
order by 1, 2`;

/** In this order nothing that is dropped is needed by what comes later. */
const kinds = ['view', 'materialized view', 'table', 'sequence', 'routine', 'type'] as const;

/** The names of all that a migration ever made here, whether or not it is still there. */
export function madeByMigrations(folder = migrationsFolder): Set<string> {
  const made =
    /\bcreate\s+(?:or\s+replace\s+)?(?:unlogged\s+)?(?:table|view|materialized\s+view|sequence|function|procedure|type|domain)\s+(?:if\s+not\s+exists\s+)?(?:"?\w+"?\.)?"?(\w+)"?/gi;
  const names = readdirSync(folder)
    .filter((file) => /^Migration\d+.*\.ts$/.test(file))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(made)])
    .map(([, name]) => name?.toLowerCase() ?? '');
  return new Set([...names, 'mikro_orm_migrations', 'mikro_orm_migrations_id_seq']);
}

/** A partition that was detached keeps its name: the table's, and a month. */
const withoutMonth = (name: string): string => name.toLowerCase().replace(/_(?:p?\d[\d_]*|default)$/, '');

/** All or nothing. Never with CASCADE: a foreign key or view that others hang on our tables must not go unseen. */
async function drop(client: ClientBase, objects: readonly SchemaObject[]): Promise<void> {
  await client.query('begin');
  try {
    for (const kind of kinds) {
      const named = objects.filter((object) => object.kind === kind).map(({ sql }) => sql);
      if (named.length > 0) await client.query(`drop ${kind} ${named.join(', ')}`);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/**
 * Drops all that CallFabric has in the database at `url` and applies every migration anew; the rows are gone. Refuses in
 * production, and where the schema holds what no migration of this code made, or others' tables refer to ours. Other
 * schemas are not touched. Throws DatabaseFault, whose message says what to do.
 */
export async function resetSchema(
  url: string,
  options: { readonly production: boolean; readonly setting?: string },
): Promise<ResetDone> {
  const { place } = nameOf(url);
  if (options.production)
    throw new DatabaseFault(
      'refused',
      `Nothing was done: NODE_ENV is production, and a reset would delete every row of ${place}. To begin anew there, drop the database by hand.`,
    );
  const dropped = await whileMigrating(url, { setting: options.setting }, async (_orm, lock, endAt) => {
    const objects = (await lock.query<SchemaObject>(inSchema)).rows;
    const ours = madeByMigrations();
    const foreign = objects.filter(
      ({ name }) => !ours.has(name.toLowerCase()) && !ours.has(withoutMonth(name)),
    );
    const named = foreign.map(({ kind, name }) => `${kind} ${name}`).join(', ');
    const known = knownMigrations();
    const newer = (await appliedMigrations(lock)).filter((name) => !known.includes(name));
    // Whose it is cannot be told: a later release may have made it.
    if (foreign.length > 0 && newer.length > 0)
      throw new DatabaseFault(
        'schema_newer',
        `Nothing was done: the schema of ${place} is newer than this code (it has ${newer.join(', ')}), which does not know ${named}. Reset it with the release that made it, or drop the database by hand.`,
      );
    if (foreign.length > 0)
      throw new DatabaseFault(
        'refused',
        `Nothing was done: ${place} also holds what is not CallFabric's (${named}). Move it to another schema, or give CallFabric a database of its own.`,
      );
    try {
      await whenTablesAreFree(url, {}, endAt, () => drop(lock, objects));
    } catch (error) {
      if (codeOf(error) !== dependentObjects) throw error;
      const { detail } = error as { detail?: string };
      throw new DatabaseFault(
        'refused',
        `Nothing was done: what is not CallFabric's depends on its tables in ${place} (${detail}). Drop that first.`,
        error,
      );
    }
    return objects.filter(({ kind }) => kind === 'table').length;
  });
  return { dropped, applied: await migrate(url, { setting: options.setting }) };
}
