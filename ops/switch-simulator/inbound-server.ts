import { createServer, type Server } from 'node:net';
import { InboundConnection } from './inbound-connection.ts';
import type { SwitchCore } from './switch-core.ts';

/** FreeSWITCH's own event socket (port 8021 there). */
export class InboundServer {
  readonly #core: SwitchCore;
  readonly #password: string;
  readonly #connections = new Set<InboundConnection>();
  #server: Server | undefined;

  constructor(core: SwitchCore, password: string) {
    this.#core = core;
    this.#password = password;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Listens on loopback; 0 chooses a port. Resolves with the port. */
  async start(port: number): Promise<number> {
    if (this.#server !== undefined) return portOf(this.#server);
    const server = createServer({ noDelay: true }, (socket) => {
      const connection = new InboundConnection(this.#core, socket, this.#password);
      this.#connections.add(connection);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#connections.delete(connection);
        this.#core.listeners.delete(connection);
      });
      connection.start();
    });
    this.#server = server;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
    await promise;
    return portOf(server);
  }

  /** Breaks every connection, as a network that fails does; the server goes on listening. */
  dropConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    this.dropConnections();
    this.#connections.clear();
    await promise;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
