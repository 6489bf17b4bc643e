import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { CallerScript } from '../../ops/switch-simulator/caller-script.ts';
import { stepsOf } from './call-row.ts';
import { type FlowPlan, file, flowOf, type Step } from './flow-plan.ts';
import { openHouse } from './house.ts';
import { placeInTurn } from './place-in-turn.ts';

const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 50 },
  rings: { kind: 'noAnswer' },
};
const full: FlowPlan = { buyers: [{ name: 'full', maxCalls: 0 }] };
const rings: FlowPlan = { buyers: [{ name: 'rings' }] };
const stays: FlowPlan = { buyers: [{ name: 'stays' }] };
const whisper = file('whisper-3000ms.wav');
const menu: Step = ['menu', 'ivr', { prompt: file('menu-3000ms.wav'), keys: ['1'] }];

interface Case {
  readonly phase: string;
  readonly nodes: readonly Step[];
  readonly edges?: readonly string[];
  readonly plan?: FlowPlan;
  readonly hangUp: NonNullable<CallerScript['hangUp']>;
  readonly outcome: string;
  readonly steps: readonly string[];
  readonly attempts?: readonly string[];
  readonly answered?: boolean;
  readonly recordings?: readonly string[];
}

const cases: readonly Case[] = [
  {
    phase: 'while it rings before the answer',
    nodes: [['wait', 'answer', { delaySeconds: 5 }]],
    hangUp: { phase: 'idle', delayMs: 200 },
    outcome: 'abandoned',
    steps: ['wait:hangup'],
  },
  {
    phase: 'in early media',
    nodes: [
      ['open', 'answer', { earlyMediaOnly: true }],
      ['hello', 'play', { prompt: file('hello-3000ms.wav') }],
    ],
    edges: ['open next hello'],
    hangUp: { phase: 'playing', delayMs: 100 },
    outcome: 'abandoned',
    steps: ['open:next', 'hello:hangup'],
  },
  {
    phase: 'in the menu',
    nodes: [menu],
    hangUp: { phase: 'collecting', delayMs: 100 },
    outcome: 'abandoned',
    steps: ['menu:hangup'],
    answered: true,
  },
  {
    phase: 'in the silence after the menu’s prompt',
    nodes: [['menu', 'ivr', { prompt: file('menu.wav'), keys: ['1'] }]],
    hangUp: { phase: 'collecting', delayMs: 300 },
    outcome: 'abandoned',
    steps: ['menu:hangup'],
    answered: true,
  },
  {
    phase: 'in a playback',
    nodes: [
      ['hello', 'answer'],
      ['news', 'play', { prompt: file('news-3000ms.wav') }],
    ],
    edges: ['hello next news'],
    hangUp: { phase: 'playing', delayMs: 100 },
    outcome: 'abandoned',
    steps: ['hello:next', 'news:hangup'],
    answered: true,
  },
  {
    phase: 'in the queue',
    nodes: [['line', 'queue']],
    plan: full,
    hangUp: { phase: 'queue', delayMs: 100 },
    outcome: 'abandoned_in_queue',
    steps: ['line:hangup'],
    answered: true,
  },
  {
    phase: 'while a buyer rings',
    nodes: [['sell', 'buyer']],
    plan: rings,
    hangUp: { phase: 'ringing', delayMs: 150 },
    outcome: 'abandoned_ringing',
    steps: ['sell:hangup'],
    attempts: ['cancelled'],
  },
  {
    phase: 'while a buyer rings, with a slot of the queue',
    nodes: [
      ['line', 'queue'],
      ['sell', 'buyer'],
    ],
    edges: ['line ready sell'],
    plan: { buyers: [{ name: 'rings once', users: ['rings'], maxCalls: 1 }] },
    hangUp: { phase: 'ringing', delayMs: 150 },
    outcome: 'abandoned_ringing',
    steps: ['line:ready', 'sell:hangup'],
    attempts: ['cancelled'],
  },
  {
    phase: 'while the buyer hears the whisper',
    nodes: [['sell', 'buyer', { whisper }]],
    plan: stays,
    hangUp: { phase: 'ringing', delayMs: 600 },
    outcome: 'abandoned_ringing',
    steps: ['sell:hangup'],
    attempts: ['cancelled'],
  },
  {
    phase: 'while the buyer is asked to accept',
    nodes: [['sell', 'buyer', { whisper, accept: { digit: '1' } }]],
    plan: stays,
    hangUp: { phase: 'ringing', delayMs: 600 },
    outcome: 'abandoned_ringing',
    steps: ['sell:hangup'],
    attempts: ['cancelled'],
  },
  {
    phase: 'while they talk',
    nodes: [['sell', 'buyer']],
    plan: stays,
    hangUp: { phase: 'bridged', delayMs: 200 },
    outcome: 'connected',
    steps: ['sell:hangup'],
    attempts: ['connected'],
    answered: true,
  },
  {
    phase: 'while they talk and are recorded',
    nodes: [['sell', 'buyer']],
    plan: { ...stays, record: 'stereo' },
    hangUp: { phase: 'bridged', delayMs: 300 },
    outcome: 'connected',
    steps: ['sell:hangup'],
    attempts: ['connected'],
    answered: true,
    recordings: ['stored'],
  },
  {
    phase: 'while it alone is recorded',
    nodes: [
      ['hello', 'answer'],
      ['tape', 'record'],
      ['news', 'play', { prompt: file('news-3000ms.wav') }],
    ],
    edges: ['hello next tape', 'tape next news'],
    hangUp: { phase: 'playing', delayMs: 300 },
    outcome: 'abandoned',
    steps: ['hello:next', 'tape:next', 'news:hangup'],
    answered: true,
    recordings: ['stored'],
  },
  {
    phase: 'and the flow has something to do about it',
    nodes: [menu, ['lost', 'tag', { add: ['gave-up'] }]],
    edges: ['menu hangup lost'],
    hangUp: { phase: 'collecting', delayMs: 100 },
    outcome: 'abandoned',
    steps: ['menu:hangup', 'lost:next'],
    answered: true,
  },
];

