import type { MikroORM } from '@mikro-orm/postgresql';
import { Recording } from '../../orm/index.ts';
import { inspectRecording } from './recording-file.ts';
import type { RecordingTarget } from './recording-target.ts';

export interface RecordingStoreOptions {
  readonly orm: MikroORM;
  readonly target: RecordingTarget;
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
    error(facts: object, message: string): void;
  };
  /** A file that cannot be found or stored is tried again this long after its call was written. Default 24 hours. */
  readonly giveUpAfterMs?: number;
  /** A file whose RECORD_STOP never came is taken when it has not changed for so long. Default 5000. */
  readonly settledAfterMs?: number;
  /** Pause between hearing of written calls and looking for their recordings. Default 250. */
  readonly nudgeDelayMs?: number;
}

/** What a sweep did. `pending`: will be tried again. */
export interface SweepResult {
  stored: number;
  empty: number;
  failed: number;
  pending: number;
}

interface StoredFile {
  readonly location: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly sha256: string;
}

type Verdict =
  | { readonly status: 'stored'; readonly set: StoredFile }
  | { readonly status: 'empty' | 'failed' | 'pending'; readonly reason: string; readonly set?: object };

/** How much less than FreeSWITCH counted may be in the file before it counts as cut, ms. */
const toleranceMs = 1000;

/**
 * Turns recordings from `pending` into `stored`, `empty` or `failed`: the file is checked (size, duration, SHA-256),
 * brought to its place, verified there, and only then the row says so and the local file goes. Any step may be repeated
 * after a crash.
 */
export class RecordingStore {
  readonly #options: Required<RecordingStoreOptions>;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: RecordingStoreOptions) {
    this.#options = { giveUpAfterMs: 86_400_000, settledAfterMs: 5000, nudgeDelayMs: 250, ...options };
  }

  /** Calls were written: looks for their recordings soon. Give it to RecordWriter's `onWritten`. */
  nudge(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sweeping = this.#sweeping
        .then(() => this.sweepRecordings())
        .catch((error: unknown) => {
          this.#options.log.warn({ error: String(error) }, 'recordings could not be looked after');
        });
    }, this.#options.nudgeDelayMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#sweeping;
  }

  /** Goes once through the recordings that are pending, oldest first. Rejects where PostgreSQL is away. */
  async sweepRecordings(limit = 500): Promise<SweepResult> {
    const result: SweepResult = { stored: 0, empty: 0, failed: 0, pending: 0 };
    const em = this.#options.orm.em.fork();
    const waiting = await em.find(
      Recording,
      { status: 'pending' },
      { orderBy: { tries: 'asc', writtenAt: 'asc' }, limit },
    );
    for (const recording of waiting) {
      if (this.#stopped) break;
      result[await this.#settle(recording)] += 1;
    }
    return result;
  }

  async #settle(recording: Recording): Promise<keyof SweepResult> {
    const { orm, log, target } = this.#options;
    const verdict = await this.#examine(recording);
    const facts = { recordingId: recording.id, callId: recording.call.id, path: recording.path };
    const row = orm.em.fork();
    const which = { id: recording.id, status: 'pending' as const };
    if (verdict.status === 'stored') {
      const written = await row.nativeUpdate(Recording, which, {
        ...verdict.set,
        status: 'stored',
        reason: null,
        verifiedAt: new Date(),
      });
      // Its tenant was deleted meanwhile: nobody would know of the file.
      if (written === 0 && (await row.count(Recording, { id: recording.id })) === 0)
        await target.remove(verdict.set.location);
      await target.forget(recording.path).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          log.warn({ ...facts, error: String(error) }, 'local recording could not be deleted');
      });
      return 'stored';
    }
    await row.nativeUpdate(Recording, which, {
      status: verdict.status,
      reason: verdict.reason,
      tries: recording.tries + 1,
      ...verdict.set,
    });
    if (verdict.status === 'failed') log.error({ ...facts, reason: verdict.reason }, 'recording failed');
    return verdict.status;
  }

  async #examine(recording: Recording): Promise<Verdict> {
    const { target, settledAfterMs, giveUpAfterMs } = this.#options;
    const again = Date.now() - recording.writtenAt.getTime() < giveUpAfterMs ? 'pending' : 'failed';
    const day = recording.startedAt.toISOString().slice(0, 10).replaceAll('-', '/');
    const key = `${recording.tenantId}/${day}/${recording.id}.wav`;
    let path = recording.path;
    let file = await inspectRecording(path);
    if (file.kind === 'missing') {
      const found = await target.find(key);
      if (found !== undefined) {
        path = found.path;
        file = await inspectRecording(path);
      }
    }
    if (file.kind === 'missing') return { status: again, reason: `there is no file at ${recording.path}` };
    if (file.kind === 'inaccessible') return { status: again, reason: file.reason };
    if (file.kind === 'unreadable') return { status: 'failed', reason: file.reason };
    if (recording.stoppedAt == null && Date.now() - file.changedAtMs < settledAfterMs)
      return { status: 'pending', reason: 'it may still be written' };
    const { bytes } = file;
    const durationMs = file.kind === 'empty' ? 0 : file.durationMs;
    const toldMs = recording.durationMs ?? 0;
    const cut =
      file.cut ??
      (toldMs - durationMs > toleranceMs
        ? `FreeSWITCH recorded ${toldMs} ms, ${durationMs} ms are there`
        : undefined);
    if (cut !== undefined) {
      // A disk that machines share may show the rest a little later; what FreeSWITCH told must stand until then.
      if (Date.now() - file.changedAtMs < settledAfterMs) return { status: 'pending', reason: cut };
      return { status: 'failed', reason: cut, set: { bytes, durationMs } };
    }
    if (file.kind === 'empty')
      return { status: 'empty', reason: 'the file has no audio', set: { bytes, durationMs } };
    const { sha256 } = file;
    try {
      const location = await target.store({ path, key, bytes, sha256 });
      return { status: 'stored', set: { location, bytes, durationMs, sha256 } };
    } catch (error) {
      return { status: again, reason: `it could not be stored: ${String(error)}` };
    }
  }
}
