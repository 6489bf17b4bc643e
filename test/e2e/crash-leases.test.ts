import t, { type Test } from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';
import { until } from '../until.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { file, flowOf, type PlannedFlow } from './flow-plan.ts';
import { type House, openHouse } from './house.ts';

const promisedMs = 30_000;
const buyerLimit = 3;
const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 20 },
  silent: { kind: 'noAnswer' },
  talks: { kind: 'answer', answerAfterMs: 20, talkMs: 3_000 },
};

/** A stream of numbers in [0, 1) that one seed makes again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Placed {
  readonly call: SimulatedCall;
  readonly flow: PlannedFlow;
}

/** The ids of calls whose A-legs live just now, and whether each is with a buyer. */
function livingOf(
  placed: readonly Placed[],
  flow: PlannedFlow,
): { all: Set<string>; withBuyer: Set<string> } {
  const all = new Set<string>();
  const withBuyer = new Set<string>();
  for (const { call, flow: its } of placed) {
    const { leg } = call;
    if (its !== flow || leg.down) continue;
    const callId = leg.variables.get('callfabric_call') ?? `${call.uuid} before its first command`;
    all.add(callId);
    if (leg.phase === 'ringing' || leg.phase === 'bridged') withBuyer.add(callId);
  }
  return { all, withBuyer };
}

async function holdersOf(house: House, daemon: number, scope: string): Promise<Set<string>> {
  const { holders } = (await (await house.api(`/caps/${scope}/holders`, { daemon })).json()) as {
    holders: { callId: string }[];
  };
  return new Set(holders.map(({ callId }) => callId));
}

const difference = (what: string, held: Set<string>, living: Set<string>): string[] => [
  ...[...held].filter((id) => !living.has(id)).map((id) => `${what}: ${id} is held but not alive`),
  ...[...living].filter((id) => !held.has(id)).map((id) => `${what}: ${id} is alive but not held`),
];

/** What is wrong with the leases just now; undefined where the calls changed while Redis was asked. */
async function faults(
  house: House,
  daemon: number,
  placed: readonly Placed[],
  flows: readonly PlannedFlow[],
): Promise<string[] | undefined> {
  const found: string[] = [];
  for (const flow of flows) {
    const before = livingOf(placed, flow);
    found.push(
      ...difference('campaign', await holdersOf(house, daemon, `campaign:${flow.campaignId}`), before.all),
    );
    for (const id of Object.values(flow.buyerIds))
      found.push(...difference('buyer', await holdersOf(house, daemon, `buyer:${id}`), before.withBuyer));
    const after = livingOf(placed, flow);
    for (const key of ['all', 'withBuyer'] as const)
      if (difference('', before[key], after[key]).length > 0) return undefined;
  }
  return found;
}

/** Waits until the leases are those of the live calls, ten looks in a row. */
async function settle(
  t: Test,
  house: House,
  daemon: number,
  placed: readonly Placed[],
  flows: readonly PlannedFlow[],
  sinceMs: number,
): Promise<void> {
  let wrong: string[] = ['nothing was looked at'];
  let inARow = 0;
  let overshot = 0;
  await until(
    'the leases to be those of the live calls',
    async () => {
      for (const flow of flows)
        overshot = Math.max(overshot, livingOf(placed, flow).withBuyer.size - buyerLimit);
      const found = await faults(house, daemon, placed, flows).catch((error: unknown) => [String(error)]);
      if (found !== undefined) wrong = found;
      inARow = found?.length === 0 ? inARow + 1 : 0;
      return inARow === 10;
    },
    Math.max(0, sinceMs + promisedMs - Date.now()),
  ).catch(() => {});
  t.same(wrong, [], `leases and live calls after ${Date.now() - sinceMs} ms`);
  t.ok(overshot <= 0, 'no buyer had more calls than its limit');
}

void t.test('after any crash the leases are those of the live calls within 30 s', async (t) => {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
  t.comment(`CRASH_SEED=${seed}`);
  const random = randomFrom(seed);
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const house = await openHouse(t, {
    daemons: 2,
    simulator: { callees },
    settings: { CALLFABRIC_LEASE_SECONDS: '20' }, // as shipped
  });
  const selling = flowOf(
    [
      ['menu', 'ivr', { prompt: file('menu-400ms.wav'), keys: ['1'], maxTimeouts: 10 }],
      ['line', 'queue'],
      ['sell', 'buyer', { ringTimeoutSeconds: 60 }],
    ],
    ['menu key:1 line', 'line ready sell'],
  );
  const flows: PlannedFlow[] = [];
  for (const user of Object.keys(callees))
    flows.push(
      await house.flow(selling, {
        buyers: [{ name: `buyer ${user}`, users: [user], maxCalls: buyerLimit }],
        maxCalls: 100,
      }),
    );
  const daemons: (DaemonProcess | undefined)[] = [await house.spawnDaemon(0), await house.spawnDaemon(1)];

  for (const victims of [[0], [1], [0, 1], [oneOf([0, 1])]])
    await t.test(`daemon ${victims.join(' and ')} of two`, async (t) => {
      for (const index of daemons.keys()) await house.ready(index);
      const placed: Placed[] = [];
      for (let index = 0; index < 24; index += 1) {
        house.route.offers = random() < 0.5 ? [0, 1] : [1, 0];
        const flow = oneOf(flows);
        const call = house.call(flow.did, {
          script: {
            ...(random() < 0.8 ? { keys: [{ afterPrompt: 1, delayMs: random() * 600, digits: '1' }] } : {}),
            ...(random() < 0.4
              ? {
                  hangUp: {
                    phase: oneOf(['collecting', 'queue', 'ringing', 'bridged']),
                    delayMs: random() * 1000,
                  },
                }
              : {}),
          },
        });
        placed.push({ call, flow });
      }
      // A crash at any moment: after so many applications were run for these calls.
      const moment = Math.floor(random() * 150);
      const done = () => placed.reduce((sum, { call }) => sum + call.leg.applications.length, 0);
      await until('the moment of the crash', () => done() >= moment || placed.every(settled)).catch(() => {});
      for (const victim of victims) daemons[victim]?.child.kill('SIGKILL');
      let crashedAtMs = Date.now();
      t.comment(
        `after ${done()} applications: ${placed.map(({ call }) => call.leg.phase.slice(0, 3)).join(' ')}`,
      );
      for (const { call } of placed) if (!call.leg.down && random() < 0.2) call.hangUp();
      for (const victim of victims) await daemons[victim]?.exited;
      if (victims.length === 2) {
        daemons[0] = await house.spawnDaemon(0);
        // Nobody was there to care before: systemd brings one back, and how long that takes is the machine's.
        crashedAtMs = Date.now();
      }
      const survivor = victims.length === 2 ? 0 : 1 - (victims[0] ?? 0);
      await settle(t, house, survivor, placed, flows, crashedAtMs);
      for (const [index] of daemons.entries())
        if (victims.includes(index) && !(index === 0 && victims.length === 2))
          daemons[index] = await house.spawnDaemon(index);
      for (const { call } of placed) if (!call.leg.down) call.hangUp();
      for (const { call } of placed) await call.ended;
      await house.leaks(t, promisedMs);
    });
});

/** Nothing more will happen to this call by itself. */
const settled = ({ call }: Placed): boolean =>
  ['bridged', 'queue', 'ringing', 'ended'].includes(call.leg.phase);
