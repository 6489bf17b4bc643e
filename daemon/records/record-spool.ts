import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordLine } from './record-line.ts';
import { encodeFrame, readFrames } from './spool-frame.ts';

export interface SpoolLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface RecordSpoolOptions {
  /** One daemon's own folder. */
  readonly folder: string;
  /** Most bytes on disk; what does not fit is refused, the oldest stay. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Size at which a new segment begins. Default 8 MiB. */
  readonly segmentBytes?: number;
  readonly log: SpoolLog;
}

interface Segment {
  readonly path: string;
  readonly sequence: number;
  bytes: number;
  records: number;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When a process began, in the kernel's ticks since its own start: a reboot gives its number to another. Undefined where
 * there is no such process, or no /proc. Source: proc_pid_stat(5), field 22.
 */
export async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]; // the name before it may hold anything
}

/**
 * Records on disk while PostgreSQL is away: append-only segments, synced before `append` returns, read in order. A
 * segment is deleted when all of it was acknowledged; after a crash the rest is read again, which is harmless because
 * writing a record twice changes nothing. Readers touch sealed segments only, so appending never waits for reading.
 */
export class RecordSpool {
  readonly #options: Required<RecordSpoolOptions>;
  #sealed: Segment[] = [];
  #tail: (Segment & { readonly handle: FileHandle }) | undefined;
  #sequence = 0;
  /** The head segment's records that were not acknowledged yet. */
  #head: { readonly segment: Segment; lines: RecordLine[] } | undefined;
  #appending: Promise<unknown> = Promise.resolve();
  #depth = 0;
  #rejections = 0;
  #bytes = 0;

  constructor(options: RecordSpoolOptions) {
    this.#options = { maxBytes: 1024 ** 3, segmentBytes: 8 * 1024 ** 2, ...options };
  }

