import type { ClientBase } from 'pg';

/** SQLSTATE of what PostgreSQL says of a role that is not there, and of one that the login is no member of. */
const refusals = new Map([
  ['22023', 'missing'],
  ['42501', 'not granted'],
] as const);

/**
 * The login may not work in a role. Its code is of the class of refused logins (28, SQLSTATE), in a subclass that is
 * ours: by PostgreSQL's own it would look like a fault of what was to be written, not of the database.
 */
export class RoleRefused extends Error {
  override readonly name = 'RoleRefused';
  readonly code = '28R00';
  readonly why: 'missing' | 'not granted';
  readonly role: string;
  constructor(role: string, why: RoleRefused['why'], cause: Error) {
    super(cause.message, { cause });
    this.role = role;
    this.why = why;
  }
}

/** From now on the connection works as `role`. Rejects with RoleRefused where its login may not. */
export async function takeOn(client: ClientBase, role: string, deadlineMs?: number): Promise<void> {
  const statement = {
    text: `set role ${role}`,
    ...(deadlineMs === undefined ? {} : { query_timeout: deadlineMs }),
  };
  try {
    await client.query(statement);
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error ? refusals.get(error.code as '22023' | '42501') : undefined;
    throw why === undefined ? error : new RoleRefused(role, why, error as Error);
  }
}

/** The refusal that made an error, however a driver wrapped it; undefined: it was none. */
export function roleRefusedIn(error: unknown): RoleRefused | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    if (at instanceof RoleRefused) return at;
    at = at.cause;
  }
  return undefined;
}
