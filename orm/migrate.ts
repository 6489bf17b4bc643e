import { readdirSync } from 'node:fs';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { ClientBase } from 'pg';
import { closeOrm, migrationsFolder, openOrm, poolOf } from './config.ts';
import { codeOf, DatabaseFault, explainDatabaseFault, nameOf } from './database-fault.ts';
import { takeOn } from './role-refused.ts';
import { apiRole } from './row-security.ts';
import { holdingLock, sessionLocks } from './session-lock.ts';

export interface MigrateOptions {
  /** How long to wait for another process that is migrating, or for a table that is in use. Default 120000. */
  readonly lockTimeoutMs?: number;
  /** Hears once whom it waits for, where it has to. */
  readonly onWait?: (reason: string) => void;
  /** Where the address came from, for what is said of it. Default: DATABASE_URL. */
  readonly setting?: string | undefined;
}

/**
 * Whoever wants a table waits behind the migration that waits for it. So a migration steps back after this and tries
 * again: the calls' rows go on being written.
 */
const tableLockTimeoutMs = 3000;

/** The migrations this code knows, oldest first. */
export function knownMigrations(): string[] {
  return readdirSync(migrationsFolder)
    .filter((name) => /^Migration\d+.*\.ts$/.test(name))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort();
}

/** The migrations that were applied, oldest first; none where there is no table of them. */
export async function appliedMigrations(client: ClientBase): Promise<string[]> {
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
 * Does `work` while no other process migrates the database at `url`; it gets the connection that holds the lock, and
 * what is left of the time. Throws DatabaseFault, whose message says what to do.
 */
export async function whileMigrating<T>(
  url: string,
  options: MigrateOptions,
  work: (orm: MikroORM, lock: ClientBase, endAt: number) => Promise<T>,
): Promise<T> {
  const waitMs = Math.max(1, Math.trunc(options.lockTimeoutMs ?? 120_000));
  const endAt = performance.now() + waitMs;
  const orm = openOrm(url, {
    as: 'login',
    applicationName: 'callfabric migrate',
    statementTimeoutMs: 0,
    lockTimeoutMs: Math.min(tableLockTimeoutMs, waitMs),
  });
  try {
    return await holdingLock(
      await poolOf(orm),
      sessionLocks.migrations,
      (lock) => work(orm, lock, endAt),
      async (lock) => {
        options.onWait?.('another process is migrating');
        await lock.query(`set lock_timeout = ${waitMs}`);
        await lock.query('select pg_advisory_lock($1)', [sessionLocks.migrations]);
        await lock.query('reset lock_timeout');
      },
    );
  } catch (error) {
    throw explainDatabaseFault(error, url, options.setting);
  } finally {
    await closeOrm(orm);
  }
}

/** A table's lock did not come in time, or whoever had it waited for another of ours (SQLSTATE). */
const inUse = ['55P03', '40P01'];

/** Tries `change` again, which undoes itself where it fails, while all that it lacks is a table's lock. */
export async function whenTablesAreFree<T>(
  url: string,
  options: MigrateOptions,
  endAt: number,
  change: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1)
    try {
      return await change();
    } catch (error) {
      if (!inUse.includes(codeOf(error) ?? '')) throw error;
      if (performance.now() >= endAt)
        throw new DatabaseFault(
          'timeout',
          `A table of ${nameOf(url).place} is in use and could not be changed in time: end the long transaction (pg_stat_activity shows it), then try again.`,
          error,
        );
      if (tries === 1) options.onWait?.('a table is in use');
    }
}

/**
 * Applies the migrations that are missing, all or none, and returns their names. Two at once are safe: the second waits
 * and finds nothing to do. Throws DatabaseFault, whose message says what to do.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  return whileMigrating(url, options, (orm, lock, endAt) =>
    whenTablesAreFree(url, options, endAt, async () => {
      refuseNewer(await appliedMigrations(lock), knownMigrations(), url);
      const done = await orm.migrator.up();
      return done.map((migration) => migration.name);
    }),
  );
}

/**
 * Throws DatabaseFault where the database's schema is not this code's: `schema_older` (run the migration) or
 * `schema_newer`. For the daemon's start and for `callfabric doctor`.
 */
export async function checkSchema(orm: MikroORM, url: string, setting?: string): Promise<void> {
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
    const fault = explainDatabaseFault(error, url, setting);
    // Migrations make the roles: where some are missing, that comes first.
    if (fault.kind === 'no_role')
      await checkSchemaAt(url).catch((other: unknown) => {
        if (other instanceof DatabaseFault && other.kind.startsWith('schema_')) throw other;
      });
    throw fault;
  }
}

/** Throws DatabaseFault (`no_role`) where tenants' requests could not take on their role. */
export async function checkApiRole(orm: MikroORM, url: string): Promise<void> {
  try {
    await withClient(orm, (client) => takeOn(client, apiRole));
  } catch (error) {
    throw explainDatabaseFault(error, url);
  }
}

/** `checkSchema` for a command that has no ORM yet. */
export async function checkSchemaAt(url: string, setting?: string): Promise<void> {
  const orm = openOrm(url, { as: 'login', maxConnections: 1 });
  try {
    await checkSchema(orm, url, setting);
  } finally {
    await closeOrm(orm);
  }
}
