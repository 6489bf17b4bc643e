import type { EslEvent } from '../esl/esl-event.ts';
import { toHangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid } from '../telephony/ids.ts';
import type { LegEnd, LegFact } from './leg-fact.ts';

/** What FreeSWITCH said of a leg, wherever it said it: by header name, and by variable. */
export interface LegSource {
  header(name: string): string | undefined;
  variable(name: string): string | undefined;
}

/** The fact an event of the inbound connection tells, or undefined where it tells none we know. */
export function legFactFromEvent(event: EslEvent): LegFact | undefined {
  const channelUuid = uuidOf(event.header('Unique-ID'));
  if (channelUuid === undefined) return undefined;
  switch (event.name) {
    case 'CHANNEL_ANSWER':
      return {
        kind: 'answered',
        channelUuid,
        atUs: microseconds(event.header('Caller-Channel-Answered-Time')) ?? eventTime(event),
      };
    case 'CHANNEL_BRIDGE':
      return {
        kind: 'bridged',
        channelUuid,
        otherLegUuid:
          uuidOf(event.header('Other-Leg-Unique-ID')) ?? partner(event, 'Bridge-A-Unique-ID', channelUuid),
        atUs: eventTime(event),
      };
    case 'CHANNEL_UNBRIDGE':
      return { kind: 'unbridged', channelUuid, atUs: eventTime(event) };
    case 'RECORD_STOP':
      return {
        kind: 'recordingStopped',
        channelUuid,
        path: event.header('Record-File-Path') ?? '',
        atUs: eventTime(event),
        durationMs: wholeNumber(event.variable('record_ms')),
      };
    case 'CHANNEL_HANGUP_COMPLETE': {
      const leg = legEnd(event, channelUuid);
      return { kind: 'ended', channelUuid, atUs: leg.times.endUs, leg };
    }
    default:
      return undefined;
  }
}

/** A leg that is over, from CHANNEL_HANGUP_COMPLETE's headers or what stands for them (leg-end-from-json-cdr). */
export function legEnd(source: LegSource, channelUuid: ChannelUuid): LegEnd {
  const endUs =
    microseconds(source.variable('end_uepoch')) ??
    microseconds(source.header('Caller-Channel-Hangup-Time')) ??
    eventTime(source);
  const startUs =
    microseconds(source.variable('start_uepoch')) ??
    microseconds(source.header('Caller-Channel-Created-Time')) ??
    endUs;
  const answerUs = microseconds(source.variable('answer_uepoch'));
  return {
    channelUuid,
    otherLegUuid: uuidOf(source.header('Other-Leg-Unique-ID')),
    side: source.header('Call-Direction') === 'outbound' ? 'B' : 'A',
    times: {
      startUs,
      progressUs: microseconds(source.variable('progress_uepoch')),
      progressMediaUs: microseconds(source.variable('progress_media_uepoch')),
      answerUs,
      bridgeUs: microseconds(source.variable('bridge_uepoch')),
      endUs,
    },
    billMs:
      wholeNumber(source.variable('billmsec')) ??
      (answerUs === undefined ? 0 : Math.max(0, Math.round((endUs - answerUs) / 1000))),
    cause: toHangupCause(source.header('Hangup-Cause') ?? source.variable('hangup_cause')),
    sipCode: sipCode(source),
    disposition: source.variable('sip_hangup_disposition'),
    callerNumber: source.header('Caller-Caller-ID-Number') ?? '',
    calledNumber: source.header('Caller-Destination-Number') ?? '',
    codec: source.variable('read_codec') ?? source.header('Channel-Read-Codec-Name'),
    mos: opinionScore(source.variable('rtp_audio_in_mos')),
    sipCallId: source.variable('sip_call_id'),
    remoteAddress: source.variable('sip_network_ip') ?? source.header('Caller-Network-Addr'),
    variable: (name) => source.variable(name),
  };
}

/**
 * The SIP status of this leg's own end. `last_bridge_proto_specific_hangup_cause` is not asked: it is the other leg's
 * (in the recording bridge_busy_then_ok an answered A-leg bears the first buyer's 486).
 */
function sipCode(source: LegSource): number | undefined {
  const text =
    source.variable('sip_term_status') ??
    source.variable('sip_invite_failure_status') ??
    source.variable('proto_specific_hangup_cause')?.replace(/^sip:/, '');
  const code = wholeNumber(text);
  return code !== undefined && code >= 100 && code <= 699 ? code : undefined;
}

function partner(event: EslEvent, header: string, self: ChannelUuid): ChannelUuid | undefined {
  const a = uuidOf(event.header(header));
  return a === self ? uuidOf(event.header('Bridge-B-Unique-ID')) : a;
}

function eventTime(source: LegSource): number {
  return microseconds(source.header('Event-Date-Timestamp')) ?? 0;
}

/** FreeSWITCH writes 0 for what never happened. */
function microseconds(text: string | undefined): number | undefined {
  const value = wholeNumber(text);
  return value === undefined || value === 0 ? undefined : value;
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function opinionScore(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number.parseFloat(text);
  return value >= 1 && value <= 5 ? value : undefined;
}

function uuidOf(text: string | undefined): ChannelUuid | undefined {
  return text === undefined || text === '' ? undefined : (text as ChannelUuid);
}
