import type { CallerScript } from './caller-script.ts';
import type { SwitchSimulator } from './simulator.ts';

export interface LoadOptions {
  readonly calls: number;
  /** Calls a second; undefined: as fast as they end, `concurrency` at a time. */
  readonly ratePerSecond: number | undefined;
  readonly concurrency: number;
  readonly from: string;
  readonly to: string;
  readonly script?: CallerScript;
}

export interface LoadResult {
  readonly calls: number;
  readonly seconds: number;
  readonly callsPerSecond: number;
  readonly answered: number;
  /** How many calls ended with each cause. */
  readonly causes: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
}

/** Places calls at a rate, or back to back, and counts how they ended. Resolves when the last one is over. */
export async function placeCalls(simulator: SwitchSimulator, options: LoadOptions): Promise<LoadResult> {
  const causes: Record<string, number> = {};
  const { promise, resolve } = Promise.withResolvers<void>();
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  let placed = 0;
  let over = 0;
  let answered = 0;
  const place = () => {
    placed++;
    const call = simulator.call({
      from: options.from,
      to: options.to,
      ...(options.script === undefined ? {} : { script: options.script }),
    });
    void call.ended.then((end) => {
      causes[end.cause] = (causes[end.cause] ?? 0) + 1;
      if (end.answered) answered++;
      if (++over === options.calls) resolve();
      else if (options.ratePerSecond === undefined && placed < options.calls) place();
    });
  };
  const rate = options.ratePerSecond;
  let pace: NodeJS.Timeout | undefined;
  if (rate === undefined) while (placed < Math.min(options.concurrency, options.calls)) place();
  else
    pace = setInterval(() => {
      const due = Math.min(options.calls, Math.floor(((performance.now() - startedAt) / 1000) * rate));
      while (placed < due) place();
    }, 2);
  await promise;
  clearInterval(pace);
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    calls: options.calls,
    seconds,
    callsPerSecond: options.calls / seconds,
    answered,
    causes,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}
