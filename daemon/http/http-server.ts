import type { FastifyInstance } from 'fastify';
import { type ApiDependencies, buildApp } from './app.ts';

/** Loopback unless told otherwise: the API is an operator's, not the internet's. Port 0 takes any free one. */
export interface ApiAddress {
  readonly host?: string;
  readonly port: number;
}

/** After this nobody is waited for any more, ms. */
const longestCloseMs = 5_000;

/** The admin API on its port. */
export class HttpServer {
  readonly #app: FastifyInstance;
  readonly #address: ApiAddress;
  #listening: Promise<string> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws RangeError where there is no usable key: without one it does not start. */
  constructor(dependencies: ApiDependencies, address: ApiAddress) {
    this.#app = buildApp(dependencies);
    this.#address = address;
  }

  /** Resolves with the address it listens on (`http://127.0.0.1:8085`); twice is harmless. */
  start(): Promise<string> {
    this.#listening ??= this.#app.listen({
      host: this.#address.host ?? '127.0.0.1',
      port: this.#address.port,
    });
    return this.#listening;
  }

  /** Waits for requests being answered, but not for long, and not for idle connections. Twice is harmless. */
  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    const { server } = this.#app;
    // One that never asked for anything is not idle for Node, and once the server closes nothing else would end it.
    const late = setTimeout(() => server.closeAllConnections(), longestCloseMs);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(late);
    }
  }
}
