import type { Identities } from './identities.ts';
import type { Sessions } from './sessions.ts';

/** What signing in, keys, people and tenants need. */
export interface AccessPorts {
  readonly identities: Identities;
  readonly sessions: Pick<Sessions, keyof Sessions>;
}
