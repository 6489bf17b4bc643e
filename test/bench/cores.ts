import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const pinning =
  availableParallelism() > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

/** True where processes can be kept on a core of their own. */
export const canPin = pinning;

/** This process, and everything it starts from now on, runs on `cores` (as `taskset -c` takes them). */
export function pinOurselves(cores: string): void {
  if (pinning) spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' });
}

/** The command line that runs a program on one core. */
export function pinned(core: number, command: string, args: readonly string[]): [string, string[]] {
  return pinning ? ['taskset', ['-c', String(core), command, ...args]] : [command, [...args]];
}
