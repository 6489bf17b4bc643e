import type { CallSoFar } from '../call/call-so-far.ts';
import type { CallRecords, CdrView } from './call-schemas.ts';
import { instantOfUs } from './schemas.ts';

const at = (us: number | undefined): string | null => (us === undefined ? null : instantOfUs(us));

/** What a live call has behind it, in the shape of the ended ones. */
export function recordsOfLive({ legs, attempts, trace, recordings }: CallSoFar): CallRecords {
  return {
    legs: legs.map(({ side, channelUuid, attemptId, cdr }) => ({
      id: channelUuid, // its row, and so its id, is made when the call ends
      side,
      channelUuid,
      attemptId: attemptId ?? null,
      cdr: cdr === undefined ? null : cdrView(cdr),
    })),
    attempts: attempts.map((one) => ({
      id: one.attemptId,
      number: one.number,
      buyerId: one.buyerId ?? null,
      endpointId: one.endpointId ?? null,
      trunkId: one.trunkId ?? null,
      destination: one.destination,
      channelUuid: one.channelUuid,
      dialledAt: instantOfUs(one.dialledAtUs),
      ringingAt: at(one.ringingAtUs),
      answeredAt: at(one.answeredAtUs),
      endedAt: at(one.endedAtUs),
      outcome: one.outcome ?? null,
      cause: one.cause ?? null,
      sipCode: one.sipCode ?? null,
      capDecision: one.capDecision,
    })),
    trace: trace.map(({ enteredAtUs, reason, ...step }) => ({
      ...step,
      enteredAt: instantOfUs(enteredAtUs),
      reason: reason ?? null,
    })),
    recordings: recordings.map(({ recordingId, channels, startedAtUs }) => ({
      id: recordingId,
      state: 'pending',
      channels,
      startedAt: instantOfUs(startedAtUs),
      bytes: null,
      durationMs: null,
      sha256: null,
      deletedAt: null,
    })),
  };
}

function cdrView(cdr: NonNullable<CallSoFar['legs'][number]['cdr']>): CdrView {
  return {
    startedAt: instantOfUs(cdr.times.startUs),
    progressAt: at(cdr.times.progressUs),
    progressMediaAt: at(cdr.times.progressMediaUs),
    answeredAt: at(cdr.times.answerUs),
    bridgedAt: at(cdr.times.bridgeUs),
    endedAt: instantOfUs(cdr.times.endUs),
    billMs: cdr.billMs,
    cause: cdr.cause,
    q850: cdr.q850,
    sipCode: cdr.sipCode ?? null,
    hungUpBy: cdr.hungUpBy,
    callerNumber: cdr.callerNumber,
    calledNumber: cdr.calledNumber,
    codec: cdr.codec ?? null,
    mos: cdr.mos ?? null,
    sipCallId: cdr.sipCallId ?? null,
    remoteAddress: cdr.remoteAddress ?? null,
    source: cdr.source,
  };
}
