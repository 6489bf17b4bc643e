import { type DialDestination, isSipUri } from '../telephony/dial-destination.ts';
import type { Media, Ringback } from '../telephony/media.ts';
import { channelName, inertInDialString, matching, oneLine, separatorFor, whole } from './checked-text.ts';
import type { ApiCommand, Application } from './command.ts';
import { UnsafeText } from './esl-error.ts';
import {
  defaultSpeech,
  fileArgument,
  play,
  ringbackArgument,
  type SpeechSettings,
  speechVariables,
} from './media-argument.ts';
import { setVariables, variableName } from './variables.ts';

/** What a leg is dialled with. */
export interface DialRequest {
  readonly legUuid: string;
  readonly destination: DialDestination;
  readonly ringTimeoutMs: number;
  readonly callerId: { readonly number: string; readonly name: string; readonly hidden?: boolean };
  readonly ringback: Ringback;
  /** The callee hears `whisper` and must press `digit` before the two are joined. */
  readonly accept?: { readonly whisper: Media; readonly digit: string; readonly timeoutMs: number };
  /** Heard by the callee alone, then the two are joined. */
  readonly whisper?: Media;
  /** Cuts the conversation with ALLOTTED_TIMEOUT; kept by FreeSWITCH itself, so it outlives the daemon. */
  readonly maxDurationMs?: number;
  /** Further variables for the B-leg (SIP headers as `sip_h_X-…`). Values may be hostile. */
  readonly legVariables?: Readonly<Record<string, string>>;
}

/** A whisper without a key to press may last this long before the attempt is given up. */
const whisperLimitSeconds = 120;
const name = /^[A-Za-z0-9_.-]{1,64}$/;

/** `sofia/…` for a checked destination: digits or E.164 through a gateway, or a plain SIP URI through a profile. */
export function destinationText(destination: DialDestination): string {
  switch (destination.kind) {
    case 'gateway': {
      const gateway = matching(destination.gateway, 'gateway', name, 'a gateway name');
      return `sofia/gateway/${gateway}/${matching(destination.number, 'number', /^\+?[0-9*#]{1,32}$/, 'a telephone number')}`;
    }
    case 'sip': {
      const uri = oneLine(destination.uri, 'SIP URI');
      if (!isSipUri(uri))
        throw new UnsafeText(
          'SIP URI',
          `${JSON.stringify(uri.slice(0, 60))} is not of the form sip:user@host[:port]`,
        );
      const profile = matching(destination.profile, 'profile', name, 'a profile name');
      return `sofia/${profile}/${uri.replace(/^sip:/i, '')}`;
    }
  }
}

/**
 * The applications that dial a leg and join it with the A-leg. They return when it is all over.
 *
 * Timing (switch_ivr_originate.c): `originate_timeout` ends the attempt with NO_ANSWER; FreeSWITCH counts the seconds
 * of the clock, up to one too early, so one is added: it rings as long as asked for, or up to a second longer. With
 * `accept` or `whisper` the ringing is limited by `leg_timeout` instead (the leg ends with ALLOTTED_TIMEOUT, up to a
 * second late) and `group_confirm_timeout` gives the leg further time from its answer on. A leg that answered but did
 * not press the key ends with ALLOTTED_TIMEOUT too: whether it was answered is what tells the two apart.
 *
 * `bridge_early_media` lets the caller hear the far side while our answer timer goes on; FreeSWITCH's default ends
 * the timer at a 183.
 */
export function bridge(request: DialRequest, speech: SpeechSettings = defaultSpeech): Application[] {
  return [...setVariables(bridgeVariables(request)), bridgeAlone(request, speech)];
}

/** What must stand on the A-leg before it is bridged, for one `multiset` with whatever else goes there. */
export function bridgeVariables({ ringback }: Pick<DialRequest, 'ringback'>): Record<string, string> {
  const heard = ringback.kind === 'media' ? ringbackArgument(ringback.media) : '';
  return {
    hangup_after_bridge: 'false',
    continue_on_fail: 'true',
    // FreeSWITCH sets these only where there is something to tell: they would still tell of the attempt before
    // (switch_channel.c, switch_channel_handle_cause; switch_ivr_originate.c).
    last_bridge_proto_specific_hangup_cause: '',
    bridge_hangup_cause: '',
    originate_failed_cause: '',
    originate_disposition: '',
    ringback: heard,
    transfer_ringback: heard,
  };
}

/** `bridge` without what it needs on the A-leg (see `bridgeVariables`). */
export function bridgeAlone(request: DialRequest, speech: SpeechSettings = defaultSpeech): Application {
  return { app: 'bridge', arg: dialString(request, speech) };
}

