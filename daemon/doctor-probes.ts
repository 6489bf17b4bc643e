import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { closeOrm, openOrm } from '../orm/config.ts';
import { DatabaseFault, explainDatabaseFault } from '../orm/database-fault.ts';
import { checkSchema } from '../orm/migrate.ts';
import { apiRole, daemonRole } from '../orm/row-security.ts';
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

interface LoginRow {
  readonly version: number;
  readonly may_create: boolean;
  readonly name: string;
  readonly superuser: boolean;
  readonly owns: boolean;
  readonly lacks: string[];
  readonly unforced: string[];
}

/** Ours are the tables that a policy lets the daemon's role see, and those with a tenant. SET is a right of its own since PostgreSQL 16. */
const aboutLogin = `
with ours as (
  select c.* from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and (
    exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'daemon_all')
    or exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)))
select current_setting('server_version_num')::int as version,
  has_schema_privilege('public', 'create') and has_schema_privilege('public', 'usage') as may_create,
  r.rolname::text as name, r.rolsuper or r.rolbypassrls as superuser,
  exists (select 1 from ours where relowner = r.oid) as owns,
  array(select name from unnest(array['${daemonRole}', '${apiRole}']) name left join pg_roles g on g.rolname = name
    where g.oid is null or not case when current_setting('server_version_num')::int >= 160000
      then pg_has_role(g.oid, 'SET') else pg_has_role(g.oid, 'MEMBER') end) as lacks,
  array(select oid::regclass::text from ours where not (relrowsecurity and relforcerowsecurity) order by 1) as unforced
from pg_roles r where r.rolname = current_user`;

/** The deadline is the ORM's own (3 s to connect): a signal cannot cut it. */
async function lookAtPostgres(url: string): Promise<PostgresFacts> {
  const options = { applicationName: 'callfabric doctor', maxConnections: 1, statementTimeoutMs: 5000 };
  const orm = openOrm(url, { ...options, as: 'login' });
  const asDaemon = openOrm(url, options);
  try {
    const connection = orm.em.getConnection();
    const [row] = await connection.execute<LoginRow[]>(aboutLogin);
    const askedAtMs = Date.now();
    const [clock] = await connection.execute<{ ms: number }[]>(
      'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
    );
    const ourMs = (askedAtMs + Date.now()) / 2;
    return {
      versionNumber: row?.version ?? 0,
      mayCreate: row?.may_create ?? false,
      schemaFault: await checkSchema(asDaemon, url).then(() => undefined, schemaFaultOf),
      login: {
        name: row?.name ?? '',
        superuser: row?.superuser ?? false,
        ownsTables: row?.owns ?? false,
        lacks: row?.lacks ?? [],
      },
      unforced: row?.unforced ?? [],
      skewMs: (clock?.ms ?? 0) - ourMs,
    };
  } catch (error) {
    throw error instanceof DatabaseFault ? error : explainDatabaseFault(error, url);
  } finally {
    await closeOrm(asDaemon);
    await closeOrm(orm);
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

/** Nothing where only a role is lacking: that is told of the login. */
function schemaFaultOf(error: unknown): string | undefined {
  return error instanceof DatabaseFault && error.kind === 'no_role' ? undefined : messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
