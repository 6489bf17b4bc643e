import { type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

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
    : pino(base);
}
