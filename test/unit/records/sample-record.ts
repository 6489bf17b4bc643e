import type { CallRecord } from '../../../daemon/records/call-record.ts';
import type { Branded } from '../../../daemon/telephony/ids.ts';
import { newId } from '../../../daemon/telephony/ids.ts';

const id = <Name extends string>(): Branded<Name> => newId<Name>();

/** A connected call as the session writes it: 2 legs with CDRs, 2 attempts, 8 steps, 1 recording; 16 rows. */
export function sampleRecord(tenantId: string, change: Partial<CallRecord> = {}): CallRecord {
  const callId = change.callId ?? id<'CallId'>();
  const startedAtUs = Date.now() * 1000 + 885;
  const [first, second] = [id<'AttemptId'>(), id<'AttemptId'>()];
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()] as unknown as Branded<'ChannelUuid'>[];
  if (a === undefined || b === undefined) throw new Error('two channels');
  const cdr = (answerUs: number) => ({
    times: {
      startUs: startedAtUs,
      progressUs: startedAtUs + 20_001,
      progressMediaUs: undefined,
      answerUs,
      bridgeUs: answerUs + 20_029,
      endUs: answerUs + 3_040_025,
    },
    billMs: 3040,
    cause: 'NORMAL_CLEARING' as const,
    q850: 16,
    sipCode: 200,
    hungUpBy: 'caller' as const,
    callerNumber: '+15125550100',
    calledNumber: '+15551234567',
    codec: 'PCMU',
    mos: 4.5,
    sipCallId: `1-22038@127.0.0.1-${callId}`,
    remoteAddress: '127.0.0.1',
    source: 'event' as const,
  });
  const attempt = {
    buyerId: id<'BuyerId'>(),
    endpointId: id<'EndpointId'>(),
    trunkId: undefined,
    destination: 'sip:buyer@127.0.0.1:5070',
    dialledAtUs: startedAtUs + 1000,
    ringingAtUs: startedAtUs + 5000,
    endedAtUs: startedAtUs + 90_000,
    capDecision: 'granted',
  };
  return {
    callId,
    tenantId: tenantId as CallRecord['tenantId'],
    campaignId: id(),
    phoneNumberId: id(),
    publisherId: undefined,
    flowVersionId: id(),
    switchName: 'fs1' as CallRecord['switchName'],
    daemonId: id(),
    caller: '+15125550100',
    callerName: 'Alice',
    did: '+15551234567',
    startedAtUs,
    answeredAtUs: startedAtUs + 8000,
    connectedAtUs: startedAtUs + 90_000,
    endedAtUs: startedAtUs + 3_200_000,
    outcome: 'connected',
    refusal: undefined,
    reason: undefined,
    cause: 'NORMAL_CLEARING',
    hungUpBy: 'caller',
    buyerId: attempt.buyerId,
    variables: { zip: '90210' },
    tags: ['test'],
    takeovers: 0,
    source: 'session',
    legs: [
      { legId: id(), side: 'A', channelUuid: a, attemptId: undefined, cdr: cdr(startedAtUs + 8000) },
      { legId: id(), side: 'B', channelUuid: b, attemptId: second, cdr: cdr(startedAtUs + 80_000) },
    ],
    attempts: [
      {
        ...attempt,
        attemptId: first,
        number: 1,
        channelUuid: id<'ChannelUuid'>(),
        answeredAtUs: undefined,
        outcome: 'busy',
        cause: 'USER_BUSY',
        sipCode: 486,
      },
      {
        ...attempt,
        attemptId: second,
        number: 2,
        channelUuid: b,
        answeredAtUs: startedAtUs + 80_000,
        outcome: 'connected',
        cause: 'NORMAL_CLEARING',
        sipCode: 200,
      },
    ],
    trace: Array.from({ length: 8 }, (_, index) => ({
      step: index + 1,
      nodeId: `node${index}`,
      nodeType: 'play',
      exit: 'done',
      enteredAtUs: startedAtUs + index * 1000,
      durationMs: 12.5,
      reason: undefined,
    })),
    recordings: [
      {
        recordingId: id(),
        path: `/var/lib/callfabric/recordings/${callId}-1.wav`,
        channels: 'stereo',
        startedAtUs: startedAtUs + 80_000,
        stoppedAtUs: startedAtUs + 3_100_000,
        durationMs: undefined,
        retentionDays: undefined,
      },
    ],
    ...change,
  };
}
