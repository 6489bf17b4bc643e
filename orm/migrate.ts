import { readdirSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { ClientBase } from 'pg';
import { closeOrm, migrationsFolder, openOrm, poolOf } from './config.ts';
import { DatabaseFault, explainDatabaseFault, nameOf } from './database-fault.ts';

/** Any number that nobody else uses; the same in every release, or two releases could migrate at once. */
const lockKey = 4_801_170_553;

export interface MigrateOptions {
  /** How long to wait for another process that is migrating. Default 120000. */
  readonly lockTimeoutMs?: number;
}

/** The migrations this code knows, oldest first. */
export function knownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((name) => /^Migration\d+.*\.ts$/.test(name))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort();
}

async function appliedMigrations(client: ClientBase): Promise<string[]> {
  const found = await client.query<{ there: boolean }>(
    "select to_regclass('mikro_orm_migrations') is not null as there",
  );
  if (found.rows[0]?.there !== true) return [];
  const rows = await client.query<{ name: string }>('select name from mikro_orm_migrations order by id');
  return rows.rows.map((row) => row.name);
}

function refuseNewer(applied: readonly string[], known: readonly string[], url: string): void {
  const unknown = applied.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new DatabaseFault(
      'schema_newer',
      `The schema of ${nameOf(url).place} is newer than this code: it has ${unknown.join(', ')}. Run the release that made it, or a later one.`,
    );
}

async function withClient<T>(orm: MikroORM, work: (client: ClientBase) => Promise<T>): Promise<T> {
  const pool = await poolOf(orm);
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    // Destroyed, not kept: whatever was set on it (lock, timeouts) ends with it.
    client.release(true);
  }
}

/**
 * Applies the migrations that are missing and returns their names. Two at once are safe: the second waits and finds
 * nothing to do. Throws DatabaseFault, whose message says what to do.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const orm = openOrm(url, { applicationName: 'callfabric migrate', statementTimeoutMs: 0 });
  try {
    return await withClient(orm, async (lock) => {
      await lock.query(`set lock_timeout = ${Math.trunc(options.lockTimeoutMs ?? 120_000)}`);
      await lock.query('select pg_advisory_lock($1)', [lockKey]);
      const known = knownMigrations();
      refuseNewer(await appliedMigrations(lock), known, url);
      const done = await orm.migrator.up();
      return done.map((migration) => migration.name);
    });
  } catch (error) {
    throw explainDatabaseFault(error, url);
  } finally {
    await closeOrm(orm);
  }
}

/**
 * Throws DatabaseFault where the database's schema is not this code's: `schema_older` (run the migration) or
 * `schema_newer`. For the daemon's start and for `callfabric doctor`.
 */
export async function checkSchema(orm: MikroORM, url: string): Promise<void> {
  try {
    const applied = await withClient(orm, appliedMigrations);
    const known = knownMigrations();
    refuseNewer(applied, known, url);
    const missing = known.filter((name) => !applied.includes(name));
    if (missing.length > 0)
      throw new DatabaseFault(
        'schema_older',
        `The schema of ${nameOf(url).place} lacks ${missing.join(', ')}: run \`callfabric migrate\`.`,
      );
  } catch (error) {
    throw explainDatabaseFault(error, url);
  }
}
