import { destination, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

/** How long a line may wait for others before it is written, ms; at the process's end none waits. */
const lingerMs = 100;

/** The daemon's diary: one JSON line an event on standard output (journald keeps it), or readable lines for a person. */
export function createLog(options: { readonly level: string; readonly pretty: boolean }): Logger {
  const base = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
  };
  return options.pretty
    ? pino({
        ...base,
        transport: { target: 'pino-pretty', options: { singleLine: true, ignore: 'pid,hostname' } },
      })
    : // A system call for every line was an eighth of the time the daemon spends on a call.
      pino(base, destination({ dest: 1, sync: false, minLength: 8192, periodicFlush: lingerMs }));
}
