import { createClient, ErrorReply } from '@redis/client';
import type { CapsLog } from './caps-log.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { type LuaScript, scripts } from './lua-script.ts';

/** Redis did not answer in time, or is not connected. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

export interface RedisLinkOptions {
  /** `redis://…`; Redis 7 or Valkey, alone or with a replica. Not a cluster: a script touches keys of many slots. */
  readonly url: string;
  readonly log: CapsLog;
  /** How long a command may take. */
  readonly deadlineMs: number;
}

type Client = ReturnType<typeof newClient>;

const stallMs = 3_000;
const connectMs = 2_000;
const longestPauseMs = 1_000;

/**
 * One connection to Redis for scripts and messages. Commands never wait for a connection: while it is down they are
 * refused at once, and a connection that answers nothing for three seconds is thrown away.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #deadlines: DeadlineQueue;
  readonly #subscriptions = new Map<string, (message: string) => void>();
  readonly #onUp = new Map<string, () => void>();
  readonly #onDown = new Map<string, () => void>();
  #client: Client | undefined;
  #runId = '';
  #up = false;
  #greet: (() => Promise<void>) | undefined;
  #stopped: AbortController | undefined;
  #looping: Promise<void> | undefined;
  #lastAnswerMs = 0;
  timeouts = 0;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#deadlines = new DeadlineQueue(options.deadlineMs);
  }

  get connected(): boolean {
    return this.#up;
  }

  /** Names the Redis process behind this connection; another one may have lost what the last one knew. */
  get runId(): string {
    return this.#runId;
  }

  /** Runs on every new connection before anybody else may use it. */
  greetWith(greet: () => Promise<void>): void {
    this.#greet = greet;
  }

  /** Hears of every new connection; one listener a name. */
  onUp(name: string, listener: () => void): void {
    this.#onUp.set(name, listener);
  }

  /** Hears of every lost connection; one listener a name. */
  onDown(name: string, listener: () => void): void {
    this.#onDown.set(name, listener);
  }

  /** Hears a channel on this and every later connection. */
  subscribe(channel: string, listener: (message: string) => void): void {
    this.#subscriptions.set(channel, listener);
    const client = this.#client;
    // A connection that cannot hear is of no use to those who wait for its messages.
    if (this.#up && client !== undefined) client.subscribe(channel, listener).catch(() => client.destroy());
  }

  /** Sends a message that may be lost: never rejects, resolves when Redis has it or is gone. */
  async publish(channel: string, message: string): Promise<void> {
    await this.#client?.publish(channel, message).catch(() => {});
  }

  /** Begins to connect, and goes on with that until stop(). */
  start(): void {
    if (this.#stopped !== undefined) return;
    const stopped = new AbortController();
    this.#stopped = stopped;
    this.#looping = this.#keepConnected(stopped.signal);
  }

  async stop(): Promise<void> {
    this.#stopped?.abort();
    await this.#looping;
    this.#stopped = undefined;
  }

  /**
   * Runs a script by its name, and sends its text where Redis has forgotten it.
   *
   * @throws RedisAway at the deadline or when the connection is lost; the script may have run all the same: `late`
   * gets its reply if one comes. Redis' own errors pass through.
   */
  run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly string[],
    late?: (reply: unknown) => void,
  ): Promise<unknown> {
    const client = this.#client;
    if (!this.#up || client === undefined) return Promise.reject(new RedisAway('redis is not connected'));
    return this.#bounded(evaluate(client, script, keys, args), late);
  }

  #bounded(answer: Promise<unknown>, late: ((reply: unknown) => void) | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let expired = false;
      const answered = this.#deadlines.watch(() => {
        expired = true;
        this.timeouts += 1;
        if (performance.now() - this.#lastAnswerMs > stallMs) this.#client?.destroy();
        reject(new RedisAway(`redis did not answer within ${this.#options.deadlineMs} ms`));
      });
      answer.then(
        (reply) => {
          this.#lastAnswerMs = performance.now();
          answered();
          if (expired) late?.(reply);
          else resolve(reply);
        },
        (error: unknown) => {
          answered();
          // A replica after a failover: another connection may reach the new primary.
          if (error instanceof ErrorReply && error.message.startsWith('READONLY')) this.#client?.destroy();
          reject(error instanceof ErrorReply ? error : new RedisAway(String(error)));
        },
      );
    });
  }

  async #keepConnected(stopped: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stopped.aborted) {
      const client = newClient(this.#options.url);
      let onStop = (): void => {};
      const lost = new Promise<unknown>((resolve) => {
        onStop = () => resolve(new RedisAway('stopped'));
        client.on('error', resolve);
        client.on('end', () => resolve(new RedisAway('the connection was closed')));
        client.on('ping-interval', () => {
          this.#lastAnswerMs = performance.now();
        });
        stopped.addEventListener('abort', onStop);
      });
      const tooSlow = setTimeout(() => client.destroy(), connectMs * 2);
      const attempt = { givenUp: false };
      const connecting = this.#connect(client, attempt);
      let cause: unknown;
      try {
        await Promise.race([connecting, lost.then((error) => Promise.reject(asError(error)))]);
        clearTimeout(tooSlow);
        failures = 0;
        this.#rise();
        cause = await lost;
      } catch (error) {
        cause = error;
      }
      clearTimeout(tooSlow);
      stopped.removeEventListener('abort', onStop);
      this.#fall(cause, stopped.aborted);
      attempt.givenUp = true;
      client.destroy();
      // A socket that opens only now would stay open.
      void connecting.catch(() => {}).finally(() => client.destroy());
      failures += 1;
      await pause(Math.min(longestPauseMs, 25 * 2 ** failures) * (0.5 + Math.random() / 2), stopped);
    }
  }

  async #connect(client: Client, attempt: { readonly givenUp: boolean }): Promise<void> {
    await client.connect();
    const server = String(await client.sendCommand(['INFO', 'server']));
    this.#runId = /run_id:([0-9a-f]{12})/.exec(server)?.[1] ?? 'unknown';
    for (const script of Object.values(scripts)) await client.sendCommand(['SCRIPT', 'LOAD', script.source]);
    for (const [channel, listener] of this.#subscriptions) await client.subscribe(channel, listener);
    if (attempt.givenUp) throw new RedisAway('given up');
    this.#lastAnswerMs = performance.now();
    this.#client = client;
    this.#up = true;
    try {
      // Its command goes out before anybody else's.
      await this.#greet?.();
    } catch (error) {
      this.#up = false;
      throw error;
    }
  }

  #rise(): void {
    this.#options.log.info({}, 'redis connected');
    for (const listener of this.#onUp.values()) listener();
  }

  #fall(cause: unknown, stopping: boolean): void {
    this.#client = undefined;
    if (!this.#up) return;
    this.#up = false;
    if (!stopping) this.#options.log.warn({ cause: String(cause) }, 'redis was lost');
    for (const listener of this.#onDown.values()) listener();
  }
}

function newClient(url: string) {
  return createClient({
    url,
    disableOfflineQueue: true,
    pingInterval: 1_000,
    // Our own deadlines are one timer for all; the client's would be a timer and an exception for every command.
    commandOptions: { timeout: 0 },
    socket: { reconnectStrategy: false, connectTimeout: connectMs },
  });
}

async function evaluate(
  client: Client,
  script: LuaScript,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await client.sendCommand(['EVALSHA', script.sha1, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await client.sendCommand(['EVAL', script.source, ...rest]);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new RedisAway(String(error));
}

function pause(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    }
    stopped.addEventListener('abort', done);
  });
}
