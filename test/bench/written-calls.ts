import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

/** What PostgreSQL holds of the calls to one number. */
export interface WrittenCalls {
  readonly calls: number;
  readonly connected: number;
  readonly legs: number;
  /** CDRs from FreeSWITCH's own word; estimates do not count. */
  readonly cdrs: number;
  readonly attempts: number;
  readonly steps: number;
}

const query = `
  with c as (select id, outcome from call where did = $1)
  select (select count(*)::int from c) as calls,
    (select count(*)::int from c where outcome = 'connected') as connected,
    (select count(*)::int from call_leg where call_id in (select id from c)) as legs,
    (select count(*)::int from cdr where call_id in (select id from c) and source <> 'estimated') as cdrs,
    (select count(*)::int from call_attempt where call_id in (select id from c)) as attempts,
    (select count(*)::int from call_trace where call_id in (select id from c)) as steps`;

/** Waits until `calls` calls to `did` are written, at most `deadlineMs`, then counts everything. */
export async function countWritten(
  databaseUrl: string,
  did: string,
  calls: number,
  deadlineMs: number,
): Promise<WrittenCalls & { readonly waitedMs: number }> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const startedAtMs = performance.now();
  try {
    for (;;) {
      const found = await client.query<{ n: number }>('select count(*)::int as n from call where did = $1', [
        did,
      ]);
      const waitedMs = performance.now() - startedAtMs;
      if ((found.rows[0]?.n ?? 0) >= calls || waitedMs > deadlineMs) {
        const { rows } = await client.query<WrittenCalls>(query, [did]);
        const [counted] = rows;
        if (counted === undefined) throw new Error('PostgreSQL counted nothing');
        return { ...counted, waitedMs };
      }
      await delay(20);
    }
  } finally {
    await client.end();
  }
}
