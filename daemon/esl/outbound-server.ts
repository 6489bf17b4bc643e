import { createServer, type Server, type Socket } from 'node:net';
import { CallSocket } from './call-socket.ts';
import type { EslLog } from './esl-log.ts';
import type { OutboundSocket } from './outbound-socket.ts';

export interface OutboundServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: EslLog;
  /** Who may connect; others are closed at once and named in the log. Default: everybody. */
  readonly allows?: (address: string) => boolean;
  /** How long FreeSWITCH may take to answer `connect`. */
  readonly connectDeadlineMs?: number;
  /** Sockets open at once; further ones are closed, and FreeSWITCH tries its next host or dialplan action. */
  readonly maxSockets?: number;
  /** The same for one address, so that a stranger cannot take all of them. */
  readonly maxSocketsPerAddress?: number;
}

type CallHandler = (socket: OutboundSocket) => void | Promise<void>;

/**
 * Listens for FreeSWITCH's synchronous `socket` application, one connection a call. Whatever happens on one socket
 * (a reset, nonsense, silence) ends that socket alone.
 */
export class OutboundServer {
  readonly #options: Required<OutboundServerOptions>;
  readonly #sockets = new Set<CallSocket>();
  readonly #perAddress = new Map<string, number>();
  #handler: CallHandler | undefined;
  #server: Server | undefined;
  #starting: Promise<{ host: string; port: number }> | undefined;

  constructor(options: OutboundServerOptions) {
    this.#options = {
      connectDeadlineMs: 5000,
      maxSockets: 20_000,
      maxSocketsPerAddress: 10_000,
      allows: () => true,
      ...options,
    };
  }

  /** Who gets the calls. A handler that throws loses its own call only. */
  onCall(handler: CallHandler): void {
    this.#handler = handler;
  }

  /** Begins to listen. Rejects when the port cannot be had. */
  start(): Promise<{ host: string; port: number }> {
    this.#starting ??= this.#listen();
    return this.#starting;
  }

  /** Stops accepting; calls that are there go on. */
  async stop(): Promise<void> {
    const starting = this.#starting;
    this.#starting = undefined;
    await starting?.catch(() => undefined);
    if (this.#starting !== undefined) return;
    // Not awaited: its callback waits for the last call to end.
    this.#server?.close();
    this.#server = undefined;
  }

  /** Closes every socket without a word: FreeSWITCH hands each call to the next dialplan action. */
  closeSockets(): void {
    for (const socket of this.#sockets) socket.close();
  }

  /** Calls (and connections that have not said yet that they are one) there now. */
  get openSockets(): number {
    return this.#sockets.size;
  }

  #listen(): Promise<{ host: string; port: number }> {
    const { host, port, log } = this.#options;
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        this.#starting = undefined;
        reject(error);
      });
      server.listen({ host, port, backlog: 1024 }, () => {
        server.removeAllListeners('error');
        // EMFILE and the like: the system refused one connection, the rest goes on.
        server.on('error', (error) => log.warn({ error: error.message }, 'accepting a connection failed'));
        const address = server.address();
        resolve(
          typeof address === 'object' && address !== null
            ? { host: address.address, port: address.port }
            : { host, port },
        );
      });
    });
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const fromAddress = this.#perAddress.get(address) ?? 0;
    const bound = this.#passedBound(address, fromAddress);
    if (bound !== undefined) {
      this.#options.log.warn({ address, bound }, 'event socket refused');
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, fromAddress + 1);
    const call = new CallSocket(socket, {
      connected: (connected) => this.#hand(connected),
      ended: (end) => {
        this.#sockets.delete(call);
        this.#forget(address);
        if (end.kind === 'refused' || end.kind === 'timeout')
          this.#options.log.warn({ address, end: end.kind, detail: end.detail }, 'event socket ended');
      },
    });
    this.#sockets.add(call);
    call.start(this.#options.connectDeadlineMs);
  }

  #passedBound(address: string, fromAddress: number): string | undefined {
    const { maxSockets, maxSocketsPerAddress, allows } = this.#options;
    if (!allows(address)) return 'not one of CALLFABRIC_ALLOWED_SOURCES';
    if (this.#sockets.size >= maxSockets) return `at most ${maxSockets} sockets`;
    if (fromAddress >= maxSocketsPerAddress) return `at most ${maxSocketsPerAddress} sockets an address`;
    return undefined;
  }

  #forget(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left <= 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }

  #hand(socket: CallSocket): void {
    const failed = (error: unknown) => {
      this.#options.log.warn({ error: String(error) }, 'call handler failed');
      socket.close();
    };
    try {
      const handled = this.#handler?.(socket);
      if (handled !== undefined) handled.catch(failed);
      else if (this.#handler === undefined) socket.close();
    } catch (error) {
      failed(error);
    }
  }
}
