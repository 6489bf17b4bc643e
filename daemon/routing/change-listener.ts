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
}

export interface ChangeListenerTimes {
  /** Pause before a lost connection is made again, doubled up to `retryMaxMs`. Defaults 50 and 800. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How often a silent connection is asked whether it is still there: the answer is behind every notice. Default 400. */
  readonly heartbeatMs: number;
  /**
   * How long it may owe the answer before it is given up. Default 2000: longer than a busy machine needs, for meanwhile
   * `sureAtMs` tells that nothing is heard.
   */
  readonly heartbeatDeadlineMs: number;
}

/** Hears PostgreSQL's `callfabric_changed` on a connection of its own, which is made again when it breaks. */
export class ChangeListener {
  readonly #options: ChangeListenerOptions & ChangeListenerTimes;
  #stop: AbortController | undefined;
  #running: Promise<void> | undefined;
  #sureAtMs: number | undefined;

  constructor(options: ChangeListenerOptions & Partial<ChangeListenerTimes>) {
    this.#options = {
      retryMinMs: 50,
      retryMaxMs: 800,
      heartbeatMs: 400,
      heartbeatDeadlineMs: 2000,
      ...options,
    };
  }

  /** False while changes would go unheard. */
  get listening(): boolean {
    return this.#sureAtMs !== undefined;
  }

  /**
   * Every change up to this moment (of `performance.now()`) has been heard; undefined while nothing is heard. It lags
   * behind by a heartbeat, and stands still where the connection is dead but does not say so.
   */
  get sureAtMs(): number | undefined {
    return this.#sureAtMs;
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
        const askedAtMs = performance.now();
        await client.query('listen callfabric_changed');
        this.#sureAtMs = askedAtMs;
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
        this.#sureAtMs = undefined;
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
    const { heartbeatMs, heartbeatDeadlineMs } = this.#options;
    let owed = false;
    const heartbeat = setInterval(() => {
      if (owed || this.#sureAtMs === undefined) return;
      owed = true;
      const askedAtMs = performance.now();
      const query = { text: 'select 1', query_timeout: heartbeatDeadlineMs };
      client.query(query).then(() => {
        owed = false;
        // Notices come before the answer to a later question.
        if (this.#sureAtMs !== undefined) this.#sureAtMs = askedAtMs;
      }, onError);
    }, heartbeatMs);
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
