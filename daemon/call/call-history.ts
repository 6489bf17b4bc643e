import type { AttemptRecord, TraceRecord } from '../records/call-record.ts';
import { isHangupCause } from '../telephony/hangup-cause.ts';
import { attemptOutcomes } from '../telephony/outcome.ts';

/** What a call has behind it: the one record after a takeover tells of it too. */
export interface CallHistory {
  readonly attempts: readonly AttemptRecord[];
  readonly trace: readonly TraceRecord[];
}

/** `[attempts, visits, how many visits were left out]`, each a list of its fields; times in µs after the call's start. */
export type PackedHistory = readonly [unknown[][], unknown[][], number];

/** Characters of JSON. The state travels with every verb that may wait, and FreeSWITCH reads it byte by byte. */
const longestHistory = 6_000;
const longestReason = 120;

/** A row never changes, and is packed again with every step of its call. */
const packedRows = new WeakMap<object, { readonly fields: unknown[]; readonly length: number }>();

/** Where not everything fits, the oldest visits are left out first, then the oldest attempts. */
export function packHistory({ attempts, trace }: CallHistory, startedAtUs: number): PackedHistory {
  const after = (us: number | undefined): number | null =>
    us === undefined ? null : Math.round(us - startedAtUs);
  let room = longestHistory;
  const newestThatFit = <T extends object>(rows: readonly T[], pack: (row: T) => unknown[]): unknown[][] => {
    const packed: unknown[][] = [];
    for (let index = rows.length - 1; index >= 0; index -= 1) {
      const row = rows[index] as T;
      let known = packedRows.get(row);
      if (known === undefined) {
        const fields = pack(row);
        known = { fields, length: JSON.stringify(fields).length + 1 };
        packedRows.set(row, known);
      }
      room -= known.length;
      if (room < 0) break;
      packed.push(known.fields);
    }
    return packed.reverse();
  };
  const packedAttempts = newestThatFit(attempts, (one) => {
    const ids = [one.attemptId, one.number, one.buyerId ?? null, one.endpointId ?? null, one.trunkId ?? null];
    const dialled = [one.destination, one.channelUuid, after(one.dialledAtUs), after(one.ringingAtUs)];
    const ended = [after(one.answeredAtUs), after(one.endedAtUs), one.outcome, one.cause];
    return [...ids, ...dialled, ...ended, one.sipCode ?? null, one.capDecision];
  });
  const packedTrace = newestThatFit(trace, (one) => {
    const visit = [one.step, one.nodeId, one.nodeType, one.exit, after(one.enteredAtUs)];
    const reason = one.reason === undefined ? [] : [one.reason.slice(0, longestReason)];
    return [...visit, Math.round(one.durationMs), ...reason];
  });
  return [packedAttempts, packedTrace, trace.length - packedTrace.length];
}

/** Reads what was packed. Rows of another form are left out: they would spoil the record. Never throws. */
export function readHistory(packed: unknown, startedAtUs: number): CallHistory {
  const [attempts, trace, leftOut] = Array.isArray(packed) ? (packed as unknown[]) : [];
  const rows = rowsOf(trace).flatMap((row) => traceOf(row, startedAtUs));
  const [oldest] = rows;
  if (oldest !== undefined && typeof leftOut === 'number' && leftOut > 0) {
    const reason = oldest.reason === undefined ? '' : `; ${oldest.reason}`;
    rows[0] = {
      ...oldest,
      reason: `${leftOut} visits before it were not carried over the takeover${reason}`,
    };
  }
  return { attempts: rowsOf(attempts).flatMap((row) => attemptOf(row, startedAtUs)), trace: rows };
}

function rowsOf(rows: unknown): unknown[][] {
  return Array.isArray(rows) ? rows.filter((row) => Array.isArray(row)) : [];
}

function attemptOf(row: readonly unknown[], startedAtUs: number): AttemptRecord[] {
  const [attemptId, number, buyerId, endpointId, trunkId, destination, channelUuid, ...rest] = row;
  const [dialled, ringing, answered, ended, outcome, cause, sipCode, capDecision] = rest;
  const texts = [attemptId, destination, channelUuid, outcome, cause, capDecision];
  const maybeTexts = [buyerId, endpointId, trunkId];
  const fits =
    texts.every((one) => typeof one === 'string') &&
    [number, dialled, ended].every((one) => Number.isSafeInteger(one)) &&
    [ringing, answered, sipCode].every((one) => one === null || Number.isSafeInteger(one)) &&
    maybeTexts.every((one) => one === null || typeof one === 'string') &&
    attemptOutcomes.some((known) => known === outcome) &&
    isHangupCause(String(cause));
  if (!fits) return [];
  const at = (us: unknown): number | undefined => (typeof us === 'number' ? us + startedAtUs : undefined);
  return [
    {
      attemptId,
      number,
      buyerId: buyerId ?? undefined,
      endpointId: endpointId ?? undefined,
      trunkId: trunkId ?? undefined,
      destination,
      channelUuid,
      dialledAtUs: at(dialled),
      ringingAtUs: at(ringing),
      answeredAtUs: at(answered),
      endedAtUs: at(ended),
      outcome,
      cause,
      sipCode: sipCode ?? undefined,
      capDecision,
    } as AttemptRecord,
  ];
}

function traceOf(row: readonly unknown[], startedAtUs: number): TraceRecord[] {
  const [step, nodeId, nodeType, exit, entered, durationMs, reason] = row;
  if (
    typeof step !== 'number' ||
    !Number.isSafeInteger(step) ||
    typeof nodeId !== 'string' ||
    typeof nodeType !== 'string' ||
    typeof exit !== 'string' ||
    typeof entered !== 'number' ||
    typeof durationMs !== 'number'
  )
    return [];
  const enteredAtUs = entered + startedAtUs;
  return [
    {
      step,
      nodeId,
      nodeType,
      exit,
      enteredAtUs,
      durationMs,
      reason: typeof reason === 'string' ? reason : undefined,
    },
  ];
}
