import type { EntityManager } from '@mikro-orm/postgresql';
import type { FlowDocument } from '../../orm/flow-document.ts';
import { Tenant } from '../../orm/index.ts';
import { seedBuyer, seedCampaign, seedFlow, seedNumber } from '../../orm/seed-parts.ts';

/** What is dialled for each of the bench's flows. */
export const benchDids = { eightSteps: '+15550200001', oneBuyer: '+15550200002' } as const;

const next = (from: string, exit: string, to: string) => ({ from, exit, to });
const buyers = {
  strategy: 'sequential',
  maxAttempts: 3,
  maxTotalSeconds: 60,
  ringback: { kind: 'passthrough' },
  causes: {},
};

/** Eight node visits: every kind of step a call makes, none of which takes time by itself. */
const eightSteps: FlowDocument = {
  entry: 'answer',
  fallback: { cause: 'NORMAL_TEMPORARY_FAILURE' },
  nodes: [
    { id: 'answer', type: 'answer', params: { earlyMediaOnly: false, delaySeconds: 0 } },
    {
      id: 'set',
      type: 'set',
      params: {
        assignments: [
          { scope: 'call', name: 'origin', value: '{{call.caller}}' },
          { scope: 'leg', name: 'origin', value: 'bench' },
        ],
      },
    },
    { id: 'tag', type: 'tag', params: { add: ['bench'], remove: [] } },
    {
      id: 'condition',
      type: 'condition',
      params: {
        branches: [{ name: 'known', when: { path: 'variables.origin', op: 'startsWith', value: '+1' } }],
      },
    },
    {
      id: 'play',
      type: 'play',
      params: { prompt: { kind: 'tone', tone: '%(0,0,440)' }, loops: 1, terminators: '' },
    },
    {
      id: 'menu',
      type: 'ivr',
      params: {
        prompt: { kind: 'file', path: 'ivr/menu-5000ms.wav' },
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
    { id: 'buyers', type: 'buyer', params: buyers },
    { id: 'hangup', type: 'hangup', params: { cause: 'NORMAL_CLEARING' } },
  ],
  edges: [
    next('answer', 'next', 'set'),
    next('set', 'next', 'tag'),
    next('tag', 'next', 'condition'),
    next('condition', 'branch:known', 'play'),
    next('play', 'done', 'menu'),
    next('menu', 'key:1', 'buyers'),
    next('buyers', 'connectedEnded', 'hangup'),
  ],
};

/** A single node: the buyer is dialled as soon as the call is there. */
const oneBuyer: FlowDocument = {
  entry: 'buyers',
  fallback: { cause: 'NORMAL_CLEARING' },
  nodes: [{ id: 'buyers', type: 'buyer', params: buyers }],
  edges: [],
};

/** The bench's numbers, flows and one buyer, who is at `calleeAddress` (`host:port`). No limits, no recording. */
export async function seedBench(em: EntityManager, calleeAddress: string): Promise<void> {
  const tenant = await em.findOneOrFail(Tenant, { slug: 'test-org' });
  const buyer = await seedBuyer(em, tenant, {
    name: 'Bench Buyer',
    endpoints: [{ label: 'SIP', kind: 'sip', destination: `sip:callee@${calleeAddress}` }],
  });
  await em.flush();
  for (const [name, did, graph] of [
    ['eight steps', benchDids.eightSteps, eightSteps],
    ['one buyer', benchDids.oneBuyer, oneBuyer],
  ] as const) {
    const flow = await seedFlow(em, tenant, `Bench: ${name}`, graph);
    const campaign = await seedCampaign(em, tenant, { name: `Bench: ${name}`, flow, buyers: [{ buyer }] });
    await seedNumber(em, tenant, { e164: did, campaign });
  }
  await em.flush();
}
