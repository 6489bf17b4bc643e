import type { InjectOptions } from 'fastify';
import type { AccessPorts } from '../../../../daemon/http/access/ports.ts';
import { csrfTokenOf } from '../../../../daemon/http/access/secrets.ts';
import type { View } from '../../../../daemon/http/access.ts';
import { platformRoles } from '../../../../orm/seed-platform.ts';
import { fakeAccess, key, tenantId } from '../test-api.ts';

const id = (n: number): string => `01981234-0000-7000-9000-${String(n).padStart(12, '0')}`;
export const publisherId = id(1);
export const buyerId = id(2);
const userId = id(3);

const token = (name: string): string => name.padEnd(43, '0');
const readKey = `cf_0123456789ab_${token('read')}`;

/** What a role of the seed gives. */
const views: Record<string, View> = {
  admin: { of: 'tenant' },
  publisher: { of: 'publisher', publisherId },
  buyer: { of: 'buyer', buyerId },
};
const roles = Object.fromEntries(
  platformRoles.map(({ name, scopes }) => [name, { scopes, view: views[name] ?? { of: 'tenant' } }]),
);

/** A tenant's admin, publisher and buyer who signed in, and a key that may read all. */
export const peopleAccess: AccessPorts = fakeAccess({
  identities: {
    ofKey: async (presented) =>
      presented === readKey ? { keyId: id(9), tenantId, scopes: ['*:read'] } : undefined,
    ofSession: async (presented) => {
      const found = Object.entries(roles).find(([name]) => token(name) === presented);
      if (found === undefined) return undefined;
      const [role, given] = found;
      return {
        sessionId: id(4),
        userId,
        email: `${role}@test.example`,
        name: role,
        operator: false,
        mustChoosePassword: false,
        memberships: [{ tenantId, tenant: 'Test', role, ...given }],
      };
    },
    forget: () => {},
  },
});

export const people = ['operator', 'admin', 'publisher', 'buyer', 'readKey', 'nobody'] as const;
export type Person = (typeof people)[number];

/** The headers with which each of them asks. */
export function headersOf(person: Person): NonNullable<InjectOptions['headers']> {
  switch (person) {
    case 'operator':
      return { authorization: `Bearer ${key}`, 'x-callfabric-tenant': tenantId };
    case 'readKey':
      return { authorization: `Bearer ${readKey}` };
    case 'nobody':
      return {};
    case 'admin':
    case 'publisher':
    case 'buyer':
      return {
        cookie: `__Host-callfabric=${token(person)}`,
        'x-csrf-token': csrfTokenOf(token(person)),
      };
  }
}
