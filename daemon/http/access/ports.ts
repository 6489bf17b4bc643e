import type { AuditBook } from './audit-book.ts';
import type { Identities } from './identities.ts';
import type { Sessions } from './sessions.ts';
import type { TenantFacts } from './tenant-facts.ts';

/** A class as others see it: a test may put something else in its place. */
type Public<Of> = Pick<Of, keyof Of>;

/** What signing in, keys, people and tenants need. */
export interface AccessPorts {
  readonly identities: Identities;
  readonly sessions: Public<Sessions>;
  readonly facts: Public<TenantFacts>;
  readonly audit: Public<AuditBook>;
}
