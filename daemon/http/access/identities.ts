import type { View } from '../access.ts';

/** A user in a tenant, with what their role there gives. */
export interface MembershipIdentity {
  readonly tenantId: string;
  readonly tenant: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly view: View;
}

/** Who is behind a session's cookie. */
export interface SessionIdentity {
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly operator: boolean;
  /** The password was given by somebody else. */
  readonly mustChoosePassword: boolean;
  /** By the tenants' names. */
  readonly memberships: readonly MembershipIdentity[];
}

/** Who is behind an API key. */
export interface KeyIdentity {
  readonly keyId: string;
  readonly tenantId: string;
  readonly scopes: readonly string[];
}

/** Finds out who presents a token. Undefined: nobody (any more). Rejects where PostgreSQL is away. */
export interface Identities {
  ofKey(token: string): Promise<KeyIdentity | undefined>;
  ofSession(token: string): Promise<SessionIdentity | undefined>;
  /** After a change of keys, sessions, people or roles: this daemon remembers nothing older. Others within 5 s. */
  forget(): void;
}
