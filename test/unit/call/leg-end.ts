import type { LegEnd } from '../../../daemon/channel/leg-fact.ts';

/** What mod_json_cdr told of one leg. */
export function legEnd(
  side: 'A' | 'B',
  variables: Record<string, string>,
  change: Partial<LegEnd> = {},
): LegEnd {
  const startUs = 1_795_479_786_979_885;
  return {
    channelUuid: crypto.randomUUID() as unknown as LegEnd['channelUuid'],
    otherLegUuid: undefined,
    side,
    times: {
      startUs: side === 'A' ? startUs : startUs + 14_000,
      progressUs: undefined,
      progressMediaUs: undefined,
      answerUs: startUs + 20_000,
      bridgeUs: startUs + 40_029,
      endUs: startUs + 3_040_025,
    },
    billMs: 3020,
    cause: 'NORMAL_CLEARING',
    sipCode: 200,
    disposition: side === 'A' ? 'send_bye' : 'recv_bye',
    callerNumber: '+15125550100',
    calledNumber: side === 'A' ? '+15551234567' : '1000',
    codec: 'PCMU',
    mos: 4.5,
    sipCallId: undefined,
    remoteAddress: '127.0.0.1',
    variable: (name) => variables[name],
    ...change,
  };
}
