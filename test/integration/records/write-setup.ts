import type { MikroORM } from '@mikro-orm/postgresql';
import { RecordSpool } from '../../../daemon/records/record-spool.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import { RecordWriter, type RecordWriterOptions } from '../../../daemon/records/record-writer.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { Tenant } from '../../../orm/index.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';

export interface WriteSetup {
  readonly orm: MikroORM;
  readonly tenantId: string;
  readonly spool: RecordSpool;
  readonly writer: RecordWriter;
  readonly log: ReturnType<typeof quietLog>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Where PostgreSQL is away it refuses at once: only a busy machine makes anybody wait. */
const patienceMs = 20_000;

/** A started writer on the database at `url`, with its spool in `folder`. */
export async function writeSetup(
  url: string,
  folder: string,
  options: Partial<RecordWriterOptions> = {},
): Promise<WriteSetup> {
  const orm = openOrm(url, { connectTimeoutMs: patienceMs });
  const owner = openOrm(url, { as: 'login', connectTimeoutMs: patienceMs });
  const log = quietLog();
  const spool = new RecordSpool({ folder, log });
  const writer = new RecordWriter({
    store: new PostgresRecordStore(orm, patienceMs),
    spool,
    log,
    lingerMs: 2,
    retryMinMs: 10,
    retryMaxMs: 50,
    ...options,
  });
  await writer.start();
  const tenant = await orm.em.fork().findOneOrFail(Tenant, { slug: 'test-org' });
  return {
    orm,
    tenantId: tenant.id,
    spool,
    writer,
    log,
    async rows(sql) {
      const pool = await poolOf(owner);
      const { rows } = await pool.query<Record<string, unknown>>(sql);
      return rows;
    },
    async close() {
      await writer.stop();
      await closeOrm(orm);
      await closeOrm(owner);
    },
  };
}

/** Resolves when `holds` is true, looking every few ms; rejects after `deadlineMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const endAt = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > endAt) throw new Error(`did not come in ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
