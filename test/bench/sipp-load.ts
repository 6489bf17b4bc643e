import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { live } from '../live/find-freeswitch.ts';
import { freePort } from '../live/free-ports.ts';

const scenario = (name: string): string => join(import.meta.dirname, 'scenarios', `${name}.xml`);

/** Answers every call at once on `port` until stopped. */
export async function startCallee(port: number): Promise<{ stop(): Promise<void> }> {
  const words = `-sf ${scenario('callee')} -i 127.0.0.1 -p ${port} -mi 127.0.0.1 -nostdin`;
  const child = spawn(live.sipp, words.split(' '), {
    stdio: 'ignore',
    env: { ...process.env, TERM: 'dumb' },
  });
  const exited = once(child, 'exit');
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  return {
    async stop() {
      process.removeListener('exit', kill);
      kill();
      await exited;
    },
  };
}

export interface DialDelays {
  /** INVITE to 200, of every call that was answered, ascending, ms. */
  readonly delaysMs: readonly number[];
  readonly failed: number;
  /** How much of all cores was taken, by whatever ran, from the first call to the last: at 100 calls wait for each other. */
  readonly busyPercent: number;
}

/** Places `calls` calls to `number` at `perSecond`; each talks for a second. */
export async function measureDialDelays(
  sipPort: number,
  number: string,
  calls: number,
  perSecond: number,
): Promise<DialDelays> {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-bench-sipp-'));
  const deadlineS = Math.ceil(calls / perSecond) + 15;
  const words = [
    `-sf ${scenario('caller')} -s ${number} -i 127.0.0.1 -p ${await freePort()} -mi 127.0.0.1 -nostdin`,
    `-m ${calls} -r ${perSecond} -l ${calls} -timeout ${deadlineS}s -trace_rtt -rtt_freq 1`,
    `127.0.0.1:${sipPort}`,
  ].flatMap((line) => line.split(' '));
  const child = spawn(live.sipp, words, {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, TERM: 'dumb' },
  });
  const before = cpuTimes();
  const late = setTimeout(() => child.kill('SIGKILL'), (deadlineS + 5) * 1000);
  try {
    // Of the end, when calls only talk and hang up, nothing is counted.
    const busyPercent = await Promise.race([
      delay((calls / perSecond) * 1000).then(() => busySince(before)),
      once(child, 'exit').then(() => busySince(before)),
    ]);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    // SIPp writes caller_<pid>_rtt.csv: date;response time in ms;name of the timer.
    const file = readdirSync(folder).find((name) => name.endsWith('_rtt.csv'));
    const lines = file === undefined ? [] : readFileSync(join(folder, file), 'latin1').split('\n').slice(1);
    const delaysMs = lines
      .map((line) => Number.parseFloat(line.split(';')[1] ?? ''))
      .filter((ms) => !Number.isNaN(ms))
      .sort((a, b) => a - b);
    return { delaysMs, failed: calls - delaysMs.length, busyPercent };
  } finally {
    clearTimeout(late);
    rmSync(folder, { recursive: true, force: true });
  }
}

interface CpuTimes {
  readonly all: number;
  readonly idle: number;
}

function cpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { all, idle: times.reduce((sum, { idle }) => sum + idle, 0) };
}

function busySince(before: CpuTimes): number {
  const { all, idle } = cpuTimes();
  return Math.round(100 * (1 - (idle - before.idle) / (all - before.all)));
}

export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
