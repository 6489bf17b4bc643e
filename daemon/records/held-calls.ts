import type { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { poolOf } from '../../orm/config.ts';
import type { AnyRecord, CallRecord } from './call-record.ts';

export interface HeldCallsParts {
  readonly orm: MikroORM;
  readonly writer: { keep(record: AnyRecord): Promise<boolean> };
  readonly log: { info(facts: object, message: string): void };
}

const callsAtOnce = 200;

/**
 * Lets go of what the switch told of calls that no session has written in time: it becomes their record. Any daemon may
 * do it for all of them, and two at once do no harm: the same record twice changes nothing, and a session's wins.
 */
export class HeldCalls {
  readonly #parts: HeldCallsParts;

  constructor(parts: HeldCallsParts) {
    this.#parts = parts;
  }

  /** One round; returns how many calls became known by it. Rejects while PostgreSQL is away. */
  async release(signal?: AbortSignal): Promise<number> {
    const pool = await poolOf(this.#parts.orm);
    // With several daemons that is nearly all of them: their sessions have told everything.
    await pool.query(
      `delete from held_call h using call c, cdr d
       where h.held_until < now() and c.id = h.call_id and c.source = 'session'
         and d.call_id = c.id and d.side = 'A' and d.source <> 'estimated'`,
    );
    let released = 0;
    for (;;) {
      const { found, kept } = await this.#some(pool);
      released += kept;
      if (found < callsAtOnce || kept < found || signal?.aborted === true) break;
    }
    if (released > 0)
      this.#parts.log.info(
        { calls: released },
        'calls that no daemon wrote were taken from the word of the switch',
      );
    return released;
  }

  async #some(pool: Pool): Promise<{ readonly found: number; readonly kept: number }> {
    const due = await pool.query<{ call_id: string; record: CallRecord }>(
      'select call_id, record from held_call where held_until < now() order by held_until limit $1',
      [callsAtOnce],
    );
    const safe = await Promise.all(due.rows.map(({ record }) => this.#parts.writer.keep(record)));
    const kept = due.rows.filter((_, index) => safe[index]).map(({ call_id }) => call_id);
    if (kept.length > 0) await pool.query('delete from held_call where call_id = any($1)', [kept]);
    return { found: due.rows.length, kept: kept.length };
  }
}
