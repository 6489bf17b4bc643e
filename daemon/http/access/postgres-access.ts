import type { MikroORM } from '@mikro-orm/postgresql';
import { AuditBook } from './audit-book.ts';
import type { AccessPorts } from './ports.ts';
import { PostgresIdentities } from './postgres-identities.ts';
import { Sessions } from './sessions.ts';
import { TenantFacts } from './tenant-facts.ts';

/** Sign-in, keys, people and tenants out of PostgreSQL. */
export function postgresAccess({ orm }: { readonly orm: MikroORM }): AccessPorts {
  return {
    identities: new PostgresIdentities(orm),
    sessions: new Sessions(orm),
    facts: new TenantFacts(orm),
    audit: new AuditBook(orm),
  };
}
