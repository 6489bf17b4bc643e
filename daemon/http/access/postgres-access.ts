import type { MikroORM } from '@mikro-orm/postgresql';
import type { AccessPorts } from './ports.ts';
import { PostgresIdentities } from './postgres-identities.ts';
import { Sessions } from './sessions.ts';

/** Sign-in, keys, people and tenants out of PostgreSQL. */
export function postgresAccess({ orm }: { readonly orm: MikroORM }): AccessPorts {
  return { identities: new PostgresIdentities(orm), sessions: new Sessions(orm) };
}
