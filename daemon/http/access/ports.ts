import type { ApiKeys } from './api-keys.ts';
import type { AuditBook } from './audit-book.ts';
import type { Identities } from './identities.ts';
import type { Invitations } from './invitations.ts';
import type { Operators } from './operators.ts';
import type { People } from './people.ts';
import type { Roles } from './roles.ts';
import type { Sessions } from './sessions.ts';
import type { TenantFacts } from './tenant-facts.ts';
import type { Tenants } from './tenants.ts';

/** A class as others see it: a test may put something else in its place. */
type Public<Of> = Pick<Of, keyof Of>;

/** What signing in, keys, people and tenants need. */
export interface AccessPorts {
  readonly identities: Identities;
  readonly sessions: Public<Sessions>;
  readonly facts: Public<TenantFacts>;
  readonly apiKeys: Public<ApiKeys>;
  readonly people: Public<People>;
  readonly invitations: Public<Invitations>;
  readonly operators: Public<Operators>;
  readonly roles: Public<Roles>;
  readonly tenants: Public<Tenants>;
  readonly audit: Public<AuditBook>;
}
