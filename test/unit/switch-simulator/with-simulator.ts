import { deepEqual } from 'node:assert/strict';
import { type SimulatorOptions, SwitchSimulator } from '../../../ops/switch-simulator/simulator.ts';
import { type CallSocket, ScriptedDaemon } from './scripted-daemon.ts';

interface Teardown {
  teardown(undo: () => Promise<void>): unknown;
}

/** A simulator with one scripted daemon; at the end nothing may be left alive in it. */
export async function withSimulator(
  t: Teardown,
  serve: (call: CallSocket) => Promise<void> | void,
  options: Omit<SimulatorOptions, 'daemons'> & { readonly daemons?: readonly string[] } = {},
): Promise<{ simulator: SwitchSimulator; daemon: ScriptedDaemon; address: string }> {
  const daemon = new ScriptedDaemon(serve);
  const address = await daemon.start();
  const simulator = new SwitchSimulator({ speed: 20, daemons: [address], ...options });
  await simulator.start();
  t.teardown(async () => {
    daemon.stop();
    await simulator.stop();
    const { channels, timers, inboundConnections } = simulator.snapshot();
    deepEqual({ channels, timers, inboundConnections }, { channels: 0, timers: 0, inboundConnections: 0 });
  });
  return { simulator, daemon, address };
}
