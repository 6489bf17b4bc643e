import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../orm/config.ts';
import type { AnyRecord, CallRecord } from './call-record.ts';

export interface HeldCallsParts {
  readonly orm: MikroORM;
  readonly writer: { keep(record: AnyRecord): Promise<boolean> };
  readonly log: { info(facts: object, message: string): void };
}

const callsARun = 200;

/**
 * Lets go of what the switch told of calls that no session has written in time: it becomes their record. Any daemon may
 * do it for all of them, and two at once do no harm: the same record twice changes nothing, and a session's wins.
 */
export class HeldCalls {
  readonly #parts: HeldCallsParts;

  constructor(parts: HeldCallsParts) {
    this.#parts = parts;
  }

  /** One round; returns how many were let go. Rejects while PostgreSQL is away. */
  async release(): Promise<number> {
    const { orm, writer, log } = this.#parts;
    const pool = await poolOf(orm);
    const due = await pool.query<{ call_id: string; record: CallRecord }>(
      'select call_id, record from held_call where held_until < now() order by held_until limit $1',
      [callsARun],
    );
    if (due.rows.length === 0) return 0;
    const kept = await Promise.all(due.rows.map(({ record }) => writer.keep(record)));
    const done = due.rows.filter((_, index) => kept[index]).map(({ call_id }) => call_id);
    await pool.query('delete from held_call where call_id = any($1)', [done]);
    log.info({ calls: done.length }, 'calls that no daemon wrote were taken from the word of the switch');
    return done.length;
  }
}
