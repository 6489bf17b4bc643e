import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CdrVerdict } from './cdr-inbox.ts';

export interface CdrFallbackOptions {
  /** Where mod_json_cdr leaves the records nobody took (`log-dir`, `err-log-dir`). */
  readonly folder: string;
  readonly inbox: { accept(record: Readonly<Record<string, unknown>>): Promise<CdrVerdict> };
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  /** Younger files may not be whole yet. Default 5,000. */
  readonly settledMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const filesARun = 500;
/** They wait for their batch together. */
const filesAtOnce = 50;
const longestRecordBytes = 1024 * 1024;

/** Takes in the records mod_json_cdr left on disk while no daemon answered it: the last line of defence for a CDR. */
export class CdrFallback {
  readonly #options: Required<CdrFallbackOptions>;

  constructor(options: CdrFallbackOptions) {
    this.#options = { settledMs: 5_000, now: Date.now, ...options };
  }

  /**
   * Hands every settled `*.cdr.json` to the inbox, and deletes it when its record is safe. What is no record of a call
   * of ours goes to `rejected/`; what could not be made safe is left for the next run.
   *
   * @returns how many were taken in. Rejects where the folder cannot be read.
   */
  async sweep(signal?: AbortSignal): Promise<number> {
    const names = await this.#settledFiles();
    let taken = 0;
    for (let first = 0; first < names.length && signal?.aborted !== true; first += filesAtOnce) {
      const some = names.slice(first, first + filesAtOnce);
      const done = await Promise.all(some.map((name) => this.#takeFile(name)));
      taken += done.filter(Boolean).length;
    }
    if (taken > 0) this.#options.log.info({ files: taken }, 'records taken in from the fallback folder');
    return taken;
  }

  /** @returns whether its record is safe and the file gone. */
  async #takeFile(name: string): Promise<boolean> {
    const { folder, log } = this.#options;
    switch (await this.#take(join(folder, name))) {
      case 'written':
      case 'known':
        await unlink(join(folder, name)).catch(() => undefined); // another daemon may have been there first
        return true;
      case 'foreign':
        await this.#reject(name);
        return false;
      case 'unsafe':
        log.warn({ file: name }, 'a record from disk is not safe yet: its file is kept');
        return false;
      case undefined:
        return false;
    }
  }

  async #settledFiles(): Promise<string[]> {
    const { folder, settledMs, now } = this.#options;
    const names = await readdir(folder).catch((error: unknown) => {
      // FreeSWITCH makes it with its first file.
      if (isMissing(error)) return [];
      throw error;
    });
    const settled: string[] = [];
    for (const name of names) {
      if (!name.endsWith('.cdr.json')) continue;
      const facts = await stat(join(folder, name)).catch(() => undefined);
      if (facts?.isFile() === true && now() - facts.mtimeMs >= settledMs) settled.push(name);
      if (settled.length === filesARun) break;
    }
    return settled;
  }

  async #take(path: string): Promise<CdrVerdict | undefined> {
    let record: unknown;
    try {
      const bytes = await readFile(path);
      if (bytes.length > longestRecordBytes) return 'foreign';
      record = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      return error instanceof SyntaxError ? 'foreign' : undefined; // gone, or not readable: looked at again
    }
    if (typeof record !== 'object' || record === null) return 'foreign';
    return this.#options.inbox.accept(record as Readonly<Record<string, unknown>>);
  }

  async #reject(name: string): Promise<void> {
    const { folder, log } = this.#options;
    const aside = join(folder, 'rejected');
    await mkdir(aside, { recursive: true });
    await rename(join(folder, name), join(aside, name)).catch(() => undefined);
    log.warn({ file: name }, 'no record of a call of ours: moved aside');
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
