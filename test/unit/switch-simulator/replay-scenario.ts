import { connect } from 'node:net';
import type { Test } from 'tap';
import type { CallerScript } from '../../../ops/switch-simulator/caller-script.ts';
import type { SimulatedCall } from '../../../ops/switch-simulator/simulated-call.ts';
import { type SimulatorOptions, SwitchSimulator } from '../../../ops/switch-simulator/simulator.ts';
import { gist, type RecordedStep } from './recording.ts';
import { ReplayingDaemon } from './replaying-daemon.ts';

/** What the people of a recorded call did. */
export interface Scenario {
  readonly name: string;
  readonly script?: CallerScript;
  readonly callees?: SimulatorOptions['callees'];
  readonly files?: SimulatorOptions['files'];
  readonly fromName?: Uint8Array;
  /** What the dialplan set before the socket, `name=value`. */
  readonly before?: readonly string[];
  /** What came from outside the call's own sockets. */
  readonly meanwhile?: (
    simulator: SwitchSimulator,
    call: SimulatedCall,
    daemons: readonly ReplayingDaemon[],
  ) => Promise<unknown> | undefined;
}

/**
 * Plays a recorded call to the simulator, which must answer each connection with the same frames in the same order.
 * What `ignored` names is not compared: what FreeSWITCH made up, or counted in times that differ.
 */
export async function replay(
  t: Test,
  recorded: readonly RecordedStep[][],
  scenario: Scenario,
  ignored: readonly string[] = [],
): Promise<readonly ReplayingDaemon[]> {
  const daemons = recorded.map((steps) => new ReplayingDaemon(steps));
  const addresses = await Promise.all(daemons.map((daemon) => daemon.start()));
  const simulator = new SwitchSimulator({
    daemons: [],
    dialplan: [
      ...(scenario.before ?? []).map((data) => ({ app: 'set', data })),
      { app: 'socket', data: `${addresses[0] ?? ''} full` },
      { app: 'set', data: 'cf_takeover=1' },
      { app: 'socket', data: `${addresses[1] ?? '127.0.0.1:1'} full` },
    ],
    speed: 20,
    writeRecordings: false,
    ...(scenario.callees === undefined ? {} : { callees: scenario.callees }),
    ...(scenario.files === undefined ? {} : { files: scenario.files }),
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
  void scenario.meanwhile?.(simulator, call, daemons);
  await call.ended;
  await Promise.all(daemons.map((daemon) => daemon.closed));
  const told = (frame: string) =>
    Object.fromEntries(Object.entries(gist(frame)).filter(([name]) => !ignored.includes(name)));
  for (const [index, steps] of recorded.entries()) {
    const daemon = daemons[index];
    const frames = steps.flatMap((step) =>
      step.kind === 'frame' ? [told(daemon?.asReplayed(step.text) ?? step.text)] : [],
    );
    const replayed = daemon?.frames.map(told) ?? [];
    t.equal(replayed.length, frames.length, `connection ${index + 1}: as many frames`);
    for (const [at, frame] of frames.entries())
      t.same(replayed[at], frame, `connection ${index + 1}, frame ${at + 1}: ${frame['Event-Name'] ?? ''}`);
  }
  return daemons;
}

/** What an operator does: authenticates and asks for something. */
export function fromOutside(port: number, command: string): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`auth simulated\n\napi ${command}\n\nexit\n\n`);
  socket.resume();
}
