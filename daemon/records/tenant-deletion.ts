import { unlink } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { poolOf } from '../../orm/config.ts';
import {
  type DeleteTenantOptions,
  deleteRows,
  deleteTenantRow,
  markLeaving,
} from '../../orm/delete-tenant.ts';
import type { RecordingTarget } from './recording-target.ts';

export interface TenantDeletionParts {
  readonly orm: MikroORM;
  readonly target: Pick<RecordingTarget, 'remove'>;
  /** Where FreeSWITCH writes recordings: no local file outside of it is touched, whatever a row says. */
  readonly recordingsFolder: string;
  readonly log: {
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
}

const recordingsAtOnce = 200;

/**
 * Deletes a tenant with all that is its own: its recordings wherever they are kept, its rows in every table, people who
 * are in no other tenant, and at last itself. In pieces; rejects where one fails, and begun anew it goes on. Calls that
 * are live go on without it; what they leave behind finds no tenant and is put aside. False: there was none.
 */
export async function deleteTenant(
  parts: TenantDeletionParts,
  tenantId: string,
  options: DeleteTenantOptions = {},
): Promise<boolean> {
  const pool = await poolOf(parts.orm);
  if (!(await markLeaving(pool, tenantId))) return false;
  const recordings = await deleteRecordings(parts, pool, tenantId, options);
  const rows = await deleteRows(pool, tenantId, options);
  // Of calls that ended meanwhile.
  const late = await deleteRecordings(parts, pool, tenantId, options);
  await deleteTenantRow(pool, tenantId, { ...rows, recording: recordings + late });
  parts.log.info({ tenantId, recordings: recordings + late, rows }, 'tenant deleted');
  return true;
}

/** File first, then its row: whatever happens in between, no file is left that nobody knows of. */
async function deleteRecordings(
  parts: TenantDeletionParts,
  pool: Pool,
  tenantId: string,
  { signal }: DeleteTenantOptions,
): Promise<number> {
  let deleted = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { rows } = await pool.query<{ id: string; path: string; location: string | null }>(
      'select id, path, location from recording where tenant_id = $1 limit $2',
      [tenantId, recordingsAtOnce],
    );
    if (rows.length === 0) return deleted;
    for (const { path, location } of rows) {
      if (location !== null) await parts.target.remove(location);
      await removeLocal(parts, path);
    }
    await pool.query('delete from recording where id = any($1)', [rows.map(({ id }) => id)]);
    deleted += rows.length;
  }
}

async function removeLocal({ recordingsFolder, log }: TenantDeletionParts, path: string): Promise<void> {
  if (!resolve(path).startsWith(resolve(recordingsFolder) + sep)) {
    log.warn({ path }, 'a recording outside of the recordings folder was left where it is');
    return;
  }
  await unlink(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  });
}