/** `originate` of a lone leg that runs one application when it answers. FreeSWITCH refuses a legUuid it knows. */
export function originate(
  request: DialRequest,
  then: Application,
  speech: SpeechSettings = defaultSpeech,
): ApiCommand {
  if (!/^[a-z_]{1,40}$/.test(then.app) || /[\r\n\0'()&]/.test(then.arg))
    throw new UnsafeText('originate', `${then.app} cannot be run from an originate`);
  // Quoted, because originate splits its argument at spaces; no quote is left within (inertInDialString).
  return { name: 'originate', arg: `'${dialString(request, speech)}' '&${then.app}(${then.arg})'` };
}

function dialString(request: DialRequest, speech: SpeechSettings): string {
  const variables = legVariables(request, speech);
  const pairs = [...variables].map(([key, value]) => `${key}=${value}`);
  const separator = separatorFor(pairs);
  return `{^^${separator}${pairs.join(separator)}}${destinationText(request.destination)}`;
}

function legVariables(request: DialRequest, speech: SpeechSettings): ReadonlyMap<string, string> {
  const ringSeconds = Math.ceil(
    Number(whole(Math.ceil(request.ringTimeoutMs), 'ringTimeoutMs', 1, 3_600_000)) / 1000,
  );
  const variables = new Map<string, string>();
  for (const [key, value] of Object.entries(request.legVariables ?? {}))
    variables.set(variableName(key), inertInDialString(value, `variable ${key}`));
  variables.set('origination_uuid', channelName(request.legUuid, 'legUuid'));
  for (const [key, value] of callerIdVariables(request.callerId)) variables.set(key, value);
  if (request.ringback.kind === 'media') {
    variables.set('instant_ringback', 'true').set('ignore_early_media', 'true');
  } else {
    variables.set('bridge_early_media', 'true');
  }
  confirmVariables(request, ringSeconds, speech, variables);
  if (request.maxDurationMs !== undefined) {
    const seconds = Math.max(
      1,
      Math.ceil(Number(whole(Math.ceil(request.maxDurationMs), 'maxDurationMs', 1, 86_400_000)) / 1000),
    );
    // The scheduler counts whole seconds of the clock, so that +2 comes after 1 to 2 s: never less than was asked for.
    // Whisper and key are no conversation: then it counts from the bridge. Else from the answer, which is the same moment
    // and holds for media that goes past FreeSWITCH too (switch_ivr_bridge.c: audio_bridge_thread alone looks there).
    const confirmed = request.accept !== undefined || request.whisper !== undefined;
    variables.set(
      confirmed ? 'execute_on_pre_bridge' : 'execute_on_answer',
      `sched_hangup +${seconds + 1} ALLOTTED_TIMEOUT`,
    );
  }
  return variables;
}

/** Sets the timeouts, and what the callee hears and must press before the two are joined. */
function confirmVariables(
  request: DialRequest,
  ringSeconds: number,
  speech: SpeechSettings,
  variables: Map<string, string>,
): void {
  const { accept, whisper } = request;
  if (accept !== undefined) {
    const timeoutMs = Number(whole(Math.ceil(accept.timeoutMs), 'accept timeoutMs', 1, 600_000));
    const seconds = Math.ceil(timeoutMs / 1000);
    for (const [key, value] of Object.entries(speechVariables(accept.whisper, speech)))
      variables.set(key, value);
    variables
      .set('group_confirm_key', matching(accept.digit, 'accept digit', /^[0-9*#]$/, 'a key'))
      .set('group_confirm_file', inertInDialString(fileArgument(accept.whisper), 'whisper'))
      .set('group_confirm_read_timeout', String(timeoutMs))
      .set('group_confirm_timeout', String(seconds))
      .set('leg_timeout', String(ringSeconds))
      .set('originate_timeout', String(ringSeconds + seconds + 2));
  } else if (whisper !== undefined) {
    const { app, arg } = play(whisper, speech);
    variables
      .set('group_confirm_key', 'exec')
      .set('group_confirm_file', inertInDialString(`${app} ${arg}`, 'whisper'))
      .set('group_confirm_timeout', String(whisperLimitSeconds))
      .set('leg_timeout', String(ringSeconds))
      .set('originate_timeout', String(ringSeconds + whisperLimitSeconds + 2));
  } else {
    variables.set('originate_timeout', String(ringSeconds + 1));
  }
}

/** A caller's number and name go on as they came only where they are harmless in a SIP header. */
function callerIdVariables(callerId: DialRequest['callerId']): [string, string][] {
  const number = /^\+?[0-9A-Za-z*#._~-]{1,64}$/.test(callerId.number) ? callerId.number : 'anonymous';
  const shown = inertInDialString(
    callerId.name.replace(/[\r\n\0"<>]/g, ' ').slice(0, 80),
    'caller name',
  ).trim();
  const pairs: [string, string][] = [
    ['origination_caller_id_number', number],
    ['origination_caller_id_name', shown === '' ? number : shown],
  ];
  if (callerId.hidden === true) pairs.push(['origination_privacy', 'screen+hide_name+hide_number']);
  return pairs;
}
