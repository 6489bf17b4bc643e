import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { CallerScript } from '../../ops/switch-simulator/caller-script.ts';
import type { LegPhase } from '../../ops/switch-simulator/leg.ts';
import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';
import { until } from '../until.ts';
import { stepsOf } from './call-row.ts';
import { type FlowPlan, file, flowOf, type Step } from './flow-plan.ts';
import { type House, openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = {
  slow: { kind: 'answer', answerAfterMs: 5000, talkMs: 300 },
  engaged: { kind: 'fail', cause: 'USER_BUSY', afterMs: 5000 },
  quick: { kind: 'answer', answerAfterMs: 20, talkMs: 300 },
  talker: { kind: 'answer', answerAfterMs: 20, talkMs: 6000 },
};
const bye: Step = ['bye', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }];

interface Case {
  readonly phase: string;
  readonly nodes: readonly Step[];
  readonly edges: readonly string[];
  readonly plan?: FlowPlan;
  readonly reached: LegPhase;
  readonly script?: CallerScript;
  /** The steps that were walked after the takeover. */
  readonly goesOn: readonly string[];
  readonly outcome: string;
  readonly attempts?: readonly string[];
}

const cases: readonly Case[] = [
  {
    phase: 'a playback',
    nodes: [['hello', 'answer'], ['news', 'play', { prompt: file('news-4000ms.wav') }], bye],
    edges: ['hello next news', 'news done bye'],
    reached: 'playing',
    goesOn: ['news:done', 'bye:end'],
    outcome: 'finished',
  },
  {
    phase: 'the menu',
    nodes: [
      ['menu', 'ivr', { prompt: file('menu-4000ms.wav'), keys: ['1'], firstDigitTimeoutSeconds: 1 }],
      bye,
    ],
    edges: ['menu key:1 bye'],
    reached: 'collecting',
    script: { keys: [{ afterPrompt: 2, delayMs: 50, digits: '1' }] },
    goesOn: ['menu:key:1', 'bye:end'],
    outcome: 'finished',
  },
  {
    phase: 'ringing, and the buyer answers',
    nodes: [['sell', 'buyer'], bye],
    edges: ['sell connectedEnded bye'],
    plan: { buyers: [{ name: 'slow', maxCalls: 5 }, { name: 'quick' }] },
    reached: 'ringing',
    goesOn: ['sell:connectedEnded', 'bye:end'],
    outcome: 'connected',
    attempts: ['connected'],
  },
  {
    phase: 'ringing, and the buyer is busy: the next one is dialled, the same one never',
    nodes: [['sell', 'buyer'], bye],
    edges: ['sell connectedEnded bye'],
    plan: { buyers: [{ name: 'engaged' }, { name: 'quick' }] },
    reached: 'ringing',
    goesOn: ['sell:connectedEnded', 'bye:end'],
    outcome: 'connected',
    attempts: ['busy', 'connected'],
  },
  {
    phase: 'a bridge',
    nodes: [['sell', 'buyer'], bye],
    edges: ['sell connectedEnded bye'],
    plan: { buyers: [{ name: 'talker', maxCalls: 5 }, { name: 'quick' }], record: 'stereo' },
    reached: 'bridged',
    goesOn: ['sell:connectedEnded', 'bye:end'],
    outcome: 'connected',
    attempts: ['connected'],
  },
];

async function plan(house: House): Promise<string[]> {
  const dids: string[] = [];
  for (const { nodes, edges, plan } of cases) dids.push((await house.flow(flowOf(nodes, edges), plan)).did);
  return dids;
}

/** Places a call of each case and waits until each is where it should be; those that hear a prompt come last. */
async function inPhase(house: House, dids: readonly string[]): Promise<readonly SimulatedCall[]> {
  const placed: SimulatedCall[] = [];
  for (const dials of [true, false]) {
    for (const [index, { script, plan }] of cases.entries())
      if ((plan !== undefined) === dials)
        placed[index] = house.call(dids[index] ?? '', script === undefined ? {} : { script });
    await until('every call to be in its phase', () =>
      placed.every(({ leg }, index) => leg.phase === cases[index]?.reached),
    );
  }
  return placed;
}

