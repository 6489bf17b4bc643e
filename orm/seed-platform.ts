import type { EntityManager } from '@mikro-orm/postgresql';
import { DncEntry, DncList, FeatureFlag, Role } from './index.ts';

/*
 * What belongs to the platform and to no tenant: every tenant reads it. As seed-parts.ts: found by name, or made. Roles
 * and flags come with the migrations; whoever changes them here writes a migration that changes them there.
 */

export const platformRoles = [
  { name: 'admin', view: 'tenant', scopes: ['*'], description: 'Everything in its tenant.' },
  {
    name: 'publisher',
    view: 'publisher',
    scopes: ['calls:read', 'numbers:read', 'reports:read', 'payouts:read'],
    description: "A publisher's own calls, numbers and payouts.",
  },
  {
    name: 'buyer',
    view: 'buyer',
    scopes: ['calls:read', 'reports:read', 'invoices:read', 'endpoints:write'],
    description: "A buyer's own calls, endpoints and invoices.",
  },
] as const;

/** The roles every tenant has. */
export async function seedRoles(em: EntityManager): Promise<void> {
  for (const { scopes, ...role } of platformRoles)
    if ((await em.findOne(Role, { tenant: null, name: role.name })) === null)
      em.create(Role, { ...role, scopes: [...scopes] });
  await em.flush();
}

/** Off where it needs something that an installation may not have: an engine, a carrier that signs. */
export const platformFlags = [
  { name: 'analytics', enabled: true, description: 'Reports of calls and money.' },
  { name: 'transcription', enabled: false, description: 'Recordings are transcribed; needs an engine.' },
  {
    name: 'stir_shaken',
    enabled: false,
    description: 'Identity headers are verified; needs a carrier that passes them on.',
  },
] as const;

/** What is switched on where a tenant has no flag of its own. */
export async function seedFeatureFlags(em: EntityManager): Promise<void> {
  for (const flag of platformFlags)
    if ((await em.findOne(FeatureFlag, { tenant: null, name: flag.name })) === null)
      em.create(FeatureFlag, { ...flag });
  await em.flush();
}

/** A list of numbers that nobody's calls may go to. */
export async function seedDncList(
  em: EntityManager,
  name: string,
  numbers: readonly string[],
): Promise<void> {
  const found = await em.findOne(DncList, { tenant: null, name });
  const list = found ?? em.create(DncList, { name });
  if (found === null) for (const e164 of numbers) em.create(DncEntry, { list, e164, reason: 'test data' });
  await em.flush();
}
