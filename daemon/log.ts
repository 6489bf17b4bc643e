import { destination, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

/** How long a line may wait for others before it is written, ms; at the process's end none waits. */
const lingerMs = 100;
/** Characters gathered before they are written at once. */
const longestWrite = 256 * 1024;

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
    : pino(base, new LinesTogether());
}

/**
 * Standard output, written a few times a second: a system call for every line was an eighth of the time the daemon
 * spends on a call. What sonic-boom gathers by itself it measures again with every line, so lines are gathered here and
 * handed over together.
 */
class LinesTogether {
  #lines: string[] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #out: ReturnType<typeof destination>;

  constructor() {
    // Before the destination's own listener, which writes what it was given.
    process.once('exit', () => this.#handOver());
    this.#out = destination({ dest: 1, sync: false, minLength: 0, maxWrite: longestWrite * 2 });
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= longestWrite) this.#handOver();
    else this.#timer ??= setTimeout(() => this.#handOver(), lingerMs).unref();
  }

  #handOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    this.#out.write(text);
  }
}