async function checkAll(
  t: Test,
  house: House,
  placed: readonly SimulatedCall[],
  takeovers = 1,
): Promise<void> {
  for (const [index, expected] of cases.entries())
    await t.test(`in ${expected.phase}`, async (t) => {
      const call = placed[index];
      if (call === undefined) throw new Error('the call was not placed');
      const end = await call.ended;
      t.equal(end.cause, 'NORMAL_UNSPECIFIED', 'it came to the end of its flow');
      const row = await house.calls.row(
        call.uuid,
        ({ source, recordings }) =>
          source === 'session' && recordings.every(({ status }) => status !== 'pending'),
      );
      t.match(row, { outcome: expected.outcome, takeovers });
      t.same(stepsOf(row).slice(-expected.goesOn.length), expected.goesOn);
      t.same(
        row.attempts.map(({ outcome }) => outcome),
        expected.attempts ?? [],
      );
      t.equal(new Set(row.attempts.map(({ destination }) => destination)).size, row.attempts.length);
      t.equal(row.cdrs.length, 1 + (expected.attempts?.length ?? 0), 'one CDR a leg');
      t.notOk(row.cdrs.some(({ source }) => source === 'estimated'));
      if (expected.plan?.record !== undefined)
        t.same(
          row.recordings.map(({ status }) => status),
          ['stored'],
          'recorded to the end',
        );
      await house.leaksOf(t, call, row.id, 15_000);
    });
}

void t.test('a daemon that is killed: the calls go on at the other', async (t) => {
  const house = await openHouse(t, { simulator: { callees }, daemons: 2 });
  const dids = await plan(house);
  const { did: abandoned } = await house.flow(flowOf([['sell', 'buyer']]), {
    buyers: [{ name: 'talker' }],
  });
  await house.startDaemon(1);
  const killed = await house.spawnDaemon(0);
  for (const index of [0, 1]) await house.ready(index);
  const goesAway = house.call(abandoned);
  await until('the call to be bridged', () => goesAway.leg.phase === 'bridged');
  const placed = await inPhase(house, dids);
  killed.child.kill('SIGKILL');
  t.equal(await killed.exited, 'SIGKILL');
  goesAway.hangUp();
  await checkAll(t, house, placed);
  await t.test('a caller who hangs up while no daemon has the call', async (t) => {
    await goesAway.ended;
    const row = await house.calls.row(goesAway.uuid, ({ cdrs }) => cdrs.length === 2);
    t.match(row, { source: 'switch', outcome: 'interrupted', hung_up_by: 'caller' });
    t.same(
      row.cdrs.map(({ source }) => source),
      ['json_cdr', 'json_cdr'],
      'written from the word of the switch',
    );
  });
  await house.leaks(t, 15_000);
});

void t.test('sockets that are reset: the calls go on', async (t) => {
  const house = await openHouse(t, { simulator: { callees }, daemons: 2 });
  const dids = await plan(house);
  await house.startDaemon(0);
  await house.startDaemon(1);
  for (const [to, takeovers] of [
    ['the same daemon', [0, 1]],
    ['the other daemon', [1, 0]],
  ] as const)
    await t.test(`at ${to}`, async (t) => {
      house.route.takeovers = takeovers;
      const placed = await inPhase(house, dids);
      house.simulator.resetDaemonSockets();
      await checkAll(t, house, placed);
      const a = house.daemons[takeovers[0]]?.id;
      for (const call of placed) t.equal((await house.calls.find(call.uuid))?.daemon_id, a);
      await house.leaks(t, 15_000);
    });
});

void t.test('no daemon at all: what the switch kept on disk makes the record later', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'talker' }] });
  const killed = await house.spawnDaemon();
  const call = house.call(did);
  await until('the call to be bridged', () => call.leg.phase === 'bridged');
  killed.child.kill('SIGKILL');
  await killed.exited;
  const end = await call.ended;
  t.ok(end.answered, 'the two talked to their end');
  t.equal(end.variable('sip_hangup_disposition'), 'send_bye');
  await until('both records to be kept', () => house.simulator.snapshot().cdrsOnDisk === 2);
  await house.startDaemon();
  const folder = join(house.folder, 'cdr');
  for (const again of [false, true])
    for (const name of readdirSync(folder))
      t.equal(await house.postCdr(readFileSync(join(folder, name), 'utf8')), 204, again ? 'again' : name);
  const row = await house.calls.row(call.uuid, ({ cdrs }) => cdrs.length === 2);
  t.match(row, { source: 'switch', outcome: 'interrupted' });
  t.equal(row.attempts.length, 1);
  await house.leaks(t, 10_000);
});
