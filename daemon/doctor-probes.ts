import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { openOrm } from '../orm/config.ts';
import { DatabaseFault, explainDatabaseFault } from '../orm/database-fault.ts';
import { checkSchema } from '../orm/migrate.ts';
import { inspectRedis } from './caps/inspect-redis.ts';
import type { DoctorProbes, FolderFacts, PostgresFacts } from './doctor-facts.ts';
import { askSwitch } from './doctor-switch.ts';

/** Looks at the real things. */
export const realProbes: DoctorProbes = {
  nodeVersion: () => process.versions.node,
  postgres: lookAtPostgres,
  redis: inspectRedis,
  freeswitch: askSwitch,
  folder: lookAtFolder,
};

/** The deadline is the ORM's own (3 s to connect): a signal cannot cut it. */
async function lookAtPostgres(url: string): Promise<PostgresFacts> {
  const orm = openOrm(url, {
    applicationName: 'callfabric doctor',
    maxConnections: 1,
    statementTimeoutMs: 5000,
  });
  try {
    const connection = orm.em.getConnection();
    const sql = `select current_setting('server_version_num')::int as version,
      has_schema_privilege('public', 'create') and has_schema_privilege('public', 'usage') as may_create`;
    const [row] = await connection.execute<{ version: number; may_create: boolean }[]>(sql);
    const askedAtMs = Date.now();
    const [clock] = await connection.execute<{ ms: number }[]>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    const ourMs = (askedAtMs + Date.now()) / 2;
    return {
      versionNumber: row?.version ?? 0,
      mayCreate: row?.may_create ?? false,
      schemaFault: await checkSchema(orm, url).then(() => undefined, messageOf),
      skewMs: (clock?.ms ?? 0) - ourMs,
    };
  } catch (error) {
    throw error instanceof DatabaseFault ? error : explainDatabaseFault(error, url);
  } finally {
    await orm.close(true);
  }
}

async function lookAtFolder(path: string): Promise<FolderFacts> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return { exists: false, writable: false, freeBytes: 0 };
  const writable = await access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const disk = await statfs(path);
  return { exists: true, writable, freeBytes: disk.bavail * disk.bsize };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
