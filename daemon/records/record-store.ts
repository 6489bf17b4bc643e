import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../orm/config.ts';
import type { RecordLine } from './record-line.ts';
import { writeHeld, writeOrphans, writeSessions } from './record-sql.ts';
import { writeFault } from './write-fault.ts';

/** Where batches of records go. Rejects with what PostgreSQL said (see writeFault). */
export interface RecordStore {
  /** All or none. No call may be in the batch twice, and one statement must write them all (see writable). */
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
    const statement = statements[lines[0]?.source ?? 'session'];
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
      // A connection whose answer is still to come must not go back to the pool, nor one that forgot what was prepared.
      broken = writeFault(error) === 'record' ? undefined : new Error('not written', { cause: error });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

const statements = {
  session: writeSessions,
  leg: writeSessions,
  switch: writeOrphans,
  held: writeHeld,
} as const satisfies Record<RecordLine['source'], unknown>;

/**
 * Cuts a batch into pieces of one statement each, no call twice in any. The records of one call keep their order;
 * those of different calls need none, so that a leg beside its call's record costs one piece more and not one a call.
 */
export function writable(lines: readonly RecordLine[]): (readonly RecordLine[])[] {
  const rounds: Map<unknown, RecordLine[]>[] = [];
  const seen = new Map<string, number>();
  for (const line of lines) {
    const round = seen.get(line.callId) ?? 0;
    seen.set(line.callId, round + 1);
    rounds[round] ??= new Map();
    const pieces = rounds[round];
    const statement = statements[line.source];
    const piece = pieces.get(statement);
    if (piece === undefined) pieces.set(statement, [line]);
    else piece.push(line);
  }
  return rounds.flatMap((pieces) => [...pieces.values()]);
}
