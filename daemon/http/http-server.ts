import type { FastifyInstance } from 'fastify';
import { type ApiDependencies, buildApp } from './app.ts';

/** Loopback unless told otherwise: the API is an operator's, not the internet's. Port 0 takes any free one. */
export interface ApiAddress {
  readonly host?: string;
  readonly port: number;
}

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

  /** Ends idle connections at once and waits for requests being answered. Twice is harmless. */
  stop(): Promise<void> {
    this.#stopped ??= Promise.resolve(this.#app.close()).then(() => undefined);
    return this.#stopped;
  }
}
