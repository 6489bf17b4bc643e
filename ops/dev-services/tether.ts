import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('tether.sh', import.meta.url));

export interface TetheredOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** What the server takes for "end now, in order". */
  readonly signal: 'INT' | 'TERM';
  /** Removed after the server's end; undefined leaves everything in place. */
  readonly removeDirectory: string | undefined;
  readonly logFile: string;
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/** A server that does not end by its signal is killed after this, ms. */
const longestStopMs = 10_000;

/** A server process that ends when we do, even by SIGKILL: it hangs on a pipe that only we hold (tether.sh). */
export interface Tethered {
  readonly pid: number;
  /** True until the server ended by itself or was stopped. */
  running(): boolean;
  /** The last lines the server wrote, for an error message. */
  logTail(): string;
  /** Ends the server and waits for its end; twice is harmless. */
  stop(): Promise<void>;
}

/** Starts a server on a tether, in a process group of its own so that Ctrl-C reaches us before it. */
export function startTethered(options: TetheredOptions): Tethered {
  const log = openSync(options.logFile, 'a');
  const child: ChildProcess = spawn(
    '/bin/sh',
    [script, options.signal, options.removeDirectory ?? '', options.command, ...options.args],
    { stdio: ['pipe', log, log], detached: true, cwd: '/', ...options.user },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let running = true;
  void ended.then(() => {
    running = false;
  });
  child.stdin?.on('error', () => {});
  // A forgotten stop() must not keep a test or the demo from ending: the tether does the rest.
  child.unref();
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function') {
    child.stdin.unref();
  }
  return {
    pid: child.pid ?? 0,
    running: () => running,
    logTail: () => readFileSync(options.logFile, 'utf8').split('\n').slice(-15).join('\n'),
    stop: async () => {
      child.ref();
      if (running) child.kill(`SIG${options.signal}`);
      // Redis refuses to go while it writes its first append-only file, and forgets that it was told.
      const late = setTimeout(() => child.kill('SIGKILL'), longestStopMs);
      await ended;
      clearTimeout(late);
      child.stdin?.destroy();
    },
  };
}

/** A TCP port of the loopback that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
  return address.port;
}

/** Waits until something accepts connections on a loopback port; rejects when the server ended or the deadline passed. */
export async function waitForPort(port: number, server: Tethered, deadlineMs: number): Promise<void> {
  const endAt = Date.now() + deadlineMs;
  while (server.running() && Date.now() < endAt) {
    if (await accepts(port)) return;
    await delay(15);
  }
  throw new Error(`the server on port ${port} did not start:\n${server.logTail()}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
