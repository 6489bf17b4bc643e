import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { resetSocket } from '../../../ops/switch-simulator/reset-socket.ts';
import { bytesFromSwitch } from './recordings.ts';
import { type ReadCommand, readCommands } from './switch-reader.ts';

/** The recorded answer to `connect`. */
export const recordedChannelData: Buffer = (() => {
  const bytes = bytesFromSwitch('sync/bridge_answered.jsonl');
  return bytes.subarray(0, bytes.indexOf('\n\n') + 2);
})();

export const okReply = 'Content-Type: command/reply\nReply-Text: +OK\n\n';
export const disconnectNotice =
  'Content-Type: text/disconnect-notice\nContent-Disposition: disconnect\nContent-Length: 5\n\nBye.\n';

/** One event in a frame, its values url-encoded. */
export function eventFrame(headers: Readonly<Record<string, string>>, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${encodeURIComponent(value)}\n`);
  const inner = body === '' ? '\n' : `Content-Length: ${Buffer.byteLength(body)}\n\n${body}`;
  const event = `${lines.join('')}${inner}`;
  return `Content-Length: ${Buffer.byteLength(event)}\nContent-Type: text/event-plain\n\n${event}`;
}

export function completion(uuid: string, more: Readonly<Record<string, string>> = {}): string {
  return eventFrame({ 'Event-Name': 'CHANNEL_EXECUTE_COMPLETE', 'Application-UUID': uuid, ...more });
}

export function headerOf(command: ReadCommand | undefined, name: string): string | undefined {
  return command?.headers.find(([header]) => header === name)?.[1];
}

/** FreeSWITCH's end of a socket, moved by the test step by step. */
export class ScriptedSwitch {
  readonly #socket: Socket;
  #unread = '';
  readonly #commands: ReadCommand[] = [];
  readonly #packets: string[] = [];
  readonly #subscriptions: string[] = [];
  #wake: (() => void) | undefined;
  closed = false;
  /** What `filter` and `event` are answered with, as they come: they are none of `commands` then. */
  subscriptionReply: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('data', (text: string) => {
      this.#packets.push(text);
      const { commands, rest } = readCommands(this.#unread + text);
      this.#unread = rest;
      for (const command of commands) {
        if (this.subscriptionReply !== undefined && /^(filter|event) /.test(command.command)) {
          this.#subscriptions.push(command.command);
          this.send(this.subscriptionReply);
        } else this.#commands.push(command);
      }
      this.#wake?.();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  /** Calls a listening daemon. */
  static async call(port: number): Promise<ScriptedSwitch> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = new ScriptedSwitch(socket);
    peer.subscriptionReply = okReply;
    return peer;
  }

  /** Calls, and answers `connect`. */
  static async answered(port: number): Promise<ScriptedSwitch> {
    const peer = await ScriptedSwitch.call(port);
    await peer.commands(1);
    peer.send(recordedChannelData);
    return peer;
  }

  /** The next `count` commands. */
  async commands(count: number): Promise<ReadCommand[]> {
    while (this.#commands.length < count) {
      if (this.closed) throw new Error(`closed after ${this.#commands.length} of ${count} commands`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#commands.splice(0, count);
  }

  /** The commands that asked for events (see `subscriptionReply`). */
  get subscriptions(): readonly string[] {
    return this.#subscriptions;
  }

  /** What came in, packet by packet. */
  get packets(): readonly string[] {
    return this.#packets;
  }

  send(...parts: readonly (string | Buffer)[]): void {
    for (const part of parts) this.#socket.write(part);
  }

  reset(): void {
    resetSocket(this.#socket);
  }

  end(): void {
    this.#socket.end();
  }

  async untilClosed(): Promise<void> {
    if (!this.closed) await once(this.#socket, 'close');
  }
}
