import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../orm/config.ts';
import type { RecordLine } from './record-line.ts';
import { writeOrphans, writeSessions } from './record-sql.ts';

/** Where batches of records go. Rejects with what PostgreSQL said (see writeFault). */
export interface RecordStore {
  /** All or none. No call may be in the batch twice, and all have one source. */
  write(lines: readonly RecordLine[]): Promise<void>;
}

/** Writes a batch with one prepared statement in one round trip, which is its own transaction. */
export class PostgresRecordStore implements RecordStore {
  readonly #orm: MikroORM;
  readonly #deadlineMs: number;

  /** `deadlineMs`: longest wait for PostgreSQL's answer; then the batch counts as not written (and is harmless twice). */
  constructor(orm: MikroORM, deadlineMs = 10_000) {
    this.#orm = orm;
    this.#deadlineMs = deadlineMs;
  }

  async write(lines: readonly RecordLine[]): Promise<void> {
    const statement = lines[0]?.source === 'switch' ? writeOrphans : writeSessions;
    const pool = await poolOf(this.#orm);
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      const query = {
        ...statement,
        values: [`[${lines.map((line) => line.text).join(',')}]`],
        query_timeout: this.#deadlineMs,
      };
      await client.query(query);
    } catch (error) {
      // A connection whose answer is still to come must not go back to the pool.
      broken =
        error instanceof Error && 'severity' in error ? undefined : new Error('unanswered', { cause: error });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** Cuts a batch so that each piece has one source and no call twice, in order. */
export function* writable(lines: readonly RecordLine[]): Generator<readonly RecordLine[]> {
  let piece: RecordLine[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    if (piece.length > 0 && (seen.has(line.callId) || piece[0]?.source !== line.source)) {
      yield piece;
      piece = [];
      seen.clear();
    }
    piece.push(line);
    seen.add(line.callId);
  }
  if (piece.length > 0) yield piece;
}
