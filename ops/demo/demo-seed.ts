import type { EntityManager } from '@mikro-orm/postgresql';
import { Publisher, Tenant } from '../../orm/index.ts';
import { testFlow } from '../../orm/seed.ts';
import { type SeedEndpoint, seedBuyer, seedCampaign, seedFlow, seedNumber } from '../../orm/seed-parts.ts';

/** The seed's own number: the flow IVR → Queue → Buyer, and a buyer who answers. */
export const seededDid = '+15551234567';
/** All of the seed's. */
export const seededDids = [seededDid, '+15559876543'];
/** Numbers of the demo's further campaigns. */
export const demoDids = {
  busyThenNext: '+15550100001',
  nobodyAnswers: '+15550100002',
  oneAtATime: '+15550100003',
};

/** More buyers on the seed's tenant, so that every way a call can go is seen. */
export async function seedDemo(em: EntityManager): Promise<void> {
  const tenant = await em.findOneOrFail(Tenant, { slug: 'test-org' });
  const publisher = await em.findOneOrFail(Publisher, { tenant, name: 'Test Publisher' });
  const flow = await seedFlow(em, tenant, 'Demo: menu, queue, buyers', {
    ...testFlow,
    fallback: { cause: 'NORMAL_TEMPORARY_FAILURE' },
  });
  const buyer = (name: string, endpoint: Omit<SeedEndpoint, 'label' | 'kind'>, maxCalls?: number) =>
    seedBuyer(em, tenant, {
      name,
      ...(maxCalls === undefined ? {} : { maxCalls }),
      endpoints: [{ label: 'SIP', kind: 'sip', ...endpoint }],
    });
  const [busy, solar, silent, single] = [
    await buyer('Busy Roofing', { destination: 'sip:busy@127.0.0.1:5070' }),
    await buyer('Solar Direct', { destination: 'sip:solar@127.0.0.1:5070' }),
    await buyer('Silent Insurance', { destination: 'sip:noanswer@127.0.0.1:5070', ringTimeoutMs: 3000 }),
    await buyer('One-Line Plumbing', { destination: 'sip:plumber@127.0.0.1:5070', maxCalls: 1 }),
  ];
  await em.flush();
  const campaigns = [
    {
      name: 'Demo: busy, then the next',
      did: demoDids.busyThenNext,
      buyers: [
        { buyer: busy, priority: 0 },
        { buyer: solar, priority: 1 },
      ],
    },
    { name: 'Demo: nobody answers', did: demoDids.nobodyAnswers, buyers: [{ buyer: silent }] },
    { name: 'Demo: one line, so callers wait', did: demoDids.oneAtATime, buyers: [{ buyer: single }] },
  ];
  for (const { name, did, buyers } of campaigns) {
    const campaign = await seedCampaign(em, tenant, { name, flow, record: 'stereo', buyers });
    await seedNumber(em, tenant, { e164: did, campaign, publisher, tags: ['demo'] });
  }
  await em.flush();
}
