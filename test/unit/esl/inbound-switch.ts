import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ScriptedSwitch } from './scripted-switch.ts';

/** The inbound side of FreeSWITCH: it listens, greets, and leaves the rest to the test. */
export class InboundSwitch {
  readonly #server: Server;
  readonly #arrived: ScriptedSwitch[] = [];
  readonly #sockets = new Set<Socket>();
  #wake: (() => void) | undefined;
  connections = 0;
  port = 0;

  constructor(greeting = 'Content-Type: auth/request\n\n') {
    this.#server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      const peer = new ScriptedSwitch(socket);
      peer.send(greeting);
      this.#arrived.push(peer);
      this.#wake?.();
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The next connection. */
  async connection(): Promise<ScriptedSwitch> {
    for (;;) {
      const peer = this.#arrived.shift();
      if (peer !== undefined) return peer;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next connection, let in and subscribed. */
  async admitted(): Promise<ScriptedSwitch> {
    const peer = await this.connection();
    await peer.commands(1);
    peer.send('Content-Type: command/reply\nReply-Text: +OK accepted\n\n');
    await peer.commands(4);
    for (let n = 0; n < 4; n += 1) peer.send('Content-Type: command/reply\nReply-Text: +OK\n\n');
    return peer;
  }
}

export function apiAnswer(text: string): string {
  return `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(text)}\n\n${text}`;
}
