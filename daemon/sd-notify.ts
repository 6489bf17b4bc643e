import { execFile } from 'node:child_process';

/** What systemd asked for (`Config.systemd`). */
export interface SystemdRequest {
  readonly notifySocket: string;
  /** WatchdogSec in ms; undefined where the unit has none. */
  readonly watchdogMs: number | undefined;
}

/** Puts one message (`READY=1`) into the notify socket; rejects where systemd cannot be told. */
export type SendToSystemd = (notifySocket: string, messages: readonly string[]) => Promise<void>;

export interface NotifyLog {
  warn(facts: object, message: string): void;
}

/** A `systemd-notify` that hangs must not hold the daemon. */
const sendDeadlineMs = 5000;

/**
 * Runs `systemd-notify`, which is wherever there is a notify socket. Node has no Unix datagram sockets, and a native
 * addon for three messages at a start and two a minute would need a compiler on every machine. The unit has
 * NotifyAccess=all for it; it waits until systemd has read the message, so none is lost with its process.
 */
export function runSystemdNotify(
  notifySocket: string,
  messages: readonly string[],
  path = '/usr/bin:/bin',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { env: { NOTIFY_SOCKET: notifySocket, PATH: path }, timeout: sendDeadlineMs };
    execFile('systemd-notify', [...messages], options, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

/**
 * Tells systemd how the daemon is: READY=1, then WATCHDOG=1 as long as the event loop turns, STOPPING=1. Without
 * systemd it says nothing. Failures are logged, never thrown: a call is worth more than a message.
 */
export class SystemdNotifier {
  readonly #request: SystemdRequest | undefined;
  readonly #log: NotifyLog;
  readonly #send: SendToSystemd;
  #beat: NodeJS.Timeout | undefined;
  #beating = false;

  constructor(request: SystemdRequest | undefined, log: NotifyLog, send: SendToSystemd = runSystemdNotify) {
    this.#request = request;
    this.#log = log;
    this.#send = send;
  }

  /** The daemon takes calls; `status` is what `systemctl status` shows. The watchdog beats from now on. */
  async ready(status: string): Promise<void> {
    const watchdogMs = this.#request?.watchdogMs;
    if (watchdogMs !== undefined && this.#beat === undefined) {
      // Three beats a period: one that is late or lost is no reason to be killed.
      this.#beat = setInterval(() => void this.#alive(), watchdogMs / 3);
      this.#beat.unref();
    }
    await this.#tell('READY=1', `STATUS=${oneLine(status)}`);
  }

  /** What `systemctl status` shows from now on. */
  status(status: string): Promise<void> {
    return this.#tell(`STATUS=${oneLine(status)}`);
  }

  /** The daemon drains; the watchdog goes on beating, for draining takes minutes. */
  stopping(status: string): Promise<void> {
    return this.#tell('STOPPING=1', `STATUS=${oneLine(status)}`);
  }

  /** Ends the beats. Twice is harmless. */
  stop(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  async #alive(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    await this.#tell('WATCHDOG=1');
    this.#beating = false;
  }

  async #tell(...messages: readonly string[]): Promise<void> {
    if (this.#request === undefined) return;
    try {
      await this.#send(this.#request.notifySocket, messages);
    } catch (error) {
      this.#log.warn({ err: error, messages }, 'systemd could not be told');
    }
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ');
}
