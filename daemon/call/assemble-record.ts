import type { LegEnd } from '../channel/leg-fact.ts';
import type { AttemptRecord, CallRecord, CdrRecord, LegRecord, TraceRecord } from '../records/call-record.ts';
import { type HangupCause, q850Of } from '../telephony/hangup-cause.ts';
import { type ChannelUuid, newId } from '../telephony/ids.ts';
import type { CallOutcome, HangupSide } from '../telephony/outcome.ts';
import type { LegBook } from './leg-book.ts';

/** How the A-leg's walk came to its end, before FreeSWITCH's facts are laid beside it. */
export interface Ending {
  readonly cause: HangupCause;
  readonly by: HangupSide;
  /** The type of the node that ran last, undefined where none did. */
  readonly lastNodeType: string | undefined;
  readonly reason: string | undefined;
  /** Set where the walk itself failed. */
  readonly fault: boolean;
  /** Set where the channel went while a node ran: what the node waited for did not come, in any way. */
  readonly cut?: true;
}

/** A fault of ours ended it, or nothing said how it ended: pessimistic by default. */
export function endingOfFault(reason: string | undefined): Ending {
  return {
    cause: 'NORMAL_TEMPORARY_FAILURE',
    by: 'callfabric',
    lastNodeType: undefined,
    reason,
    fault: true,
  };
}

/** What became of the call: from its attempts first, then from where it ended. */
export function outcomeOf(
  attempts: readonly AttemptRecord[],
  ending: Ending,
  trace: readonly TraceRecord[] = [],
): CallOutcome {
  if (attempts.some((attempt) => attempt.outcome === 'connected' || attempt.outcome === 'max_duration'))
    return 'connected';
  const last = attempts.at(-1);
  if (ending.by === 'caller') {
    if (last?.outcome === 'cancelled') return 'abandoned_ringing';
    if (ending.lastNodeType === 'queue') return 'abandoned_in_queue';
    return 'abandoned';
  }
  if (last !== undefined) {
    switch (last.outcome) {
      case 'no_answer':
      case 'busy':
      case 'rejected':
      case 'not_accepted':
      case 'failed':
      case 'capped':
        return last.outcome;
      case 'cancelled':
        return 'abandoned_ringing';
      case 'connected':
      case 'max_duration':
        return 'connected';
    }
  }
  if (ending.fault) return 'error';
  if (ending.cut === true && ending.by === 'callfabric') return 'finished'; // an operator, or no media
  // What is said to the caller after the wait was over (a prompt, a hangup node) does not make it another outcome.
  const waited = trace.findLast(({ nodeType }) => nodeType === 'queue');
  if (waited?.exit === 'timeout' || ending.lastNodeType === 'queue') return 'queue_timeout';
  return ending.by === 'network' ? 'interrupted' : 'finished';
}

/**
 * Who hung a leg up, by mod_sofia's disposition: `recv_…` is the far side of that leg, `send_…` is our side.
 * Source: mod_sofia.c, `sip_hangup_disposition`.
 */
export function hungUpBy(leg: LegEnd, otherwise: HangupSide): HangupSide {
  if (leg.disposition?.startsWith('recv_')) return leg.side === 'A' ? 'caller' : 'callee';
  return otherwise;
}

/** Who ended a B-leg that did not end itself: who ended the call, where they talked or it was still ringing then. */
function enderOf(attempt: AttemptRecord | undefined, ender: HangupSide): HangupSide {
  return attempt?.outcome === 'connected' || attempt?.outcome === 'cancelled' ? ender : 'callfabric';
}

/** A leg's CDR by FreeSWITCH's word. `otherwise`: who hung up where the far side did not. */
export function cdrOf(end: LegEnd, source: CdrRecord['source'], otherwise: HangupSide): CdrRecord {
  return {
    times: end.times,
    billMs: Math.max(0, Math.round(end.billMs)),
    cause: end.cause,
    q850: q850Of(end.cause),
    sipCode: end.sipCode,
    hungUpBy: hungUpBy(end, otherwise),
    callerNumber: end.callerNumber,
    calledNumber: end.calledNumber,
    codec: end.codec,
    mos: end.mos,
    sipCallId: end.sipCallId,
    remoteAddress: end.remoteAddress,
    source,
  };
}

/** An attempt the caller seemed to leave while it rang, where the callee's leg says that the two were joined. */
function joinedAfterAll(attempt: AttemptRecord, end: LegEnd | undefined): Partial<AttemptRecord> {
  const neverHeardOf = attempt.outcome === 'cancelled' || attempt.outcome === 'failed';
  if (!neverHeardOf || end?.times.bridgeUs === undefined) return {};
  return { outcome: 'connected', cause: end.cause };
}

