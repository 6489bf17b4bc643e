import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadOptions, LoadResult } from '../../ops/switch-simulator/load.ts';

export type SwitchOrder =
  | { readonly order: 'place'; readonly load: LoadOptions }
  | { readonly order: 'hold'; readonly calls: number; readonly ratePerSecond: number; readonly to: string };
export type SwitchReport =
  | { readonly told: 'ready' }
  | { readonly told: 'placed'; readonly result: LoadResult }
  | { readonly told: 'held'; readonly live: number };

/** The simulated switch in its own process (switch-process.ts). */
export interface SwitchChild {
  /** Places calls and resolves when the last one is over. Rejects at the deadline. */
  place(load: LoadOptions, deadlineMs: number): Promise<LoadResult>;
  /** Places calls that stay, and resolves with how many were answered. Rejects at the deadline. */
  hold(calls: number, ratePerSecond: number, to: string, deadlineMs: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startSwitch(daemonPort: number, inboundPort: number): Promise<SwitchChild> {
  const child = fork(join(import.meta.dirname, 'switch-process.ts'), [
    String(daemonPort),
    String(inboundPort),
  ]);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  await heard(child, 'ready', 15_000);
  const ask = <Told extends SwitchReport['told']>(order: SwitchOrder, told: Told, deadlineMs: number) => {
    const answer = heard(child, told, deadlineMs);
    child.send(order);
    return answer;
  };
  return {
    place: async (load, deadlineMs) => (await ask({ order: 'place', load }, 'placed', deadlineMs)).result,
    hold: async (calls, ratePerSecond, to, deadlineMs) =>
      (await ask({ order: 'hold', calls, ratePerSecond, to }, 'held', deadlineMs)).live,
    async stop() {
      process.removeListener('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const late = setTimeout(kill, 10_000);
      child.disconnect();
      await gone;
      clearTimeout(late);
    },
  };
}

function heard<Told extends SwitchReport['told']>(
  child: ChildProcess,
  told: Told,
  deadlineMs: number,
): Promise<Extract<SwitchReport, { told: Told }>> {
  return new Promise((resolve, reject) => {
    const over = (why: string) => {
      clearTimeout(timer);
      child.off('message', listen);
      child.off('exit', died);
      if (why !== '') reject(new Error(why));
    };
    const died = () => over('the simulated switch ended');
    const listen = (report: SwitchReport) => {
      if (report.told !== told) return;
      over('');
      resolve(report as Extract<SwitchReport, { told: Told }>);
    };
    const timer = setTimeout(
      () => over(`the simulated switch did not say ${told} in ${deadlineMs} ms`),
      deadlineMs,
    );
    child.on('message', listen);
    child.once('exit', died);
  });
}
