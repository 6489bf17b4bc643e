import { fileURLToPath } from 'node:url';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM, type Options } from '@mikro-orm/postgresql';
import type { ClientBase, Pool } from 'pg';
import { entities } from './index.ts';
import { takeOn } from './role-refused.ts';
import { daemonRole } from './row-security.ts';

export interface DatabaseOptions {
  /**
   * As whom every connection works from its first statement on. `daemon` (the default): the role `callfabric_daemon`,
   * whoever signed in, so that not even a login that owns the tables can drop or change one. `login`: whoever the address
   * names, for what only the owner of the tables may do (migrations, seed, studio).
   */
  readonly as?: 'daemon' | 'login';
  /** Connections this process may hold. Default 10. */
  readonly maxConnections?: number;
  /** How long a connection may take to come. Default 3000. */
  readonly connectTimeoutMs?: number;
  /** PostgreSQL itself ends a statement after this. Default 30000; 0 is never. */
  readonly statementTimeoutMs?: number;
  /** PostgreSQL gives a statement up that waits this long for a lock. Default: it waits. */
  readonly lockTimeoutMs?: number;
  /** PostgreSQL ends a session that does nothing within a transaction for so long. Default: it waits. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Shown in pg_stat_activity. Default `callfabric`. */
  readonly applicationName?: string;
  /** Gets what the ORM has to say (dropped idle connections). Default: nothing is said. */
  readonly log?: (message: string) => void;
}

/** The folder of migrations, as this checkout has it. */
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));

/** MikroORM's configuration for the database at `url` (`postgres://…`). Opens nothing. */
export function ormConfig(url: string, options: DatabaseOptions = {}): Options {
  const connectTimeoutMs = options.connectTimeoutMs ?? 3000;
  const config = defineConfig({
    clientUrl: url,
    entities: [...entities],
    extensions: [Migrator],
    logger: options.log ?? (() => {}),
    colors: false,
    forceUtcTimezone: true,
    // A slip in the address must not make a new, empty database.
    ensureDatabase: false,
    pool: { min: 0, max: options.maxConnections ?? 10, idleTimeoutMillis: 60_000 },
    driverOptions: {
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: options.statementTimeoutMs ?? 30_000,
      ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
      ...(options.idleInTransactionTimeoutMs === undefined
        ? {}
        : { idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs }),
      application_name: options.applicationName ?? 'callfabric',
      keepAlive: true,
      ...(options.as === 'login'
        ? {}
        : {
            // Before anybody gets the connection. A statement and not a parameter of its start (`options=-c role=…`):
            // PgBouncer refuses that one or, told to ignore it, lets it go on as the login without a word.
            onConnect: (client: ClientBase) => takeOn(client, daemonRole, connectTimeoutMs),
          }),
    },
    // Functions that no entity's trigger owns (current_tenant_id, those of the partitions) are the migrations' own.
    schemaGenerator: { ignoreRoutines: true },
    migrations: {
      path: migrationsFolder,
      glob: 'Migration*.ts',
      emit: 'ts',
      snapshotName: '.snapshot-callfabric',
      // The snapshot is written by db:migrate:create alone; applying changes no file.
      snapshotOnMigrate: false,
      silent: true,
    },
  });
  return config;
}

/** An ORM for the database at `url`. Connects with its first query; close it with `closeOrm`. */
export function openOrm(url: string, options: DatabaseOptions = {}): MikroORM {
  return new MikroORM(ormConfig(url, options));
}

/**
 * Ends every connection; may be called twice. `orm.close()` alone leaves the pool open where only `poolOf` used it, and
 * its idle connections then keep the process alive for a minute.
 */
export async function closeOrm(orm: MikroORM): Promise<void> {
  const pool = pools.get(orm);
  pools.delete(orm);
  await orm.close(true);
  if (pool !== undefined && !pool.ending) await pool.end();
}

const pools = new WeakMap<MikroORM, Pool>();

/** MikroORM's own pool of connections, for statements with bound parameters and for LISTEN. */
export async function poolOf(orm: MikroORM): Promise<Pool> {
  const known = pools.get(orm);
  if (known !== undefined) return known;
  const pool = await orm.em.getConnection().getNativeClient();
  pools.set(orm, pool);
  return pool;
}
