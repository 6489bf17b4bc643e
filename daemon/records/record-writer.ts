import type { CallId } from '../telephony/ids.ts';
import type { AnyRecord } from './call-record.ts';
import { encodeRecord, type RecordLine } from './record-line.ts';
import type { RecordSpool, SpoolLog } from './record-spool.ts';
import { type RecordStore, writable } from './record-store.ts';
import { writeFault } from './write-fault.ts';

export interface RecordWriterOptions {
  readonly store: RecordStore;
  readonly spool: RecordSpool;
  readonly log: SpoolLog;
  /** Most calls in one transaction. Default 200. */
  readonly batchCalls?: number;
  /** How long the first record waits for neighbours. Default 50 ms. */
  readonly lingerMs?: number;
  /** Records in memory above which they go to disk instead. Default 5000. */
  readonly maxWaiting?: number;
  /** Pause before PostgreSQL is tried again, doubled up to `retryMaxMs`. Defaults 100 and 2000. */
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  /** After this a record that is waited for goes to disk too, whatever PostgreSQL does. Default 1000. */
  readonly patienceMs?: number;
  /** Told which calls are in PostgreSQL now; never throws. */
  readonly onWritten?: (calls: readonly CallId[]) => void;
}

/** What became of the records this writer was given. */
export interface RecordCounts {
  readonly written: number;
  readonly rejected: number;
  /** Neither PostgreSQL nor the disk had room: each is in the log with its call id. */
  readonly lost: number;
}

/** How far a batch has come: the lines that need no further care, and the calls that were written. */
interface Delivered {
  readonly lines: Set<RecordLine>;
  readonly written: CallId[];
}

/**
 * Writes call records in batches of neighbours; while PostgreSQL is away, to the spool, and from there in order when it
 * is back. A record is in memory for at most a batch; only then it is in PostgreSQL or synced to disk.
 */
export class RecordWriter {
  readonly #options: Required<Omit<RecordWriterOptions, 'onWritten'>>;
  readonly #onWritten: (calls: readonly CallId[]) => void;
  #waiting: RecordLine[] = [];
  #away = false;
  #running: Promise<void> | undefined;
  #spilling: Promise<void> | undefined;
  #stopping = false;
  /** The batch of memory that is on its way to PostgreSQL. */
  #inFlight: readonly RecordLine[] = [];
  /** Who waits for a record to be safe. */
  readonly #awaited = new Map<RecordLine, (safe: boolean) => void>();
  #securing = false;
  #wake: (() => void) | undefined;
  #idle: (() => void)[] = [];
  #retryMs = 0;
  #written = 0;
  #rejected = 0;
  #lost = 0;

