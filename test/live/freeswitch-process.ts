import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { dialEventSocket, type EventSocket } from './event-socket.ts';
import { live } from './find-freeswitch.ts';
import { claimMediaPorts, freePort } from './free-ports.ts';

const root = resolve(import.meta.dirname, '../..');
const rtpPorts = 400;

export interface FreeSwitchOptions {
  /** `host:port|host:port`, as the dialplan's `socket` takes it. */
  readonly daemons: string;
  /** Default: a port nobody listens on, so records go to `cdrFolder`. */
  readonly cdrUrl?: string;
  readonly cdrCredentials?: string;
  /** Gateways by name, each a `host:port` on loopback. */
  readonly gateways?: Readonly<Record<string, string>>;
  /** `listening` is enough where nobody can come in. Default: ready for calls. */
  readonly ready?: 'listening';
  /** What else the switch's environment holds; an undefined value takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A real FreeSWITCH with the project's own freeswitch-conf and dialplans, on loopback, in a folder of its own. */
export interface RunningFreeSwitch {
  readonly sipPort: number;
  readonly eslPort: number;
  readonly eslPassword: string;
  /** Goes away with the process. */
  readonly folder: string;
  readonly recordingsFolder: string;
  /** Empty: where flows name their sound files. */
  readonly soundsFolder: string;
  readonly cdrFolder: string;
  /** A new inbound connection. */
  inbound(): Promise<EventSocket>;
  log(): string;
  stop(): Promise<void>;
}

async function listening(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'data');
  socket.destroy();
}

async function ready(
  port: number,
  password: string | undefined,
  child: ChildProcess,
  exited: Promise<unknown>,
  log: () => string,
): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`FreeSWITCH ended with ${child.exitCode}: ${log().slice(-2000)}`);
    if (Date.now() > deadline) throw new Error(`FreeSWITCH was not ready in 30 s: ${log().slice(-2000)}`);
    try {
      if (password === undefined) return await listening(port);
      const socket = await dialEventSocket(port, password);
      const status = await socket.api('status');
      socket.close();
      if (status.includes('is ready')) return;
    } catch {
      // Not listening yet, or still loading its modules.
    }
    await Promise.race([exited, new Promise((next) => setTimeout(next, 100))]);
  }
}

export async function startFreeSwitch(options: FreeSwitchOptions): Promise<RunningFreeSwitch> {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-freeswitch-'));
  const under = (name: string): string => join(folder, name);
  const folders = [
    'log',
    'db',
    'run',
    'temp',
    'recordings',
    'storage',
    'cache',
    'certs',
    'gateways',
    'carriers',
    'sounds',
  ];
  for (const name of folders) mkdirSync(under(name));
  for (const [name, address] of Object.entries(options.gateways ?? {}))
    writeFileSync(
      under(`gateways/${name}.xml`),
      // FreeSWITCH drops every line with `<include>` in it, whatever else stands there.
      `<include>\n<gateway name="${name}"><param name="proxy" value="${address}"/><param name="register" value="false"/><param name="username" value="live"/><param name="password" value="live"/><param name="caller-id-in-from" value="true"/></gateway>\n</include>\n`,
    );
  const [sipPort, eslPort, nobody] = [await freePort(), await freePort(), await freePort()];
  const rtp = await claimMediaPorts(rtpPorts);
  const eslPassword = `live-${Math.random().toString(36).slice(2)}`;
  const env: Record<string, string> = {};
  const settings: Readonly<Record<string, string | undefined>> = {
    PATH: process.env['PATH'],
    FREESWITCH_ESL_PORT: String(eslPort),
    FREESWITCH_ESL_PASSWORD: eslPassword,
    FREESWITCH_SIP_PORT: String(sipPort),
    FREESWITCH_RTP_START_PORT: String(rtp.first),
    FREESWITCH_RTP_END_PORT: String(rtp.first + rtpPorts - 2),
    FREESWITCH_GATEWAYS: under('gateways'),
    FREESWITCH_CARRIERS: under('carriers'),
    FREESWITCH_DAEMONS: options.daemons,
    FREESWITCH_CDR_URL: options.cdrUrl ?? `http://127.0.0.1:${nobody}/freeswitch/cdr`,
    FREESWITCH_CDR_CRED: options.cdrCredentials ?? 'freeswitch:live',
    FREESWITCH_CDR_DIR: under('cdr'),
    FREESWITCH_SOUNDS: under('sounds'),
    FREESWITCH_SWITCHNAME: 'live-switch',
    FREESWITCH_LOG_LEVEL: 'debug',
    ...options.env,
  };
  for (const [name, value] of Object.entries(settings)) if (value !== undefined) env[name] = value;
  const places = folders.slice(0, 8).flatMap((name) => [`-${name}`, under(name)]);
  const child = spawn(
    live.freeswitch,
    // -nonat: without it FreeSWITCH looks for a NAT router beyond loopback.
    ['-nonat', '-nf', '-nc', '-conf', join(root, 'freeswitch-conf'), ...places],
    { cwd: folder, env, stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  const log = (): string => {
    try {
      return readFileSync(under('log/freeswitch.log'), 'utf8');
    } catch {
      return '';
    }
  };
  // A test that dies must not leave a switch behind.
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const late = setTimeout(kill, 15_000);
      await exited;
      clearTimeout(late);
    }
    process.removeListener('exit', kill);
    rtp.release();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(eslPort, options.ready === 'listening' ? undefined : eslPassword, child, exited, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    sipPort,
    eslPort,
    eslPassword,
    folder,
    recordingsFolder: under('recordings'),
    soundsFolder: under('sounds'),
    cdrFolder: under('cdr'),
    inbound: () => dialEventSocket(eslPort, eslPassword),
    log,
    stop,
  };
}
