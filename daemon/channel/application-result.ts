import type { EslEvent } from '../esl/esl-event.ts';
import { isHangupCause, toHangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid } from '../telephony/ids.ts';
import type { Media } from '../telephony/media.ts';
import type { BridgeResult, CollectedDigits } from './channel.ts';
import { noSpeechEngine } from './spoken.ts';

/** What the completion of `play_and_get_digits` tells; the digits are in the variable `into`. */
export function collectedDigits(done: EslEvent, into: string, prompt: Media | undefined): CollectedDigits {
  const digits = done.variable(into) ?? '';
  const terminator = done.variable('read_terminator_used') ?? '';
  if (digits !== '') return { end: 'digits', digits, terminator };
  // Unset at the beginning, and set by everything but a prompt that did not play (switch_ivr_read).
  if (done.variable('read_result') !== undefined) return { end: 'timeout' };
  return { end: 'failed', detail: prompt?.kind === 'speech' ? noSpeechEngine : 'FreeSWITCH cannot play it' };
}

/** What the completion of `bridge` tells. `refused`: the callee answered and did not press the key. */
export function bridgeResult(done: EslEvent, legUuid: ChannelUuid, refused: boolean): BridgeResult {
  if (done.variable('last_bridge_to') === legUuid) {
    // `last_bridge_…` may still be that of an attempt before this one.
    const cause = done.variable('bridge_hangup_cause') ?? done.variable('last_bridge_hangup_cause');
    return { end: 'answered', cause: toHangupCause(cause), hungUpBy: 'B' };
  }
  const disposition = done.variable('originate_disposition') ?? '';
  const failed = done.variable('originate_failed_cause') ?? '';
  const cause = [disposition, failed].find((text) => isHangupCause(text) && text !== 'SUCCESS');
  if (refused) return { end: 'notAccepted', cause: toHangupCause(cause ?? 'NO_ANSWER') };
  const sipCode = Number(done.variable('last_bridge_proto_specific_hangup_cause')?.replace(/^sip:/, ''));
  return {
    end: 'notAnswered',
    cause: toHangupCause(cause ?? 'NORMAL_TEMPORARY_FAILURE'),
    sipCode: Number.isInteger(sipCode) && sipCode >= 100 ? sipCode : undefined,
  };
}
