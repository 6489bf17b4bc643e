import type { AttemptResult } from '../flow/node-context.ts';
import { attemptOutcomeOf } from '../routing/cause-map.ts';
import { isHangupCause, toHangupCause } from '../telephony/hangup-cause.ts';
import type { AttemptUnderWay } from './call-state.ts';

/**
 * What became of an attempt whose daemon died while it ran, read from the A-leg's own variables: FreeSWITCH hands the
 * channel over only after `bridge` returned. Undefined: the bridge never began (the daemon died before it was sent).
 * Source: switch_ivr_originate.c (originate_disposition), switch_ivr_bridge.c (last_bridge_to, bridge_hangup_cause).
 */
export function resultOfInterrupted(
  attempt: AttemptUnderWay,
  channel: { variable(name: string): string | undefined; readonly bridgedAtUs?: number | undefined },
  nowMs: number,
): AttemptResult | undefined {
  const joined = [
    channel.variable('last_bridge_to'),
    channel.variable('bridge_uuid'),
    channel.variable('signal_bond'),
  ].includes(attempt.legUuid);
  if (joined) {
    const cause = toHangupCause(
      // `last_bridge_…` may still be that of an attempt before this one.
      channel.variable('bridge_hangup_cause') ?? channel.variable('last_bridge_hangup_cause'),
    );
    return {
      outcome: cause === 'ALLOTTED_TIMEOUT' ? 'max_duration' : 'connected',
      cause,
      sipCode: undefined,
      cappedBy: undefined,
      hungUpBy: 'B',
      // It ended just now: FreeSWITCH hands the channel over within milliseconds.
      talkedMs: Math.max(0, nowMs - (channel.bridgedAtUs ?? attempt.dialledAtUs) / 1000),
    };
  }
  // Taken off before every bridge: without one the bridge never began.
  const disposition = channel.variable('originate_disposition');
  if (disposition === undefined || channel.variable('callfabric_dialled') !== attempt.legUuid)
    return undefined;
  // `failure` is set as it begins and stays where it ended without a cause of its own.
  const known = isHangupCause(disposition) && disposition !== 'SUCCESS';
  const cause = known ? disposition : 'NORMAL_TEMPORARY_FAILURE';
  return {
    outcome: attemptOutcomeOf(cause),
    cause,
    sipCode: undefined,
    cappedBy: undefined,
    hungUpBy: undefined,
    talkedMs: 0,
  };
}
