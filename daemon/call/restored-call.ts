import type { AttemptRecord, RecordingRecord, TraceRecord } from '../records/call-record.ts';
import { rowOf } from '../routing/attempt-ending.ts';
import type { FlowVersionId } from '../telephony/ids.ts';
import { readHistory } from './call-history.ts';
import { CallRecording, type CallRecordingOptions } from './call-recording.ts';
import type { CallState } from './call-state.ts';
import { resultOfInterrupted } from './takeover.ts';

/** What there is to tell of a call, for its record. */
export interface ToldCall {
  readonly attempts: readonly AttemptRecord[];
  readonly trace: readonly TraceRecord[];
  readonly recordings: readonly RecordingRecord[];
  readonly variables: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly flowVersionId: FlowVersionId | undefined;
}

/**
 * A call that was taken over and cannot go on (its number is gone, its flow cannot be read): what the daemon before us
 * carried still is its history, the attempt that was under way too.
 */
export function restoredCall(
  state: CallState | undefined,
  options: Omit<CallRecordingOptions, 'tenantId' | 'callId'>,
): ToldCall | undefined {
  if (state === undefined) return undefined;
  const { channel, now } = options;
  const { attempts, trace } = readHistory(state.history, state.startedAtUs);
  const { underWay, walk, tenantId, callId } = state;
  const result = underWay === undefined ? undefined : resultOfInterrupted(underWay, channel, now());
  const last =
    underWay === undefined || result === undefined
      ? []
      : [
          rowOf(
            {
              ...underWay,
              buyerId: underWay.buyerId,
              trunkId: underWay.trunkId,
              destination: underWay.destination ?? '',
            },
            result,
            'granted',
            { answeredAtUs: undefined, endedAtUs: now() * 1000 },
          ),
        ];
  const all = [...attempts, ...last];
  const talked = all.some(({ outcome }) => outcome === 'connected' || outcome === 'max_duration');
  return {
    attempts: all,
    trace,
    recordings: new CallRecording({ ...options, tenantId, callId }, state.recordings).records(talked),
    variables: walk.variables,
    tags: walk.tags,
    flowVersionId: walk.frames[0]?.flowVersionId,
  };
}
