import { pathToFileURL } from 'node:url';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { PoolClient } from 'pg';
import { poolOf } from '../../orm/config.ts';
import { holdingLock, sessionLocks } from '../../orm/session-lock.ts';
import type { RecordingTarget } from './recording-target.ts';

export interface RecordingRetentionOptions {
  readonly orm: MikroORM;
  readonly target: Pick<RecordingTarget, 'remove'>;
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  /** Rows that are asked for at once. Default 200. */
  readonly batch?: number;
  /** How long one round may take; the next goes on. Default 15 minutes. */
  readonly deadlineMs?: number;
}

/** What a round did. `kept`: could not be deleted, will be tried again. */
export interface RetentionResult {
  readonly deleted: number;
  readonly kept: number;
}

interface DueRecording {
  readonly id: string;
  readonly callId: string;
  readonly path: string;
  readonly location: string | null;
}

/** By the index `recording_kept`, a rule after the other; what could not be deleted before comes last. */
const due = `with rule as (
  select distinct retention_days as days from recording where retention_days is not null and deleted_at is null)
select r.id, r."callId", r.path, r.location from rule cross join lateral (
  select id, call_id as "callId", path, location, tries, started_at from recording
  where retention_days = rule.days and deleted_at is null and status <> 'pending'
    and started_at < now() - rule.days * interval '1 day' and id <> all($2::uuid[])
) r order by r.tries, r.started_at limit $1`;

const gone = `update recording set status = 'deleted', location = null, deleted_at = now()
where id = $1 and status <> 'pending'`;
const again = 'update recording set tries = tries + 1 where id = $1';

/**
 * Deletes recordings whose time is over: first the file or object where it is kept, then the row says `deleted`, with
 * size, length and SHA-256 as history. A crash in between is made good, for what is gone already counts as deleted.
 */
export class RecordingRetention {
  readonly #options: Required<RecordingRetentionOptions>;

  constructor(options: RecordingRetentionOptions) {
    this.#options = { batch: 200, deadlineMs: 900_000, ...options };
  }

  /** One round. Nothing where another daemon is at it. Rejects while PostgreSQL is away. */
  async deleteDue(stopping?: AbortSignal): Promise<RetentionResult> {
    const { orm, deadlineMs, log } = this.#options;
    const signals = [AbortSignal.timeout(deadlineMs), ...(stopping === undefined ? [] : [stopping])];
    const over = AbortSignal.any(signals);
    const pool = await poolOf(orm);
    const result = await holdingLock(pool, sessionLocks.recordingRetention, (client) =>
      this.#round(client, over),
    );
    if (result === undefined) return { deleted: 0, kept: 0 };
    if (result.deleted > 0) log.info({ ...result }, 'recordings deleted: their time was over');
    return result;
  }

  async #round(client: PoolClient, over: AbortSignal): Promise<RetentionResult> {
    const { batch } = this.#options;
    const kept: string[] = [];
    let deleted = 0;
    for (;;) {
      const { rows } = await client.query<DueRecording>(due, [batch, kept]);
      const before = deleted;
      for (const recording of rows) {
        if (over.aborted) return { deleted, kept: kept.length };
        const removed = await this.#remove(recording, over);
        await client.query(removed ? gone : again, [recording.id]);
        if (removed) deleted += 1;
        else kept.push(recording.id);
      }
      // Where none could be deleted the store is away, and the rest would fare no better.
      if (rows.length < batch || deleted === before) return { deleted, kept: kept.length };
    }
  }

  async #remove(recording: DueRecording, over: AbortSignal): Promise<boolean> {
    const { target, log } = this.#options;
    const { id: recordingId, callId, path, location } = recording;
    const local = pathToFileURL(path).href;
    try {
      await within(over, target.remove(location ?? local));
      // What was stored elsewhere may still be here, where it could not be deleted then.
      if (location !== null && location !== local) await within(over, target.remove(local, 'leftover'));
      return true;
    } catch (error) {
      log.warn(
        { recordingId, callId, location: location ?? local, error: String(error) },
        'recording could not be deleted though its time is over',
      );
      return false;
    }
  }
}

/** A disk or a store that does not answer must not hold the round: what was asked of it may still come about. */
async function within(over: AbortSignal, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stop = () => reject(new Error('no answer before the round was over'));
  over.addEventListener('abort', stop, { once: true });
  if (over.aborted) stop();
  try {
    await Promise.race([work, late]);
  } finally {
    over.removeEventListener('abort', stop);
  }
}
