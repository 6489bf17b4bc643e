import type { AttemptRecord, CdrRecord, RecordingRecord, TraceRecord } from '../records/call-record.ts';
import type { ChannelUuid } from '../telephony/ids.ts';
import { cdrOf } from './assemble-record.ts';
import type { CallWalk } from './call-walk.ts';
import type { LegBook } from './leg-book.ts';

export interface LegSoFar {
  readonly side: 'A' | 'B';
  readonly channelUuid: ChannelUuid;
  readonly attemptId: string | undefined;
  /** Undefined while the leg lives. */
  readonly cdr: CdrRecord | undefined;
}

/** An attempt that ended, or the one that runs: nobody knows yet what becomes of it. */
export type AttemptSoFar = Omit<AttemptRecord, 'endedAtUs' | 'outcome' | 'cause'> & {
  readonly endedAtUs: number | undefined;
  readonly outcome: AttemptRecord['outcome'] | undefined;
  readonly cause: AttemptRecord['cause'] | undefined;
};

/** What a live call has behind it: what its record would tell if it ended now. */
export interface CallSoFar {
  readonly answeredAtUs: number | undefined;
  readonly connectedAtUs: number | undefined;
  readonly legs: readonly LegSoFar[];
  readonly attempts: readonly AttemptSoFar[];
  readonly trace: readonly TraceRecord[];
  readonly recordings: readonly RecordingRecord[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Reads it from what the session holds; nothing is kept for it while nobody asks. */
export function callSoFar(
  channelUuid: ChannelUuid,
  book: LegBook,
  walk: Pick<CallWalk, 'attempts' | 'underWay' | 'trace' | 'recordings' | 'variables'> | undefined,
): CallSoFar {
  const attempts: AttemptSoFar[] = (walk?.attempts ?? []).map((attempt) => ({ ...attempt }));
  const runs = walk?.underWay;
  if (runs !== undefined)
    attempts.push({
      attemptId: runs.attemptId,
      number: runs.number,
      buyerId: runs.buyerId,
      endpointId: runs.endpointId,
      trunkId: runs.trunkId,
      destination: runs.destination ?? '',
      channelUuid: runs.legUuid,
      dialledAtUs: runs.dialledAtUs,
      ringingAtUs: undefined,
      answeredAtUs: book.get(runs.legUuid)?.answeredAtUs,
      endedAtUs: undefined,
      outcome: undefined,
      cause: undefined,
      sipCode: undefined,
      capDecision: 'granted',
    });
  const legs = Array.from(book.entries(), ([uuid, { side, end, endSource }]): LegSoFar => {
    const attempt = attempts.find((one) => one.channelUuid === uuid);
    const cdr = end === undefined ? undefined : cdrOf(end, endSource ?? 'event', 'callfabric');
    return { side, channelUuid: uuid, attemptId: attempt?.attemptId, cdr };
  });
  return {
    answeredAtUs: book.get(channelUuid)?.answeredAtUs,
    connectedAtUs: book.get(channelUuid)?.bridgedAtUs,
    legs,
    attempts,
    trace: walk?.trace ?? [],
    recordings: walk?.recordings ?? [],
    variables: walk?.variables ?? {},
  };
}
