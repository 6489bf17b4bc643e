import type { BridgeResult, ChannelGone } from '../channel/channel.ts';
import type { AttemptOptions, AttemptResult } from '../flow/node-context.ts';
import type { AttemptRecord } from '../records/call-record.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid } from '../telephony/ids.ts';
import type { AttemptOutcome } from '../telephony/outcome.ts';
import type { AttemptBegun } from './attempt-log.ts';
import { attemptOutcomeOf, ruleOf } from './cause-map.ts';

/** How one try ended, before it is written down. */
export interface Ending {
  readonly outcome: AttemptOutcome;
  readonly cause: HangupCause;
  readonly sipCode: number | undefined;
  readonly hungUpBy: 'A' | 'B' | undefined;
}

/** What the bridge's end means for the attempt. */
export function endingOf(bridged: BridgeResult): Ending {
  switch (bridged.end) {
    case 'answered':
      return {
        outcome: bridged.cause === 'ALLOTTED_TIMEOUT' ? 'max_duration' : 'connected',
        cause: bridged.cause,
        sipCode: undefined,
        hungUpBy: bridged.hungUpBy,
      };
    case 'notAccepted':
      return { outcome: 'not_accepted', cause: bridged.cause, sipCode: undefined, hungUpBy: undefined };
    case 'notAnswered':
      return {
        outcome: attemptOutcomeOf(bridged.cause),
        cause: bridged.cause,
        sipCode: bridged.sipCode,
        hungUpBy: undefined,
      };
  }
}

/**
 * The A-leg went away under the bridge; `talked`: facts of the inbound connection said that the two were joined. Facts
 * may be missing; the channel's own word of whom it was bridged to comes with its end.
 */
export function endingOfGone({ end }: ChannelGone, legUuid: ChannelUuid, talked: boolean): Ending {
  if (talked || end.bridgedTo === legUuid)
    return { outcome: 'connected', cause: end.cause, sipCode: undefined, hungUpBy: 'A' };
  return end.by === 'lost'
    ? { outcome: 'failed', cause: end.cause, sipCode: undefined, hungUpBy: undefined }
    : { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL', sipCode: undefined, hungUpBy: undefined };
}

/** What the node is told. */
export function resultOf(ending: Ending, talkedMs: number, options: AttemptOptions): AttemptResult {
  const next =
    ending.outcome === 'not_accepted' ? 'skipEndpoint' : ruleOf(ending.cause, ending.sipCode, options.causes);
  return { ...ending, cappedBy: undefined, talkedMs, next };
}

type RowParts = Omit<AttemptBegun, 'buyerName' | 'lease'>;
/** What is written down. FreeSWITCH's own times are laid over it at the end of the call. */
export function rowOf(
  { attemptId, number, buyerId, endpointId, trunkId, destination, legUuid, dialledAtUs }: RowParts,
  { outcome, cause, sipCode }: Pick<Ending, 'outcome' | 'cause' | 'sipCode'>,
  capDecision: string,
  times: { answeredAtUs: number | undefined; endedAtUs: number },
): AttemptRecord {
  return {
    attemptId,
    number,
    buyerId,
    endpointId,
    trunkId,
    destination,
    channelUuid: legUuid,
    dialledAtUs,
    ringingAtUs: undefined,
    answeredAtUs: times.answeredAtUs,
    endedAtUs: Math.max(dialledAtUs, Math.round(times.endedAtUs)),
    outcome,
    cause,
    sipCode,
    capDecision,
  };
}