export interface RecordParts {
  /** The facts of the call that need no computing. */
  readonly base: Omit<
    CallRecord,
    | 'answeredAtUs'
    | 'connectedAtUs'
    | 'endedAtUs'
    | 'outcome'
    | 'reason'
    | 'cause'
    | 'hungUpBy'
    | 'buyerId'
    | 'legs'
    | 'attempts'
  >;
  readonly channelUuid: ChannelUuid;
  readonly ending: Ending;
  readonly attempts: readonly AttemptRecord[];
  readonly legs: LegBook;
  /** Our own clock at the end, for what FreeSWITCH did not tell. */
  readonly nowUs: number;
  readonly calledNumber: string;
}

/**
 * Lays FreeSWITCH's facts over what the session saw: times and causes are FreeSWITCH's wherever it told them; an A-leg
 * it never told about gets a CDR marked `estimated`, which a later true one replaces.
 */
export function assembleRecord(parts: RecordParts): CallRecord {
  const { base, ending, legs } = parts;
  const a = legs.get(parts.channelUuid);
  const startedAtUs = a?.end?.times.startUs ?? base.startedAtUs;
  const endedAtUs = a?.end?.times.endUs ?? parts.nowUs;
  const answeredAtUs = a?.end?.times.answerUs ?? a?.answeredAtUs;

  const attempts = parts.attempts.map((attempt): AttemptRecord => {
    const leg = legs.get(attempt.channelUuid);
    const times = leg?.end?.times;
    return {
      ...attempt,
      ...joinedAfterAll(attempt, leg?.end),
      ringingAtUs: times?.progressUs ?? times?.progressMediaUs ?? attempt.ringingAtUs,
      answeredAtUs: times?.answerUs ?? leg?.answeredAtUs ?? attempt.answeredAtUs,
      endedAtUs: Math.max(times?.endUs ?? attempt.endedAtUs, attempt.dialledAtUs),
      sipCode: attempt.sipCode ?? leg?.end?.sipCode,
    };
  });
  const won = attempts.find(
    (attempt) => attempt.outcome === 'connected' || attempt.outcome === 'max_duration',
  );
  const side = a?.end === undefined || ending.by === 'callee' ? ending.by : hungUpBy(a.end, ending.by);

  const legRecords: LegRecord[] = [];
  for (const [channelUuid, entry] of legs.entries()) {
    const attempt = attempts.find((candidate) => candidate.channelUuid === channelUuid);
    let cdr: CdrRecord | undefined;
    if (entry.end !== undefined)
      cdr = cdrOf(entry.end, entry.endSource ?? 'event', entry.side === 'A' ? side : enderOf(attempt, side));
    else if (entry.side === 'A')
      cdr = {
        times: {
          startUs: startedAtUs,
          progressUs: undefined,
          progressMediaUs: undefined,
          answerUs: answeredAtUs,
          bridgeUs: entry.bridgedAtUs,
          endUs: endedAtUs,
        },
        billMs: answeredAtUs === undefined ? 0 : Math.max(0, Math.round((endedAtUs - answeredAtUs) / 1000)),
        cause: ending.cause,
        q850: q850Of(ending.cause),
        sipCode: undefined,
        hungUpBy: ending.by,
        callerNumber: base.caller,
        calledNumber: parts.calledNumber,
        codec: undefined,
        mos: undefined,
        sipCallId: undefined,
        remoteAddress: undefined,
        source: 'estimated',
      };
    // FreeSWITCH told nothing of it: it never made that leg, or its end is late and is written by itself.
    else if (attempt === undefined || entry.doubtful !== undefined) {
      if (attempt?.outcome !== 'connected' && attempt?.outcome !== 'max_duration') continue;
    }
    legRecords.push({
      legId: newId<'LegId'>(),
      side: entry.side,
      channelUuid,
      attemptId: attempt?.attemptId,
      cdr,
    });
  }
  return {
    ...base,
    startedAtUs,
    answeredAtUs,
    connectedAtUs:
      won === undefined
        ? undefined
        : (legs.get(won.channelUuid)?.bridgedAtUs ?? won.answeredAtUs ?? a?.end?.times.bridgeUs),
    endedAtUs: Math.max(endedAtUs, startedAtUs),
    outcome: base.refusal !== undefined ? 'refused' : outcomeOf(attempts, ending, base.trace),
    reason: ending.reason,
    cause: a?.end?.cause ?? ending.cause,
    hungUpBy: side,
    buyerId: won?.buyerId,
    legs: legRecords,
    attempts,
  };
}
