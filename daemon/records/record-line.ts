import type { CallId } from '../telephony/ids.ts';
import type { AnyRecord } from './call-record.ts';

/** A record as text: the same JSON goes to PostgreSQL and to the spool. */
export interface RecordLine {
  readonly callId: CallId;
  readonly source: AnyRecord['source'];
  /** JSON of the record, on one line. */
  readonly text: string;
}

// PostgreSQL's jsonb takes neither NUL nor half a surrogate pair; both come in with hostile caller names.
const suspicious = /\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

function cleaned(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value;
}

/** Throws TypeError where the record holds what JSON cannot (a bigint, a circle). */
export function encodeRecord(record: AnyRecord): RecordLine {
  const quick = JSON.stringify(record);
  const text = suspicious.test(quick) ? JSON.stringify(record, cleaned) : quick;
  return { callId: record.callId, source: record.source, text };
}
