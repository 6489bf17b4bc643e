/*
 * Who may see which rows. Three roles: the owner of the tables migrates them; `daemonRole` sees every tenant, for a
 * call is routed before anybody knows whose it is; `apiRole` sees the rows of one tenant a transaction (in-tenant.ts).
 * Both are NOLOGIN groups of the login in DATABASE_URL, whose connections take on `daemonRole` before anything else
 * (config.ts). Security is FORCED, so that an owner who is no superuser sees rows as a member of `daemonRole` and not by
 * owning them.
 */

/** The database role of the daemon: every row of every tenant. */
export const daemonRole = 'callfabric_daemon';
/** The database role of a tenant's request: the rows of `app.tenant_id` alone. */
export const apiRole = 'callfabric_api';
/** The session setting that names the tenant of a transaction. */
export const tenantSetting = 'app.tenant_id';

const everything = { name: 'daemon_all', roles: [daemonRole], using: 'true', check: 'true' };

function own(column: string) {
  const expression = `${column} = current_tenant_id()`;
  return { name: 'tenant_own', roles: [apiRole], using: expression, check: expression };
}

/** Every row belongs to one tenant. Spread it into the entity of every table with `tenant_id`. */
export const tenantRows = {
  rowLevelSecurity: 'force' as const,
  policies: [everything, own('tenant_id')],
};

/** Rows of a tenant, and rows of the platform (no tenant), which every tenant may read and none may write. */
export const sharedRows = {
  rowLevelSecurity: 'force' as const,
  policies: [
    ...tenantRows.policies,
    { name: 'platform_rows', command: 'select' as const, roles: [apiRole], using: 'tenant_id IS NULL' },
  ],
};

/** The table of tenants: its own row. */
export const tenantItself = {
  rowLevelSecurity: 'force' as const,
  policies: [everything, own('id')],
};

/** Rows of no tenant: a tenant sees those for which `using` holds, and writes none. */
export const visibleWhere = (using: string) => ({
  rowLevelSecurity: 'force' as const,
  policies: [everything, { name: 'tenant_sees', command: 'select' as const, roles: [apiRole], using }],
});

/** Rows that are the platform's alone. */
export const platformRows = { rowLevelSecurity: 'force' as const, policies: [everything] };

/**
 * Refuses a row that refers to a row of another tenant: foreign keys look past row-level security, so that a tenant who
 * guessed an id could lean on what it cannot see. `references`: column → table. Only columns that change are looked at,
 * for a cascade sets them to null one after the other.
 */
export const oneTenant = (references: Readonly<Record<string, string>>, shared = false) => ({
  name: 'one_tenant',
  timing: 'before' as const,
  events: ['insert' as const, 'update' as const],
  body: `${Object.entries(references)
    .map(([column, table]) => {
      const same = `tenant_id is not distinct from new.tenant_id${shared ? ' or tenant_id is null' : ''}`;
      return `if new.${column} is not null and new.${column} is distinct from old.${column} and not exists (select 1 from ${table} where id = new.${column} and (${same})) then raise exception '${column} names no row of the same tenant' using errcode = 'foreign_key_violation'; end if;`;
    })
    .join(' ')} return new`,
});

/** True in SQL where the tenant of the row `old` is being deleted (or is gone already): what is immutable may go then. */
export const tenantIsLeaving =
  'not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null)';

/** Refuses any change of a row, and its deletion unless its tenant is being deleted. */
export const immutable = (what: string) => ({
  name: 'immutable',
  timing: 'before' as const,
  events: ['update' as const, 'delete' as const],
  body: `if tg_op = 'DELETE' and ${tenantIsLeaving} then return old; end if; raise exception '${what} cannot be changed: write another that corrects it' using errcode = 'restrict_violation'`,
});
