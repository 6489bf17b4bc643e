import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import type { CallerScript } from '../../../ops/switch-simulator/caller-script.ts';
import { type SimulatorOptions, SwitchSimulator } from '../../../ops/switch-simulator/simulator.ts';
import { gist, headersOf, readRecording } from './recording.ts';
import { ReplayingDaemon } from './replaying-daemon.ts';

interface Scenario {
  readonly name: string;
  readonly script?: CallerScript;
  readonly callees?: SimulatorOptions['callees'];
  readonly fromName?: Uint8Array;
  /** Lets a playback end from outside once the first socket is gone. */
  readonly breakPlayback?: boolean;
}

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
  { name: 'takeover_during_playback', breakPlayback: true },
];

for (const scenario of scenarios)
  void t.test(`${scenario.name}: the same frames in the same order as FreeSWITCH`, async (t) => {
    const recorded = readRecording(scenario.name);
    const daemons = recorded.map((steps) => new ReplayingDaemon(steps));
    const addresses = await Promise.all(daemons.map((daemon) => daemon.start()));
    const simulator = new SwitchSimulator({
      daemons: [],
      dialplan: [
        { app: 'socket', data: `${addresses[0] ?? ''} full` },
        { app: 'set', data: 'cf_takeover=1' },
        { app: 'socket', data: `${addresses[1] ?? '127.0.0.1:1'} full` },
      ],
      speed: 20,
      writeRecordings: false,
      ...(scenario.callees === undefined ? {} : { callees: scenario.callees }),
    });
    await simulator.start();
    t.teardown(async () => {
      await simulator.stop();
      for (const daemon of daemons) daemon.stop();
    });
    const call = simulator.call({
      from: '+15125550100',
      fromName: scenario.fromName ?? 'Alice',
      to: 'sync1',
      ...(scenario.script === undefined ? {} : { script: scenario.script }),
    });
    if (scenario.breakPlayback === true)
      void daemons[0]?.closed.then(() => breakFromOutside(simulator.inboundPort, call.uuid));
    await call.ended;
    await Promise.all(daemons.map((daemon) => daemon.closed));
    for (const [index, steps] of recorded.entries()) {
      const daemon = daemons[index];
      const frames = steps.flatMap((step) =>
        step.kind === 'frame' ? [gist(daemon?.asReplayed(step.text) ?? step.text)] : [],
      );
      const replayed = daemon?.frames.map(gist) ?? [];
      t.equal(replayed.length, frames.length, `connection ${index + 1}: as many frames`);
      for (const [at, frame] of frames.entries())
        t.same(replayed[at], frame, `connection ${index + 1}, frame ${at + 1}: ${frame['Event-Name'] ?? ''}`);
    }
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

/** What an operator does: authenticates and sends `uuid_break`. */
function breakFromOutside(port: number, uuid: string): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`auth simulated\n\napi uuid_break ${uuid} all\n\nexit\n\n`);
  socket.resume();
}
