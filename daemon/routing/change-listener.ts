import type { MikroORM } from '@mikro-orm/postgresql';
import type { PoolClient } from 'pg';
import { poolOf } from '../../orm/config.ts';

export interface ChangeListenerOptions {
  readonly orm: MikroORM;
  /** A tenant's configuration changed. */
  readonly onChange: (tenantId: string) => void;
  /** Notices may have been missed until now: forget what was known. */
  readonly onListening: () => void;
  readonly log: { info(facts: object, message: string): void; warn(facts: object, message: string): void };
  /** Pause before a lost connection is made again, doubled up to `retryMaxMs`. Defaults 50 and 2000. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** How often a silent connection is asked whether it is still there. Default 5000. */
  readonly heartbeatMs?: number;
}

/** Hears PostgreSQL's `callfabric_changed` on a connection of its own, which is made again when it breaks. */
export class ChangeListener {
  readonly #options: Required<ChangeListenerOptions>;
  #stop: AbortController | undefined;
  #running: Promise<void> | undefined;
  #listening = false;

  constructor(options: ChangeListenerOptions) {
    this.#options = { retryMinMs: 50, retryMaxMs: 2000, heartbeatMs: 5000, ...options };
  }

  /** False while changes would go unheard. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Resolves after the first try to connect, however it ended. */
  async start(): Promise<void> {
    if (this.#stop !== undefined) return;
    this.#stop = new AbortController();
    const first = Promise.withResolvers<void>();
    this.#running = this.#run(this.#stop.signal, first.resolve);
    await first.promise;
  }

  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#running;
    this.#stop = undefined;
  }

  async #run(stopped: AbortSignal, tried: () => void): Promise<void> {
    const { orm, log, retryMinMs, retryMaxMs } = this.#options;
    let retryMs = retryMinMs;
    while (!stopped.aborted) {
      let client: PoolClient | undefined;
      try {
        const pool = await poolOf(orm);
        client = await pool.connect();
        const broken = this.#whenBroken(client, stopped);
        await client.query('listen callfabric_changed');
        this.#listening = true;
        this.#options.onListening();
        retryMs = retryMinMs;
        tried();
        await broken;
      } catch (error) {
        log.warn(
          { error: String(error), retryMs },
          'configuration changes cannot be heard: PostgreSQL is away',
        );
      } finally {
        this.#listening = false;
        client?.release(true);
        tried();
      }
      if (stopped.aborted) return;
      await pause(retryMs, stopped);
      retryMs = Math.min(retryMaxMs, retryMs * 2);
    }
  }

  /** Rejects when the connection breaks or no longer answers; resolves when we stop. */
  async #whenBroken(client: PoolClient, stopped: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // it may break before anybody waits for it
    const onError = (error: Error): void => reject(error);
    const onEnd = (): void => reject(new Error('the connection ended'));
    const onNotice = (notice: { payload?: string | undefined }): void =>
      this.#options.onChange(notice.payload ?? '');
    const onStop = (): void => resolve();
    client.on('error', onError).on('end', onEnd).on('notification', onNotice);
    stopped.addEventListener('abort', onStop, { once: true });
    // A half-open connection (a firewall that forgot it) is silent for ever.
    const heartbeat = setInterval(() => {
      const query = { text: 'select 1', query_timeout: this.#options.heartbeatMs };
      client.query(query).catch(onError);
    }, this.#options.heartbeatMs);
    try {
      await promise;
    } finally {
      clearInterval(heartbeat);
      stopped.removeEventListener('abort', onStop);
      client.off('end', onEnd).off('notification', onNotice);
      // onError stays: an error without a listener would end the process.
    }
  }
}

async function pause(ms: number, stopped: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onStop = (): void => resolve();
  stopped.addEventListener('abort', onStop, { once: true });
  await promise;
  clearTimeout(timer);
  stopped.removeEventListener('abort', onStop);
}
