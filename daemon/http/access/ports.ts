import type { Identities } from './identities.ts';

/** What signing in, keys, people and tenants need. */
export interface AccessPorts {
  readonly identities: Identities;
}
