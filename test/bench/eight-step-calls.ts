import { freePort } from '../../ops/dev-services/tether.ts';
import { type BenchHouse, openHouse } from './bench-house.ts';
import type { BenchRow } from './bench-row.ts';
import { benchDids } from './bench-seed.ts';
import { canPin } from './cores.ts';
import { quantileBetween } from './daemon-figures.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { type SwitchChild, startSwitch } from './switch-child.ts';
import { countWritten } from './written-calls.ts';

const script = { keys: [{ digits: '1', afterPrompt: 2 }] };
const load = { from: '+15125550100', to: benchDids.eightSteps, script };
const warmUpCalls = 1500;
const measuredCalls = 8000;

/**
 * Daemon and Redis on the first core; simulated switch, PostgreSQL and this process on the second. Beside the switch,
 * which is never idle, Redis waits for its turn: 94 of 100 decisions above 2 ms were such a wait.
 */
async function open(
  profile: string | undefined,
): Promise<{ house: BenchHouse; daemon: DaemonProcess; switchChild: SwitchChild }> {
  const house = await openHouse('127.0.0.1:5070', { redis: '0', others: '1' });
  try {
    const [socketPort, inboundPort] = [await freePort(), await freePort()];
    const switchChild = await startSwitch(socketPort, inboundPort);
    house.onStop(() => switchChild.stop());
    const daemon = await startDaemon({
      databaseUrl: house.databaseUrl,
      redisUrl: house.redisUrl,
      folder: house.folder,
      socketPort,
      freeswitch: `127.0.0.1:${inboundPort}`,
      freeswitchPassword: 'simulated',
      core: 0,
      ...(profile === undefined ? {} : { profile }),
    });
    house.onStop(() => daemon.stop());
    return { house, daemon, switchChild };
  } catch (error) {
    await house.stop();
    throw error;
  }
}

const milli = (seconds: number): number => Math.round(seconds * 1e5) / 100;

/** Calls a second through the whole daemon, then how long it takes to decide at half that rate. */
export async function benchEightStepCalls(profile?: string): Promise<BenchRow[]> {
  const { house, daemon, switchChild } = await open(profile);
  const cores = canPin ? 'a core of its own' : 'no core of its own';
  try {
    const place = (calls: number, ratePerSecond: number | undefined) =>
      switchChild.place({ ...load, calls, ratePerSecond, concurrency: 120 }, 60_000);
    await place(warmUpCalls, undefined);
    await countWritten(house.databaseUrl, benchDids.eightSteps, warmUpCalls, 10_000);

    const before = await daemon.figures();
    const placed = await place(measuredCalls, undefined);
    const total = warmUpCalls + measuredCalls;
    const written = await countWritten(house.databaseUrl, benchDids.eightSteps, total, 15_000);
    const after = await daemon.figures();
    const rate = measuredCalls / (placed.seconds + written.waitedMs / 1000);
    const cpuMs = ((after.cpuSeconds - before.cpuSeconds) / measuredCalls) * 1000;
    const missing = {
      callsMissing: total - written.calls,
      notConnected: written.calls - written.connected,
      cdrsMissing: 2 * total - written.cdrs,
      attemptsMissing: total - written.attempts,
      stepsMissing: 8 * total - written.steps,
    };
    const lost = Object.values(missing).some((count) => count !== 0);

    const half = Math.floor(rate / 2);
    const halfBefore = await daemon.figures();
    const halfPlaced = await place(half * 10, half);
    const halfAfter = await daemon.figures();
    const decision = quantileBetween(halfBefore, halfAfter, 'callfabric_decision_seconds', 0.99);
    const median = quantileBetween(halfBefore, halfAfter, 'callfabric_decision_seconds', 0.5);
    const loopDelay = halfAfter.value('callfabric_event_loop_delay_seconds{quantile="0.99"}');

    return [
      {
        name: `eight-step calls, daemon on ${cores}`,
        value: Math.round(rate),
        unit: 'calls/s',
        peer: '',
        ratio: undefined,
        target: '>= 1000, none lost',
        met: rate >= 1000 && !lost,
        more: {
          ...(lost ? missing : { missing: 0 }),
          daemonCpuMsPerCall: Math.round(cpuMs * 1000) / 1000,
          simulatorCpuMsPerCall: Math.round((placed.cpuSeconds / measuredCalls) * 1e6) / 1000,
        },
      },
      {
        name: `decision time p99 at ${Math.round(halfPlaced.callsPerSecond)} calls/s`,
        value: milli(decision.seconds),
        unit: 'ms',
        peer: '',
        ratio: undefined,
        target: '< 2 ms',
        met: decision.seconds < 0.002,
        more: {
          decisions: decision.count,
          p50Ms: milli(median.seconds),
          eventLoopDelayP99Ms: milli(loopDelay),
        },
      },
    ];
  } finally {
    await house.stop();
  }
}

/** Resident memory of the daemon while 5,000 calls are bridged. */
export async function benchLiveCalls(profile?: string): Promise<BenchRow[]> {
  const live = 5000;
  const { house, daemon, switchChild } = await open(profile);
  try {
    const idle = daemon.residentBytes();
    const held = await switchChild.hold(live, 250, benchDids.oneBuyer, 60_000);
    const resident = daemon.residentBytes();
    const megabytes = resident / 1e6;
    const target = 150 + (live * 20) / 1000;
    return [
      {
        name: `resident memory with ${held} live calls`,
        value: Math.round(megabytes),
        unit: 'MB',
        peer: '',
        ratio: undefined,
        target: `<= ${target} MB`,
        met: held === live && megabytes <= target,
        more: {
          idleMb: Math.round(idle / 1e6),
          kbPerCall: Math.round((resident - idle) / held / 100) / 10,
        },
      },
    ];
  } finally {
    await house.stop();
  }
}
