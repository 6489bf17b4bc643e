import { roleRefusedIn } from './role-refused.ts';
import { apiRole, daemonRole } from './row-security.ts';

/** Why the database cannot be used, as a person must know it to mend it. */
export type DatabaseFaultKind =
  | 'connection_refused'
  | 'timeout'
  | 'wrong_password'
  | 'no_database'
  | 'no_privilege'
  | 'no_role'
  | 'schema_newer'
  | 'schema_older'
  | 'not_unique'
  | 'refused'
  | 'other';

/** A fault of the database whose message is a sentence that says what to do. The password is never in it. */
export class DatabaseFault extends Error {
  override readonly name = 'DatabaseFault';
  readonly kind: DatabaseFaultKind;
  constructor(kind: DatabaseFaultKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** SQLSTATE or Node's error code of what a driver threw, wherever it hides; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, cause, errors } = at as { code?: unknown; cause?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    at = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return undefined;
}

/** `phone_number: Key (e164)=(+15551234567) already exists`: which row is in the way; undefined where it is not said. */
function duplicateOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { table, detail, cause } = at as { table?: unknown; detail?: unknown; cause?: unknown };
    if (typeof table === 'string' && typeof detail === 'string')
      return `${table}: ${detail.replace(/\.$/, '')}`;
    at = cause;
  }
  return undefined;
}

/** `user@host:port/database`, without the password. */
export function nameOf(url: string): { place: string; user: string; database: string } {
  const parsed = URL.parse(url);
  if (parsed === null) return { place: 'an address that is no URL', user: '', database: '' };
  const user = decodeURIComponent(parsed.username);
  const database = decodeURIComponent(parsed.pathname.slice(1));
  return {
    user,
    database,
    place: `${user === '' ? '' : `${user}@`}${parsed.hostname}:${parsed.port === '' ? '5432' : parsed.port}/${database}`,
  };
}

/**
 * What went wrong with the database at `url`, as a sentence that says what to do. `setting`: where the address came from.
 */
export function explainDatabaseFault(error: unknown, url: string, setting = 'DATABASE_URL'): DatabaseFault {
  if (error instanceof DatabaseFault) return error;
  const { place, user, database } = nameOf(url);
  const said = error instanceof Error ? error.message : String(error);
  const fault = (kind: DatabaseFaultKind, message: string): DatabaseFault =>
    new DatabaseFault(kind, message, error);
  const refused = roleRefusedIn(error);
  if (refused !== undefined)
    return fault(
      'no_role',
      refused.why === 'missing'
        ? `There is no role ${refused.role} at ${place}: as an administrator run CREATE ROLE ${daemonRole} NOLOGIN; CREATE ROLE ${apiRole} NOLOGIN; ${grantRoles(user)} (leave out what is there already), then \`callfabric migrate\`, or restore the backup again, whose rights were theirs.`
        : `The role "${user}" may not work as the roles that row-level security needs at ${place} (${said}): as an administrator run ${grantRoles(user)}`,
    );
  switch (codeOf(error) ?? '') {
    case 'ECONNREFUSED':
      return fault(
        'connection_refused',
        `No PostgreSQL listens at ${place}: start it, or correct ${setting}.`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
      return fault(
        'connection_refused',
        `The host of ${place} cannot be found or reached: correct ${setting} or the name service.`,
      );
    case 'ETIMEDOUT':
      return fault('timeout', `PostgreSQL at ${place} does not answer: check the network and its firewall.`);
    case '28P01':
    case '28000':
      return fault(
        'wrong_password',
        `PostgreSQL at ${place} refuses this user or password: correct ${setting}, or set it with ALTER ROLE "${user}" PASSWORD '…'.`,
      );
    case '3D000':
      return fault(
        'no_database',
        `There is no database "${database}" at ${place}: make it with CREATE DATABASE "${database}" OWNER "${user}".`,
      );
    case '42501':
      // The daemon's own login, which owns nothing and may do nothing by itself.
      if (/permission denied for (?!schema|database)|must be owner of|row-level security/.test(said))
        return fault(
          'no_privilege',
          `The role "${user}" may not do this at ${place} (${said}): run it with the login that owns the tables, in CALLFABRIC_MIGRATION_DATABASE_URL.`,
        );
      return fault(
        'no_privilege',
        `The role "${user}" may not do this at ${place} (${said}): as the database's owner run GRANT CREATE, USAGE ON SCHEMA public TO "${user}".`,
      );
    // The migrations' own: the sentence says all.
    case 'CF001':
      return fault('no_privilege', `${place}: ${said.replace(/^.*? - (?=The role)/s, '')}`);
    case '55P03':
      return fault(
        'timeout',
        `Another process is migrating ${place} and did not finish in time: look for it in pg_stat_activity, then try again.`,
      );
    case '23505':
      return fault(
        'not_unique',
        `A row of that name is already there in ${place} (${duplicateOf(error) ?? said}): rename or remove it, then try again.`,
      );
    default:
  }
  return /timeout/i.test(said)
    ? fault('timeout', `PostgreSQL at ${place} does not answer: check the network and its firewall.`)
    : fault('other', `PostgreSQL at ${place} failed: ${said}`);
}

/** What lets a login run the daemon. */
export const grantRoles = (login: string): string => `GRANT ${daemonRole}, ${apiRole} TO "${login}";`;
