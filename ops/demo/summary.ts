import { closeOrm, openOrm } from '../../orm/config.ts';

/** What PostgreSQL holds of the demo's calls. */
export interface Summary {
  readonly lines: readonly string[];
  /** Sentences about what is missing; empty: every call has its records. */
  readonly faults: readonly string[];
}

interface CallRow {
  readonly channel_uuid: string;
  readonly outcome: string;
  readonly legs: number;
  readonly cdrs: number;
  readonly attempts: number;
  readonly steps: number;
  readonly recordings: number;
  readonly stored: number;
  readonly bill_ms: number;
}

const query = `
  select a.channel_uuid, c.outcome,
    (select count(*)::int from call_leg l where l.call_id = c.id) as legs,
    (select count(*)::int from cdr d where d.call_id = c.id and d.source <> 'estimated') as cdrs,
    (select count(*)::int from call_attempt t where t.call_id = c.id) as attempts,
    (select count(*)::int from call_trace s where s.call_id = c.id) as steps,
    (select count(*)::int from recording r where r.call_id = c.id) as recordings,
    (select count(*)::int from recording r where r.call_id = c.id and r.status = 'stored') as stored,
    coalesce((select sum(d.bill_ms) from cdr d where d.call_id = c.id), 0)::float8 as bill_ms
  from call c join call_leg a on a.call_id = c.id and a.side = 'A'`;

/** Reads the calls back from PostgreSQL and holds them against the channels the switch says it placed. */
export async function summarise(databaseUrl: string, placed: readonly string[]): Promise<Summary> {
  const orm = openOrm(databaseUrl, { applicationName: 'callfabric demo summary' });
  try {
    const rows = (await orm.em.getConnection().execute(query)) as CallRow[];
    const byChannel = new Map(rows.map((row) => [row.channel_uuid, row]));
    const faults: string[] = [];
    const outcomes = new Map<
      string,
      { calls: number; attempts: number; cdrs: number; stored: number; billMs: number }
    >();
    for (const channel of placed) {
      const row = byChannel.get(channel);
      if (row === undefined) {
        faults.push(`no call was written for channel ${channel}`);
        continue;
      }
      if (row.cdrs < row.legs)
        faults.push(`${channel} (${row.outcome}): ${row.legs} legs, but ${row.cdrs} CDRs`);
      if (row.steps === 0 && row.outcome !== 'refused') faults.push(`${channel} (${row.outcome}): no trace`);
      if (row.outcome === 'connected' && row.legs < 2)
        faults.push(`${channel}: connected with ${row.legs} leg`);
      if (row.outcome === 'connected' && row.attempts === 0)
        faults.push(`${channel}: connected without an attempt`);
      if (row.outcome === 'connected' && row.stored === 0)
        faults.push(`${channel}: connected, but of ${row.recordings} recordings none is stored`);
      const sum = outcomes.get(row.outcome) ?? { calls: 0, attempts: 0, cdrs: 0, stored: 0, billMs: 0 };
      sum.calls += 1;
      sum.attempts += row.attempts;
      sum.cdrs += row.cdrs;
      sum.stored += row.stored;
      sum.billMs += row.bill_ms;
      outcomes.set(row.outcome, sum);
    }
    const lines = [
      'OUTCOME               CALLS  ATTEMPTS  CDRS  RECORDINGS  LEG SECONDS',
      ...[...outcomes]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(
          ([outcome, sum]) =>
            outcome.padEnd(20) +
            String(sum.calls).padStart(7) +
            String(sum.attempts).padStart(10) +
            String(sum.cdrs).padStart(6) +
            String(sum.stored).padStart(12) +
            (sum.billMs / 1000).toFixed(1).padStart(13),
        ),
    ];
    return { lines, faults };
  } finally {
    await closeOrm(orm);
  }
}

/** What became of these calls, as far as they are written. */
export async function outcomesOf(
  orm: ReturnType<typeof openOrm>,
  callIds: readonly string[],
): Promise<Map<string, string>> {
  if (callIds.length === 0) return new Map();
  const rows = (await orm.em
    .getConnection()
    .execute('select id, outcome from call where id = any(?::uuid[])', [`{${callIds.join(',')}}`])) as {
    readonly id: string;
    readonly outcome: string;
  }[];
  return new Map(rows.map(({ id, outcome }) => [id, outcome]));
}