  /** Records on disk. */
  get depth(): number {
    return this.#depth;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Finds what an earlier run left. Rejects where the folder cannot be made or read. */
  async open(): Promise<void> {
    if (this.#sequence > 0) return;
    const { folder, log } = this.#options;
    await mkdir(join(folder, 'rejected'), { recursive: true, mode: 0o750 });
    await this.#own();
    for (const name of (await readdir(folder)).sort()) {
      const found = /^records-(\d{10})\.spool$/.exec(name);
      if (found === null) continue;
      const path = join(folder, name);
      const bytes = await readFile(path);
      let records = 0;
      for (const piece of readFrames(bytes)) if (piece.kind === 'record') records += 1;
      this.#sealed.push({ path, sequence: Number(found[1]), bytes: bytes.length, records });
      this.#depth += records;
      this.#bytes += bytes.length;
    }
    this.#sequence = (this.#sealed.at(-1)?.sequence ?? 0) + 1;
    if (this.#depth > 0)
      log.info(
        { records: this.#depth, bytes: this.#bytes, folder },
        'records of an earlier run found in the spool',
      );
  }

  /**
   * Writes the records that fit and syncs them; returns how many that were, from the first on. Rejects where the disk
   * fails: then none counts as written.
   */
  append(lines: readonly RecordLine[]): Promise<number> {
    return this.#exclusively(async () => {
      const frames: Buffer[] = [];
      let size = 0;
      for (const line of lines) {
        const frame = encodeFrame(line);
        if (this.#bytes + size + frame.length > this.#options.maxBytes) break;
        frames.push(frame);
        size += frame.length;
      }
      if (frames.length === 0) return 0;
      const tail = await this.#openTail();
      try {
        await tail.handle.appendFile(Buffer.concat(frames));
        await tail.handle.datasync();
      } catch (error) {
        // Whatever half of it is there is behind us: the next frame goes to a new segment.
        await this.#sealTail();
        throw error;
      }
      tail.bytes += size;
      tail.records += frames.length;
      this.#bytes += size;
      this.#depth += frames.length;
      if (tail.bytes >= this.#options.segmentBytes) await this.#sealTail();
      return frames.length;
    });
  }

  /** The oldest records, at most `limit`; the same again until they are acknowledged. */
  async peek(limit: number): Promise<readonly RecordLine[]> {
    while (this.#head === undefined || this.#head.lines.length === 0) {
      if (this.#head !== undefined) await this.#dropHead();
      if (this.#sealed.length === 0) await this.#exclusively(() => this.#sealTail());
      const segment = this.#sealed[0];
      if (segment === undefined) return [];
      const lines = await this.#load(segment);
      // An append that failed (a full disk) may have left whole records all the same: they were never counted.
      this.#depth += lines.length - segment.records;
      this.#head = { segment, lines };
    }
    return this.#head.lines.slice(0, limit);
  }

  /** The first `count` of what `peek` returned are in PostgreSQL. */
  async acknowledge(count: number): Promise<void> {
    if (this.#head === undefined) return;
    this.#depth -= this.#head.lines.splice(0, count).length;
    if (this.#head.lines.length === 0) await this.#dropHead();
  }

  /** Puts a record aside that PostgreSQL will never take, with the reason. */
  async reject(line: RecordLine, reason: string): Promise<string> {
    this.#rejections += 1; // a call and its legs may be refused within one millisecond
    const name = `${line.callId}-${line.source}-${Date.now()}-${this.#rejections}.json`;
    const path = join(this.#options.folder, 'rejected', name);
    await writeFile(
      `${path}.part`,
      `${JSON.stringify({ reason, record: JSON.parse(line.text) as unknown })}\n`,
      {
        flush: true,
        mode: 0o640,
      },
    );
    await rename(`${path}.part`, path);
    return path;
  }

  /** What is on disk stays there for the next `open`. */
  async close(): Promise<void> {
    await this.#exclusively(() => this.#sealTail());
    await unlink(join(this.#options.folder, 'owner.pid')).catch(() => {});
  }

  /** Two daemons in one folder would delete each other's records. */
  async #own(): Promise<void> {
    const path = join(this.#options.folder, 'owner.pid');
    const [pid, began] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ');
    const owner = Number(pid);
    const start = await startOf(owner);
    const isAnother = began !== undefined && start !== undefined && began !== start;
    if (owner > 0 && owner !== process.pid && isAlive(owner) && !isAnother)
      throw new Error(
        `the spool ${this.#options.folder} belongs to the running process ${owner}: give each daemon a folder of its own`,
      );
    await writeFile(path, `${process.pid} ${(await startOf(process.pid)) ?? ''}\n`);
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#appending.then(work);
    this.#appending = done.catch(() => {});
    return done;
  }

  async #openTail(): Promise<Segment & { readonly handle: FileHandle }> {
    if (this.#tail !== undefined) return this.#tail;
    const sequence = this.#sequence;
    const path = join(this.#options.folder, `records-${String(sequence).padStart(10, '0')}.spool`);
    const handle = await open(path, 'ax', 0o640);
    this.#sequence += 1;
    try {
      await this.#syncFolder();
    } catch (error) {
      await handle.close(); // else a disk that fails again and again costs a descriptor each time
      throw error;
    }
    this.#tail = { path, sequence, bytes: 0, records: 0, handle };
    return this.#tail;
  }

  /** The names in it must survive a power cut too. */
  async #syncFolder(): Promise<void> {
    const folder = await open(this.#options.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #sealTail(): Promise<void> {
    const tail = this.#tail;
    if (tail === undefined) return;
    this.#tail = undefined;
    const { handle, ...segment } = tail;
    this.#sealed.push(segment);
    await handle.close();
  }

  async #load(segment: Segment): Promise<RecordLine[]> {
    const lines: RecordLine[] = [];
    for (const piece of readFrames(await readFile(segment.path))) {
      if (piece.kind === 'record') lines.push(piece.line);
      else {
        const at = { segment: segment.path, bytes: piece.bytes.length, end: piece.end };
        if (piece.torn)
          this.#options.log.warn(at, 'the spool ends within a record: the daemon died while writing it');
        else this.#options.log.error(at, 'a record in the spool is damaged, kept in the rejected folder');
        const path = join(this.#options.folder, 'rejected', `damaged-${segment.sequence}-${piece.end}.bytes`);
        await writeFile(path, piece.bytes, { flush: true, mode: 0o640 });
      }
    }
    return lines;
  }

  async #dropHead(): Promise<void> {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    this.#sealed = this.#sealed.filter((segment) => segment !== head.segment);
    this.#bytes -= head.segment.bytes;
    await unlink(head.segment.path);
  }
}
