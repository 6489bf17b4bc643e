import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid } from '../telephony/ids.ts';

/**
 * Times of one leg by FreeSWITCH's clock, microseconds since 1970 (`…_uepoch`); undefined where it did not come so far.
 * Microseconds of this century fit a double exactly.
 */
export interface LegTimes {
  readonly startUs: number;
  readonly progressUs: number | undefined;
  readonly progressMediaUs: number | undefined;
  readonly answerUs: number | undefined;
  readonly bridgeUs: number | undefined;
  readonly endUs: number;
}

/** Everything FreeSWITCH says of a leg when it is over (CHANNEL_HANGUP_COMPLETE, or mod_json_cdr's record). */
export interface LegEnd {
  readonly channelUuid: ChannelUuid;
  /** `Other-Leg-Unique-ID` of the last bridge. */
  readonly otherLegUuid: ChannelUuid | undefined;
  readonly side: 'A' | 'B';
  readonly times: LegTimes;
  /** FreeSWITCH's own billed time, from answer to end. */
  readonly billMs: number;
  readonly cause: HangupCause;
  /** This leg's own: `sip_term_status`, `sip_invite_failure_status` or `proto_specific_hangup_cause`. */
  readonly sipCode: number | undefined;
  /** `sip_hangup_disposition`: `recv_bye`, `send_bye`, `recv_cancel`, `recv_refuse`, `send_refuse` … */
  readonly disposition: string | undefined;
  readonly callerNumber: string;
  readonly calledNumber: string;
  readonly codec: string | undefined;
  /** Mean opinion score 1..5 of the received audio (`rtp_audio_in_mos`). */
  readonly mos: number | undefined;
  readonly sipCallId: string | undefined;
  readonly remoteAddress: string | undefined;
  /** Every channel variable, decoded; lazily made where the source allows it. */
  variable(name: string): string | undefined;
}

/** A fact about one leg from the inbound connection. */
export type LegFact =
  | { readonly kind: 'answered'; readonly channelUuid: ChannelUuid; readonly atUs: number }
  | {
      readonly kind: 'bridged';
      readonly channelUuid: ChannelUuid;
      readonly otherLegUuid: ChannelUuid | undefined;
      readonly atUs: number;
    }
  | { readonly kind: 'unbridged'; readonly channelUuid: ChannelUuid; readonly atUs: number }
  | {
      readonly kind: 'recordingStopped';
      readonly channelUuid: ChannelUuid;
      readonly path: string;
      readonly atUs: number;
      readonly durationMs: number | undefined;
    }
  | {
      readonly kind: 'ended';
      readonly channelUuid: ChannelUuid;
      readonly atUs: number;
      readonly leg: LegEnd;
    };
