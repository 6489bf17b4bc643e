import { Pool } from 'pg';
import { until } from '../until.ts';

export interface CdrRow {
  readonly side: 'A' | 'B';
  readonly channel_uuid: string;
  readonly cause: string;
  readonly source: 'event' | 'json_cdr' | 'estimated';
  readonly hung_up_by: string;
  readonly bill_ms: number;
  readonly sip_code: number | null;
  readonly started_at: string;
  readonly ended_at: string;
}
export interface AttemptRow {
  readonly number: number;
  readonly outcome: string;
  readonly cause: string;
  readonly destination: string;
  readonly channel_uuid: string;
  readonly cap_decision: string;
  readonly buyer_id: string | null;
  readonly dialled_at: string;
  readonly answered_at: string | null;
  readonly ended_at: string;
}
export interface TraceRow {
  readonly step: number;
  readonly node_id: string;
  readonly node_type: string;
  readonly exit: string;
  readonly reason: string | null;
  readonly duration_ms: number;
}
export interface RecordingRow {
  readonly status: string;
  readonly path: string;
  readonly bytes: number | null;
  readonly duration_ms: number | null;
  readonly sha256: string | null;
  readonly location: string | null;
  readonly started_at: string;
  readonly stopped_at: string | null;
  readonly retention_days: number | null;
}

/** A call as PostgreSQL has it, with everything that hangs on it. */
export interface CallRow {
  readonly id: string;
  readonly outcome: string;
  readonly refusal: string | null;
  readonly reason: string | null;
  readonly cause: string;
  readonly hung_up_by: string;
  readonly caller: string;
  readonly caller_name: string;
  readonly did: string;
  readonly daemon_id: string;
  readonly publisher_id: string | null;
  readonly flow_version_id: string | null;
  readonly connected_at: string | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly takeovers: number;
  readonly source: 'session' | 'switch';
  readonly legs: readonly { readonly side: 'A' | 'B'; readonly channel_uuid: string }[];
  readonly cdrs: readonly CdrRow[];
  readonly attempts: readonly AttemptRow[];
  readonly trace: readonly TraceRow[];
  readonly recordings: readonly RecordingRow[];
}

const rows = (table: string, order: string): string =>
  `coalesce((select jsonb_agg(to_jsonb(x) order by ${order}) from ${table} x where x.call_id = c.id), '[]')`;
const query = `
  select to_jsonb(c) || jsonb_build_object(
    'legs', ${rows('call_leg', 'x.side, x.channel_uuid')},
    'cdrs', ${rows('cdr', 'x.side, x.started_at')},
    'attempts', ${rows('call_attempt', 'x.number')},
    'trace', ${rows('call_trace', 'x.step')},
    'recordings', ${rows('recording', 'x.started_at')}) as call
  from call c where c.id in (select call_id from call_leg where channel_uuid = $1)`;

/** Reads calls back by the uuid of one of their channels. */
export class CallReader {
  readonly #pool: Pool;

  constructor(databaseUrl: string) {
    this.#pool = new Pool({ connectionString: databaseUrl, max: 2 });
    this.#pool.on('error', () => {}); // a PostgreSQL that a test stops ends idle connections
  }

  async find(channelUuid: string): Promise<CallRow | undefined> {
    const found = await this.#pool.query<{ call: CallRow }>(query, [channelUuid]);
    if (found.rows.length > 1) throw new Error(`${channelUuid} is a leg of ${found.rows.length} calls`);
    return found.rows[0]?.call;
  }

  /** Waits until the call is written so that `holds`; default: by the daemon that ran it. */
  row(channelUuid: string, holds: (row: CallRow) => boolean = bySession): Promise<CallRow> {
    return until(`the record of call ${channelUuid}`, async () => {
      const row = await this.find(channelUuid);
      return row !== undefined && holds(row) ? row : undefined;
    });
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

/** `node:exit` of every visit. */
export function stepsOf(row: CallRow): string[] {
  return row.trace.map(({ node_id, exit }) => `${node_id}:${exit}`);
}

/** mod_json_cdr may tell another daemon first, which writes what it knows until the session's own record comes. */
const bySession = ({ source }: CallRow): boolean => source === 'session';
