/** By line of the daemon's code: how many timers set there have neither fired nor been cleared. */
export type PendingTimers = ReadonlyMap<string, number>;

/** By the timer; `clearTimeout` is given anything. */
const pending = new Map<unknown, { readonly timer: NodeJS.Timeout; readonly from: string }>();

/** `call/leg-book.ts:85` where a line of daemon/ set the timer; undefined for the test's, the simulator's, a library's. */
function origin(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 4; // this function, `noted`, the timer's own, and who called that
  const { stack = '' } = new Error('where');
  Error.stackTraceLimit = limit;
  const frame = stack.split('\n')[4] ?? '';
  return frame.includes('/node_modules/') ? undefined : /\/daemon\/(\S+\.ts:\d+)/.exec(frame)?.[1];
}

/**
 * Notes every timer that the daemons of this process set from now on. Node tells how many timers there are, but not
 * whose: those of the test, of the simulator and of the database's idle connections come and go beside the daemon's.
 */
export function watchTimers(): void {
  const { setTimeout: startOne, setInterval: startMany, clearTimeout: endOne } = globalThis;
  const noted = (timer: NodeJS.Timeout): NodeJS.Timeout => {
    const from = origin();
    if (from !== undefined) pending.set(timer, { timer, from });
    return timer;
  };
  // Object.assign keeps what util.promisify looks for.
  globalThis.setTimeout = Object.assign(
    (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const timer = startOne(() => {
        pending.delete(timer);
        run(...given);
      }, ms);
      return noted(timer);
    },
    startOne,
  );
  globalThis.setInterval = Object.assign(
    (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) =>
      noted(startMany(run, ms, ...given)),
    startMany,
  );
  const end = (timer: NodeJS.Timeout | string | number | undefined): void => {
    pending.delete(timer);
    endOne(timer);
  };
  globalThis.clearTimeout = end;
  globalThis.clearInterval = end;
}

/** Without those that are unref()ed: to outlive the call for a while, as LegBook's for late ends, is their purpose. */
export function pendingTimers(): PendingTimers {
  const found = new Map<string, number>();
  for (const { timer, from } of pending.values())
    if (timer.hasRef()) found.set(from, (found.get(from) ?? 0) + 1);
  return found;
}