  constructor(options: RecordWriterOptions) {
    const { onWritten, ...rest } = options;
    this.#onWritten = onWritten ?? (() => {});
    this.#options = {
      batchCalls: 200,
      lingerMs: 50,
      maxWaiting: 5000,
      retryMinMs: 100,
      retryMaxMs: 2000,
      patienceMs: 1000,
      ...rest,
    };
  }

  /** Records that are not in PostgreSQL yet, in memory and on disk. */
  get depth(): number {
    return this.#waiting.length + this.#options.spool.depth;
  }

  /** True while PostgreSQL does not take records. */
  get away(): boolean {
    return this.#away;
  }

  get counts(): RecordCounts {
    return { written: this.#written, rejected: this.#rejected, lost: this.#lost };
  }

  /** Rejects where the spool's folder cannot be used; PostgreSQL need not be there. */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    await this.#options.spool.open();
    this.#stopping = false;
    this.#running ??= this.#run();
  }

  /** Takes what is to be written down; never throws, never waits. */
  write(record: AnyRecord): void {
    this.#take(record);
  }

  /**
   * As `write`; resolves when this very record is safe: in PostgreSQL, or synced to disk. False where it could not be
   * made so by the deadline. It never waits for more than `patienceMs` and one disk write while there is room on disk.
   */
  keep(record: AnyRecord, deadlineMs = 10_000): Promise<boolean> {
    const line = this.#take(record);
    if (line === undefined) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const late = setTimeout(() => void this.#secure(), this.#options.patienceMs);
    const over = setTimeout(() => this.#settle(line, false), deadlineMs);
    this.#awaited.set(line, (safe) => {
      clearTimeout(late);
      clearTimeout(over);
      resolve(safe);
    });
    return promise;
  }

  #settle(line: RecordLine, safe: boolean): void {
    const tell = this.#awaited.get(line);
    this.#awaited.delete(line);
    tell?.(safe);
  }

  #take(record: AnyRecord): RecordLine | undefined {
    const { log, maxWaiting } = this.#options;
    let line: RecordLine;
    try {
      line = encodeRecord(record);
    } catch (error) {
      this.#lost += 1;
      log.error(
        { callId: record.callId, error: String(error) },
        'call record lost: it cannot be written as JSON',
      );
      return undefined;
    }
    if (this.#waiting.length >= maxWaiting * 2) {
      this.#lost += 1;
      log.error({ callId: record.callId, record: line.text }, 'call record lost: memory and spool are full');
      return undefined;
    }
    this.#waiting.push(line);
    if (this.#waiting.length >= maxWaiting || this.#mustSpill()) void this.#spill();
    if (this.#waiting.length === 1 || this.#waiting.length === this.#options.batchCalls) this.#wake?.();
    return line;
  }

  /**
   * Resolves when every record given so far is in PostgreSQL or, while that is away, synced to disk; at the deadline in
   * any case (see `depth`).
   *
   * @returns whether they are.
   */
  async flush(deadlineMs = 10_000): Promise<boolean> {
    if (this.#settled() || this.#running === undefined) return this.#settled();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const timer = setTimeout(resolve, deadlineMs);
    this.#wake?.();
    await promise;
    clearTimeout(timer);
    return this.#settled();
  }

  /** Writes what is waiting, to PostgreSQL or disk, and ends. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
    this.#running = undefined;
    await this.#spill();
    await this.#options.spool.close();
    this.#tellIdle();
  }

  #mustSpill(): boolean {
    return this.#away || this.#options.spool.depth > 0;
  }

  #settled(): boolean {
    const safe = this.#away || this.#options.spool.depth === 0;
    return safe && this.#waiting.length === 0 && this.#inFlight.length === 0 && this.#spilling === undefined;
  }

  #tellIdle(): void {
    if (!this.#settled()) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(): Promise<void> {
    const { spool, batchCalls, lingerMs } = this.#options;
    for (;;) {
      if (spool.depth > 0) {
        if (this.#stopping) return; // the next start goes on with it
        await this.#drainSpool();
        continue;
      }
      if (this.#waiting.length === 0) {
        this.#tellIdle();
        if (this.#stopping) return;
        await this.#pause(undefined);
        if (this.#waiting.length < batchCalls && !this.#stopping && this.#idle.length === 0)
          await this.#pause(lingerMs);
        continue;
      }
      if (this.#spilling !== undefined) {
        await this.#spilling;
        continue;
      }
      const batch = this.#waiting.splice(0, batchCalls);
      this.#inFlight = batch;
      const left = await this.#deliver(batch);
      this.#waiting.unshift(...left);
      if (left.length > 0) await this.#spill();
      this.#inFlight = [];
      this.#tellIdle();
      if (left.length > 0 && spool.depth === 0 && !this.#stopping) await this.#pause(this.#nextRetryMs());
      if (left.length > 0 && this.#stopping) return;
    }
  }

  /** Writes the oldest of the spool; waits where PostgreSQL is still away. */
  async #drainSpool(): Promise<void> {
    const { spool, batchCalls, log } = this.#options;
    try {
      const batch = await spool.peek(batchCalls);
      if (batch.length === 0) return;
      const left = await this.#deliver(batch);
      // What was written behind the first that was not is written again, which changes nothing.
      const [first] = left;
      await spool.acknowledge(first === undefined ? batch.length : batch.indexOf(first));
      if (left.length > 0) await this.#pause(this.#nextRetryMs(), true);
    } catch (error) {
      log.error({ error: String(error) }, 'the spool cannot be read');
      await this.#pause(this.#nextRetryMs(), true);
    }
  }

  /** Returns what PostgreSQL did not take because it is away. */
  async #deliver(lines: readonly RecordLine[]): Promise<readonly RecordLine[]> {
    const done: Delivered = { lines: new Set(), written: [] };
    let left: readonly RecordLine[] = [];
    try {
      for (const piece of writable(lines)) await this.#writeOrSplit(piece, done);
    } catch (error) {
      left = lines.filter((line) => !done.lines.has(line));
      if (!this.#away)
        this.#options.log.error(
          { error: String(error), waiting: this.depth + left.length },
          'PostgreSQL takes no call records: they go to the spool',
        );
      this.#away = true;
    }
    if (left.length === 0) {
      if (this.#away)
        this.#options.log.info({ spooled: this.#options.spool.depth }, 'PostgreSQL takes call records again');
      this.#away = false;
      this.#retryMs = 0;
    }
    if (done.written.length > 0) this.#onWritten(done.written);
    this.#tellIdle();
    return left;
  }

  /** One bad record must not keep its neighbours: the batch is halved until it stands alone, and is put aside. */
  async #writeOrSplit(lines: readonly RecordLine[], done: Delivered): Promise<void> {
    const { store, spool, log } = this.#options;
    try {
      await store.write(lines);
      this.#written += lines.length;
      for (const line of lines) {
        done.lines.add(line);
        done.written.push(line.callId);
        this.#settle(line, true);
      }
    } catch (error) {
      if (writeFault(error) === 'database') throw error;
      const [only] = lines;
      if (lines.length > 1) {
        const middle = lines.length >> 1;
        await this.#writeOrSplit(lines.slice(0, middle), done);
        await this.#writeOrSplit(lines.slice(middle), done);
      } else if (only !== undefined) {
        let aside = true;
        const path = await spool.reject(only, String(error)).catch((why: unknown) => {
          aside = false;
          return `nowhere: ${String(why)}`;
        });
        if (aside) this.#rejected += 1;
        else this.#lost += 1;
        done.lines.add(only);
        this.#settle(only, aside);
        const facts = { callId: only.callId, reason: String(error), path };
        if (aside) log.error(facts, 'call record refused by PostgreSQL, put aside');
        else
          log.error({ ...facts, record: only.text }, 'call record lost: refused by PostgreSQL and the disk');
      }
    }
  }

  /** Moves what is in memory to disk, as long as there is reason to. */
  #spill(): Promise<void> {
    this.#spilling ??= this.#spillAll().finally(() => {
      this.#spilling = undefined;
      this.#lookAgain();
      this.#tellIdle();
    });
    return this.#spilling;
  }

  async #spillAll(): Promise<void> {
    const { spool, log } = this.#options;
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0, 1000);
      let fitted = 0;
      try {
        fitted = await spool.append(lines);
      } catch (error) {
        log.error({ error: String(error) }, 'call records cannot be written to the spool');
      }
      for (const line of lines.slice(0, fitted)) this.#settle(line, true);
      if (fitted === lines.length) continue;
      this.#waiting.unshift(...lines.slice(fitted));
      log.error(
        { waiting: this.#waiting.length, bytes: spool.bytes },
        'the spool is full: call records wait in memory',
      );
      return;
    }
  }

  /** PostgreSQL takes its time and somebody waits: what is in memory goes to disk too. Twice is harmless. */
  async #secure(): Promise<void> {
    const { spool, log } = this.#options;
    if (this.#waiting.length > 0) void this.#spill();
    const lines = this.#inFlight.filter((line) => this.#awaited.has(line));
    if (lines.length === 0 || this.#securing) return;
    this.#securing = true;
    try {
      const fitted = await spool.append(lines);
      for (const line of lines.slice(0, fitted)) this.#settle(line, true);
    } catch (error) {
      log.error({ error: String(error) }, 'call records cannot be written to the spool');
    }
    this.#securing = false;
    this.#lookAgain();
  }

  /**
   * The disk may take longer than PostgreSQL: by now nobody may be there who reads what it took, or writes what it
   * refused. While PostgreSQL is away its retry comes by itself.
   */
  #lookAgain(): void {
    if (!this.#away) this.#wake?.();
  }

  #nextRetryMs(): number {
    const { retryMinMs, retryMaxMs } = this.#options;
    this.#retryMs = Math.min(retryMaxMs, Math.max(retryMinMs, this.#retryMs * 2));
    return this.#retryMs;
  }

  /** Until woken, or for `ms`. `deaf`: only stop() wakes it. */
  async #pause(ms: number | undefined, deaf = false): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = deaf ? () => (this.#stopping ? resolve() : undefined) : resolve;
    const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }
}
