import type { Identities, SessionIdentity } from '../../../daemon/http/access/identities.ts';
import { csrfTokenOf, newSecret } from '../../../daemon/http/access/secrets.ts';
import type { View } from '../../../daemon/http/access.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { platformRoles } from '../../../orm/seed-platform.ts';
import type { ResourceHouse } from './resources/resource-house.ts';

/** Somebody who asks: by a key, or by a session's cookie. */
export interface Asker {
  readonly of: View['of'];
  readonly headers: Readonly<Record<string, string>>;
}

/** Sessions that nothing ends: whatever a request does to its own, the next one is asked by the same person. */
export class LastingSessions {
  readonly #of = new Map<string, SessionIdentity>();

  /** Where the session is none of these, what `identities` say. */
  before(identities: Identities): Identities {
    return {
      ofKey: (token) => identities.ofKey(token),
      ofSession: async (token) => this.#of.get(token) ?? identities.ofSession(token),
      forget: () => identities.forget(),
    };
  }

  /** A new user of the tenant who signed in as one of the parties it buys from or sells to. */
  async begin(
    house: ResourceHouse,
    tenantId: string,
    { of, id }: { readonly of: 'publisher' | 'buyer'; readonly id: string },
  ): Promise<Asker> {
    const [role] = await house.sql<{ id: string }>(
      'select id from role where tenant_id is null and name = ?',
      [of],
    );
    const email = `fuzz-${of}@test.example`;
    const user = await house.make('/users', { email, name: of, roleId: role?.id, [`${of}Id`]: id }, tenantId);
    const view: View = of === 'publisher' ? { of, publisherId: id } : { of, buyerId: id };
    const scopes = platformRoles.find(({ name }) => name === of)?.scopes ?? [];
    const token = newSecret();
    this.#of.set(token, {
      sessionId: newId(),
      userId: user.id,
      email,
      name: of,
      operator: false,
      mustChoosePassword: false,
      memberships: [{ tenantId, tenant: 'Test', role: of, scopes, view }],
    });
    return { of, headers: { cookie: `__Host-callfabric=${token}`, 'x-csrf-token': csrfTokenOf(token) } };
  }
}
