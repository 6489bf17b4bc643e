import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../until.ts';

const main = resolve(import.meta.dirname, '../../daemon/main.ts');
/** What a daemon compiles is kept for the next, as the tests' own. */
const { NODE_COMPILE_CACHE = '' } = process.env;
const compileCache: Record<string, string> = NODE_COMPILE_CACHE === '' ? {} : { NODE_COMPILE_CACHE };
/** As `callfabric start` has it (daemon/callfabric.js), and these tests. */
const isFlag = (argument: string): boolean => argument === '--no-maglev';

/** A daemon as a process of its own, so that it can be killed. */
export interface DaemonProcess {
  readonly child: ChildProcess;
  readonly log: readonly Record<string, unknown>[];
  /** Exit code or signal. */
  readonly exited: Promise<number | string>;
  readonly stderr: () => string;
  /** Resolves when it listens; rejects with what it said where it ends, or does not come so far. */
  started(): Promise<void>;
}

/** Runs `callfabric start` with these settings alone. `heard` gets each line of its log. */
export function daemonProcess(
  settings: Readonly<Record<string, string>>,
  heard: (line: string) => void,
): DaemonProcess {
  const log: Record<string, unknown>[] = [];
  const child = spawn(process.execPath, [...process.execArgv.filter(isFlag), main, 'start'], {
    env: { ...compileCache, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as Record<string, unknown>);
    heard(line);
  });
  const exited = new Promise<number | string>((done) => {
    child.on('exit', (code, signal) => done(code ?? signal ?? 'unknown'));
  });
  return {
    child,
    log,
    exited,
    stderr: () => stderr,
    async started() {
      const listens = (): boolean => {
        const ended = child.exitCode ?? child.signalCode;
        if (ended !== null) throw new Error(`the daemon ended with ${ended}`);
        return log.some(({ msg }) => msg === 'callfabric started');
      };
      await until('the daemon process to listen', listens, 120_000).catch((error: unknown) => {
        const last = log.slice(-5).map((line) => JSON.stringify(line));
        throw new Error([String(error), stderr, ...last].join('\n'), { cause: error });
      });
    },
  };
}
