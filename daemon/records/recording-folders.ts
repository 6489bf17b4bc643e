import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import { poolOf } from '../../orm/config.ts';

const dayMs = 86_400_000;

/**
 * Makes the folders that FreeSWITCH records to, `<folder>/<tenant>/<yyyy>/<mm>/<dd>` (UTC), for today and tomorrow.
 * FreeSWITCH would make them itself, with no right to write for its group (0750, SWITCH_DEFAULT_DIR_PERMS): the daemon,
 * which runs as another user, could then neither move nor delete what lies in them.
 */
export class RecordingFolders {
  readonly #orm: MikroORM;
  readonly #folder: string;
  #made = new Set<string>();

  constructor(orm: MikroORM, folder: string) {
    this.#orm = orm;
    this.#folder = folder;
  }

  /** Nothing where the recordings' folder is not there: that is the doctor's to say. Rejects while PostgreSQL is away. */
  async make(nowMs: number = Date.now()): Promise<void> {
    const there = await stat(this.#folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!there) return;
    const pool = await poolOf(this.#orm);
    const { rows } = await pool.query<{ id: string }>('select id from tenant where enabled');
    const days = [nowMs, nowMs + dayMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
    const wanted = rows.flatMap(({ id }) => days.map((day) => join(this.#folder, id, ...day.split('-'))));
    for (const path of wanted) if (!this.#made.has(path)) await mkdir(path, { recursive: true, mode: 0o770 });
    this.#made = new Set(wanted);
  }
}
