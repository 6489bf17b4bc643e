import type { EntityManager } from '@mikro-orm/postgresql';
import {
  BillingAccount,
  type Buyer,
  CallerIdNumber,
  CallerIdPool,
  LedgerEntry,
  Membership,
  Rate,
  RateCard,
  Role,
  type Tenant,
  User,
  Webhook,
} from './index.ts';
import { hashPassword } from './password.ts';

/* What a tenant has beside its routing (seed-parts.ts): people, money, caller IDs, webhooks. Found by name, or made. */

/** A user with a role of the platform in this tenant. Whoever is there keeps their password. Whoever seeds chose it. */
export async function seedUser(
  em: EntityManager,
  tenant: Tenant,
  user: { readonly email: string; readonly name: string; readonly password: string; readonly role: string },
): Promise<void> {
  const { email, name, password, role } = user;
  const found = await em.findOne(User, { email });
  const row =
    found ??
    em.create(User, {
      email,
      name,
      passwordHash: await hashPassword(password),
      passwordChosenAt: new Date(),
    });
  if (found === null || (await em.count(Membership, { tenant, user: found })) === 0)
    em.create(Membership, {
      tenant,
      user: row,
      role: await em.findOneOrFail(Role, { tenant: null, name: role }),
    });
  await em.flush();
}

/** A pool of numbers to call from. */
export async function seedCallerIdPool(
  em: EntityManager,
  tenant: Tenant,
  name: string,
  numbers: readonly string[],
): Promise<void> {
  if ((await em.findOne(CallerIdPool, { tenant, name })) !== null) return;
  const pool = em.create(CallerIdPool, { tenant, name });
  for (const e164 of numbers) em.create(CallerIdNumber, { tenant, pool, e164 });
  await em.flush();
}

/** A card with one rate for every number, valid from 2026 on. */
export async function seedRateCard(
  em: EntityManager,
  tenant: Tenant,
  card: { readonly name: string; readonly currency: string; readonly pricePerMinuteMicros: bigint },
): Promise<RateCard> {
  const { name, currency, pricePerMinuteMicros } = card;
  const found = await em.findOne(RateCard, { tenant, name });
  if (found !== null) return found;
  const rateCard = em.create(RateCard, { tenant, name, currency, kind: 'price' });
  em.create(Rate, { tenant, rateCard, pricePerMinuteMicros, validFrom: new Date('2026-01-01T00:00:00Z') });
  await em.flush();
  return rateCard;
}

/**
 * A buyer's prepaid account with money in it: a deposit, which comes from the tenant's funding account, so that the two
 * entries sum to zero. The balance follows from them.
 */
export async function seedBillingAccount(
  em: EntityManager,
  tenant: Tenant,
  account: {
    readonly name: string;
    readonly buyer: Buyer;
    readonly rateCard: RateCard;
    readonly depositMicros: bigint;
  },
): Promise<void> {
  const { name, buyer, rateCard, depositMicros } = account;
  if ((await em.findOne(BillingAccount, { tenant, name })) !== null) return;
  const { currency } = rateCard;
  const holder = em.create(BillingAccount, {
    tenant,
    name,
    kind: 'buyer',
    currency,
    buyer,
    rateCard,
    prepaid: true,
  });
  const outside = { tenant, name: `Funding ${currency}` };
  const funding =
    (await em.findOne(BillingAccount, outside)) ??
    em.create(BillingAccount, { ...outside, kind: 'funding', currency });
  await em.flush();
  const deposit = { tenant, transactionId: holder.id, kind: 'deposit', currency, note: 'test data' } as const;
  em.create(LedgerEntry, { ...deposit, account: holder, amountMicros: depositMicros });
  em.create(LedgerEntry, { ...deposit, account: funding, amountMicros: -depositMicros });
  await em.flush();
}

/** A webhook for every event. */
export async function seedWebhook(
  em: EntityManager,
  tenant: Tenant,
  webhook: { readonly name: string; readonly url: string; readonly secret: string },
): Promise<void> {
  if ((await em.findOne(Webhook, { tenant, name: webhook.name })) === null)
    em.create(Webhook, { tenant, ...webhook });
  await em.flush();
}
