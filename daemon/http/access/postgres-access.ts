import { deleteTenant, type TenantDeletionParts } from '../../records/tenant-deletion.ts';
import { ApiKeys } from './api-keys.ts';
import { AuditBook } from './audit-book.ts';
import { Invitations } from './invitations.ts';
import { Operators } from './operators.ts';
import { People } from './people.ts';
import type { AccessPorts } from './ports.ts';
import { PostgresIdentities } from './postgres-identities.ts';
import { Roles } from './roles.ts';
import { Sessions } from './sessions.ts';
import { TenantFacts } from './tenant-facts.ts';
import { Tenants } from './tenants.ts';

/** Sign-in, keys, people and tenants out of PostgreSQL. */
export function postgresAccess({
  deletionOrm,
  ...parts
}: TenantDeletionParts & {
  /** Its statements may take longer than a request's. Default: as all others. */
  readonly deletionOrm?: TenantDeletionParts['orm'];
}): AccessPorts {
  const { orm } = parts;
  const deletion = { ...parts, orm: deletionOrm ?? orm };
  return {
    identities: new PostgresIdentities(orm),
    sessions: new Sessions(orm),
    facts: new TenantFacts(orm),
    apiKeys: new ApiKeys(orm),
    people: new People(orm),
    invitations: new Invitations(orm),
    operators: new Operators(orm),
    roles: new Roles(orm),
    tenants: new Tenants(orm, (tenantId, signal) => deleteTenant(deletion, tenantId, { signal })),
    audit: new AuditBook(orm),
  };
}
