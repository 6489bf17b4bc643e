import type { EntityManager } from '@mikro-orm/postgresql';
import { closeOrm, openOrm } from './config.ts';
import { DatabaseFault, explainDatabaseFault, nameOf } from './database-fault.ts';
import type { FlowDocument } from './flow-document.ts';
import { Tenant } from './index.ts';
import {
  seedBuyer,
  seedCampaign,
  seedFlow,
  seedNumber,
  seedPublisher,
  seedTenant,
  seedTrunk,
} from './seed-parts.ts';
import { seedDncList, seedFeatureFlags, seedRoles } from './seed-platform.ts';
import { seedBillingAccount, seedCallerIdPool, seedRateCard, seedUser, seedWebhook } from './seed-tenant.ts';

export interface SeedOptions {
  /** True: only what a production installation needs, no test data. */
  readonly production: boolean;
  /** True: refuses test data where somebody works already. */
  readonly alone?: boolean;
  /** Where the address came from, for what is said of it. Default: DATABASE_URL. */
  readonly setting?: string | undefined;
}

const testTenant = 'test-org';

/** IVR → Queue → Buyer failover: 3 nodes, 2 edges, and a fallback for every other exit. */
export const testFlow: FlowDocument = {
  entry: 'menu',
  fallback: { cause: 'NORMAL_CLEARING' },
  nodes: [
    {
      id: 'menu',
      type: 'ivr',
      label: 'Press 1',
      params: {
        prompt: { kind: 'file', path: 'ivr/ivr-welcome.wav' },
        keys: ['1'],
        matches: [],
        minDigits: 1,
        maxDigits: 1,
        terminator: '',
        firstDigitTimeoutSeconds: 5,
        interDigitTimeoutSeconds: 3,
        maxTimeouts: 3,
        maxInvalid: 3,
        bargeIn: true,
      },
    },
    {
      id: 'line',
      type: 'queue',
      label: 'Wait for a buyer',
      params: {
        queue: 'main',
        priority: 5,
        maxSize: 100,
        maxWaitSeconds: 300,
        announceEverySeconds: 0,
        announcement: [],
        exitKeys: '',
        callbackKey: '',
      },
    },
    {
      id: 'buyers',
      type: 'buyer',
      label: 'Buyer failover',
      params: {
        strategy: 'sequential',
        maxAttempts: 10,
        maxTotalSeconds: 120,
        ringback: { kind: 'media', media: { kind: 'tone', tone: '%(2000,4000,440,480)' } },
        causes: {},
      },
    },
  ],
  edges: [
    { from: 'menu', exit: 'key:1', to: 'line' },
    { from: 'line', exit: 'ready', to: 'buyers' },
  ],
};

/** The development data: one test tenant with all that a call needs, and the platform's DNC list. */
export async function seedDevelopment(em: EntityManager): Promise<void> {
  const tenant = await seedTenant(em, testTenant, 'Test Organization');
  await em.flush();
  await seedTrunk(em, tenant, { carrier: 'Test Carrier', name: 'Test Trunk', gateway: 'test-trunk' });
  const publisher = await seedPublisher(em, tenant, 'Test Publisher');
  const buyer = await seedBuyer(em, tenant, {
    name: 'Test Buyer',
    endpoints: [
      { label: 'SIP', kind: 'sip', destination: 'sip:buyer@127.0.0.1:5070', priority: 0 },
      { label: 'PSTN', kind: 'pstn', destination: '+15555550123', priority: 1 },
    ],
  });
  const flow = await seedFlow(em, tenant, 'IVR, queue, buyer failover', testFlow);
  const campaign = await seedCampaign(em, tenant, {
    name: 'Test Campaign',
    flow,
    record: 'stereo',
    buyers: [{ buyer }],
    publishers: [publisher],
  });
  for (const e164 of ['+15551234567', '+15559876543'])
    await seedNumber(em, tenant, { e164, campaign, publisher });
  await em.flush();
  await seedUser(em, tenant, {
    email: 'admin@test.callfabric.local',
    name: 'Test Admin',
    password: 'password123',
    role: 'admin',
  });
  await seedCallerIdPool(em, tenant, 'Default', ['+15551230001', '+15551230002']);
  const rateCard = await seedRateCard(em, tenant, {
    name: 'Test Rates',
    currency: 'USD',
    pricePerMinuteMicros: 50_000n,
  });
  await seedBillingAccount(em, tenant, {
    name: 'Test Buyer',
    buyer,
    rateCard,
    depositMicros: 1_000_000_000n,
  });
  await seedWebhook(em, tenant, {
    name: 'Test Webhook',
    url: 'http://127.0.0.1:8099/callfabric',
    secret: 'test-webhook-secret',
  });
  await seedDncList(em, 'Global', ['+15550000001', '+15550000002']);
}

/** The test data has an admin whose password everybody can read: it is nothing to add to others' tenants by a slip. */
async function refuseOthers(em: EntityManager, url: string): Promise<void> {
  const [other] = await em.find(Tenant, { slug: { $ne: testTenant } }, { limit: 1 });
  if (other === undefined) return;
  throw new DatabaseFault(
    'refused',
    `Nothing was done: ${nameOf(url).place} has the tenant ${other.slug}, and the test data brings an admin whose password is known. An installation needs none of it; on a machine of your own add --yes.`,
  );
}

/**
 * Fills the database at `url` with what `options` asks for; again is harmless. All or nothing. `more` adds to the
 * development data in the same transaction (the demo's buyers). Throws DatabaseFault, whose message says what to do.
 */
export async function seed(
  url: string,
  options: SeedOptions,
  more?: (em: EntityManager) => Promise<void>,
): Promise<void> {
  const orm = openOrm(url, { as: 'login', applicationName: 'callfabric seed' });
  try {
    await orm.em.fork().transactional(async (em) => {
      await seedRoles(em);
      await seedFeatureFlags(em);
      if (options.production) return;
      if (options.alone === true) await refuseOthers(em, url);
      await seedDevelopment(em);
      await more?.(em);
    });
  } catch (error) {
    throw explainDatabaseFault(error, url, options.setting);
  } finally {
    await closeOrm(orm);
  }
}
