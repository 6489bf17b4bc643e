import { readdirSync } from 'node:fs';
import t from 'tap';
import type { CallerScript } from '../../../ops/switch-simulator/caller-script.ts';
import { SwitchSimulator } from '../../../ops/switch-simulator/simulator.ts';
import { headersOf, readRecording } from './recording.ts';
import { fromOutside, replay, type Scenario } from './replay-scenario.ts';
import { ReplayingDaemon } from './replaying-daemon.ts';

const answers = { '1000': { kind: 'answer', talkMs: 3000 } } as const;
const byeInBridge: CallerScript = { hangUp: { phase: 'bridged', delayMs: 2500, how: 'bye' } };

const scenarios: readonly Scenario[] = [
  {
    name: 'answer_play_callerhangup',
    script: { hangUp: { afterPrompt: 1, delayMs: 2500, how: 'bye' } },
  },
  {
    name: 'dtmf_menu',
    script: {
      keys: [
        { digits: '1', afterPrompt: 1, delayMs: 700 },
        { digits: '2', afterPrompt: 1, delayMs: 1400 },
        { digits: '#', afterPrompt: 1, delayMs: 2100 },
      ],
    },
  },
  { name: 'own_events', script: { hangUp: { afterPrompt: 2, delayMs: 1500, how: 'bye' } } },
  { name: 'bad_display_name', fromName: Buffer.from([0x63, 0x61, 0x66, 0xff, 0xfe]) },
  { name: 'bridge_answered', callees: answers },
  { name: 'bridge_answered.json', callees: answers },
  {
    name: 'bridge_busy_then_ok',
    callees: {
      busy: { kind: 'fail', cause: 'USER_BUSY', ringAfterMs: false },
      '1000': { kind: 'answer', ringAfterMs: 0 },
    },
    script: byeInBridge,
  },
  { name: 'bridge_noanswer', callees: { '1000': { kind: 'noAnswer' } } },
  {
    name: 'caller_cancel',
    callees: { '1000': { kind: 'noAnswer' } },
    script: { hangUp: { phase: 'ringing', delayMs: 2000, how: 'bye' } },
  },
  { name: 'record_bridge', callees: { '1000': { kind: 'answer' } }, script: byeInBridge },
  { name: 'takeover_after_bridge', callees: { '1000': { kind: 'answer', talkMs: 4500 } } },
  {
    name: 'takeover_during_playback',
    meanwhile: (simulator, call, [first]) =>
      first?.closed.then(() => fromOutside(simulator.inboundPort, `uuid_break ${call.uuid} all`)),
  },
];

for (const scenario of scenarios)
  void t.test(`${scenario.name}: the same frames in the same order as FreeSWITCH`, async (t) => {
    const recorded = readRecording(scenario.name);
    const daemons = await replay(t, recorded, scenario);
    if (scenario.fromName !== undefined)
      t.match(daemons[0]?.frames[0] ?? '', 'Caller-Caller-ID-Name: caf%FF%FE', 'raw bytes stay raw');
  });

void t.test('every recorded scenario is replayed', async (t) => {
  const folder = new URL('../../fixtures/transcripts/sync/', import.meta.url);
  const recorded = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  t.same(
    new Set(scenarios.map(({ name }) => `${name}.jsonl`)),
    new Set(recorded),
    'a new recording needs its line in the table above',
  );
});

void t.test('CHANNEL_DATA has the headers FreeSWITCH sends, no more and no less', async (t) => {
  const [steps = []] = readRecording('bad_display_name');
  const daemon = new ReplayingDaemon(steps);
  const address = await daemon.start();
  const simulator = new SwitchSimulator({ daemons: [address] });
  await simulator.start();
  t.teardown(async () => {
    await simulator.stop();
    daemon.stop();
  });
  await simulator.call({ from: '+15125550100', to: '15551234567' }).ended;
  const first = steps.find((step) => step.kind === 'frame');
  const expected = [...headersOf(first?.kind === 'frame' ? first.text : '').keys()].sort();
  t.same([...headersOf(daemon.frames[0] ?? '').keys()].sort(), expected);
});
