import { mkdir, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CdrVerdict } from './cdr-inbox.ts';

export interface CdrFallbackOptions {
  /** Where mod_json_cdr leaves the records nobody took (`log-dir`, `err-log-dir`). */
  readonly folder: string;
  readonly inbox: { accept(record: Readonly<Record<string, unknown>>): Promise<CdrVerdict> };
  /** True when every record given so far is in PostgreSQL or synced to disk. */
  readonly flush: () => Promise<boolean>;
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
const longestRecordBytes = 1024 * 1024;

/** Takes in the records mod_json_cdr left on disk while no daemon answered it: the last line of defence for a CDR. */
export class CdrFallback {
  readonly #options: Required<CdrFallbackOptions>;

  constructor(options: CdrFallbackOptions) {
    this.#options = { settledMs: 5_000, now: Date.now, ...options };
  }

  /**
   * Hands every settled `*.cdr.json` to the inbox, and deletes it when its record is durable. What is no record of a
   * call of ours goes to `rejected/`; that of a call that lives here is left until the call is over.
   *
   * @returns how many were taken in. Rejects where the folder cannot be read.
   */
  async sweep(signal?: AbortSignal): Promise<number> {
    const { folder, flush, log } = this.#options;
    const taken: string[] = [];
    for (const name of await this.#settledFiles()) {
      if (signal?.aborted === true) break;
      const verdict = await this.#take(join(folder, name));
      if (verdict === 'foreign') await this.#reject(name);
      if (verdict === 'written' || verdict === 'known') taken.push(name);
    }
    if (taken.length === 0) return 0;
    if (!(await flush())) {
      log.warn({ files: taken.length }, 'records from disk are not safe yet: their files are kept');
      return 0;
    }
    // Another daemon may have been there first.
    for (const name of taken) await unlink(join(folder, name)).catch(() => undefined);
    log.info({ files: taken.length }, 'records taken in from the fallback folder');
    return taken.length;
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