void t.test('a caller who hangs up in any phase leaves one complete record and nothing else', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  const dids: string[] = [];
  for (const { nodes, edges, plan } of cases) dids.push((await house.flow(flowOf(nodes, edges), plan)).did);
  await house.startDaemon();
  await house.warm();
  const placed = placeInTurn(cases.length, (index) => {
    const hangUp = cases[index]?.hangUp ?? {};
    return house.call(dids[index] ?? '', { script: { hangUp } });
  });
  for (const [index, expected] of cases.entries())
    await t.test(expected.phase, async (t) => {
      const call = await placed[index];
      if (call === undefined) throw new Error('the call was not placed');
      const end = await call.ended;
      const row = await house.calls.row(call.uuid, ({ recordings }) =>
        recordings.every(({ status }) => status !== 'pending'),
      );
      t.equal(row.outcome, expected.outcome);
      t.equal(row.hung_up_by, 'caller');
      t.equal(row.cause, expected.answered === true ? 'NORMAL_CLEARING' : 'ORIGINATOR_CANCEL');
      t.same(stepsOf(row), expected.steps);
      t.same(
        row.attempts.map(({ outcome }) => outcome),
        expected.attempts ?? [],
      );
      const sides = expected.attempts === undefined ? ['A'] : ['A', 'B'];
      t.same(
        row.cdrs.map(({ side }) => side),
        sides,
        'one CDR a leg',
      );
      t.ok(
        row.cdrs.every(({ source }) => source === 'event' || source === 'json_cdr'),
        'by the switch’s word',
      );
      t.equal(row.cdrs[0]?.bill_ms, end.billMs);
      t.equal(end.answered, expected.answered === true);
      t.same(
        row.recordings.map(({ status }) => status),
        expected.recordings ?? [],
      );
      if (expected.outcome === 'connected') t.ok(row.connected_at);
      if (expected.phase.includes('something to do')) t.same(row.tags, ['gave-up']);
      await house.leaksOf(t, call, row.id);
    });

  await t.test('before anything was done at all', async (t) => {
    const { did } = await house.flow(flowOf([menu]));
    const calls = Array.from({ length: 10 }, () => house.call(did));
    for (const call of calls) call.hangUp();
    for (const call of calls) t.equal((await call.ended).cause, 'ORIGINATOR_CANCEL');
    await house.leaks(t);
    // A call whose socket was never opened is known to the switch alone; of any other there is a whole record.
    for (const call of calls) {
      const row = await house.calls.find(call.uuid);
      if (row !== undefined) t.equal(row.cdrs.length, 1);
    }
  });
  t.equal(house.simulator.snapshot().cdrsOnDisk, 0, 'the daemon took every record of mod_json_cdr');
});
