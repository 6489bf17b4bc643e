import { type HangupCause, q850Of } from '../../daemon/telephony/hangup-cause.ts';
import type { Application, ApplicationRun } from './application.ts';
import { markAnswered, markEarlyMedia, markRinging } from './call-progress.ts';
import { type DialLeg, parseDialString } from './dial-string.ts';
import { joinLegs } from './join-legs.ts';
import type { Leg } from './leg.ts';
import { hangUp, phraseOf } from './leg-end.ts';
import { originate } from './originate.ts';

const defaultTimeoutMs = 60_000;

const dialStatus: Readonly<Partial<Record<HangupCause, string>>> = {
  ORIGINATOR_CANCEL: 'CANCEL',
  USER_BUSY: 'BUSY',
  NO_ANSWER: 'NOANSWER',
  DESTINATION_OUT_OF_ORDER: 'INVALIDARGS',
  INVALID_PROFILE: 'INVALIDARGS',
  CALL_REJECTED: 'DONTCALL',
};

/** `bridge {…}[…]sofia/…`: dials from left to right until one answers, then joins the two until one hangs up. */
export const bridge: Application = {
  name: 'bridge',
  needsMedia: false,
  run: (run) => {
    const legs = parseDialString(run.argument);
    if (legs.length === 0) run.done();
    else dialNext(run, legs, 0);
  },
};

function dialNext(run: ApplicationRun, legs: readonly DialLeg[], index: number): void {
  const { core, leg: caller } = run;
  const dial = legs[index];
  if (dial === undefined) return;
  const { variables } = caller;
  variables.set('sip_invite_failure_status', undefined);
  variables.set('sip_invite_failure_phrase', undefined);
  variables.set('originate_disposition', 'failure');
  variables.set('DIALSTATUS', 'INVALIDARGS');
  const seconds = Number.parseInt(
    dial.variables.get('originate_timeout') ?? variables.get('call_timeout') ?? '',
    10,
  );
  caller.enter('ringing');
  if (caller.down) {
    run.done();
    return;
  }
  let callee: Leg | undefined;
  let early = false;
  caller.interrupt = (why) => {
    if (why !== 'hangup' || callee === undefined) return;
    callee.variables.set('last_bridge_hangup_cause', caller.hangupCause);
    const protocol = variables.get('proto_specific_hangup_cause');
    if (protocol !== undefined) callee.variables.set('last_bridge_proto_specific_hangup_cause', protocol);
    hangUp(core, callee, { cause: 'ORIGINATOR_CANCEL' });
  };
  originate(
    core,
    { dial, caller, timeoutMs: seconds > 0 ? seconds * 1000 : defaultTimeoutMs },
    {
      onDialled: (leg) => {
        callee = leg;
        variables.set('originate_signal_bond', leg.uuid);
        variables.push('originated_legs', `${leg.uuid};Outbound Call;${dial.destination}`);
      },
      onRinging: () => passRinging(run, dial),
      onEarlyMedia: (leg) => {
        if (dial.variables.get('ignore_early_media') === 'true') return;
        passEarlyMedia(run, dial);
        early = true;
        succeed(run, leg, 'EARLY');
      },
      onAnswered: (leg) => {
        nameCallee(caller, dial);
        if (!early) {
          markAnswered(core, caller);
          succeed(run, leg, 'SUCCESS');
        } else {
          markAnswered(core, caller);
          caller.variables.set('DIALSTATUS', 'SUCCESS');
        }
        joinLegs(run, leg);
      },
      onFailed: (cause, leg) => {
        caller.interrupt = undefined;
        noteFailure(run, cause, leg);
        if (!caller.down && index + 1 < legs.length) dialNext(run, legs, index + 1);
        else concludeFailure(run, cause);
      },
    },
  );
}

function nameCallee(caller: Leg, dial: DialLeg): void {
  caller.profile.callee = { name: 'Outbound Call', number: dial.destination };
  caller.touch();
}

function passRinging({ core, leg: caller }: ApplicationRun, dial: DialLeg): void {
  nameCallee(caller, dial);
  if (caller.answered) {
    if (caller.times.progressUs === 0) caller.times.progressUs = core.clock.nowUs();
    caller.touch();
  } else if (caller.variables.get('ringback') !== undefined) markEarlyMedia(core, caller);
  else markRinging(core, caller);
}

function passEarlyMedia({ core, leg: caller }: ApplicationRun, dial: DialLeg): void {
  nameCallee(caller, dial);
  markEarlyMedia(core, caller);
}

function succeed({ leg: caller }: ApplicationRun, callee: Leg, status: string): void {
  const { variables } = caller;
  variables.setEncoded('switch_m_sdp', undefined, callee.variables.getEncoded('switch_r_sdp') ?? '');
  variables.set('video_media_flow', 'inactive');
  variables.set('text_media_flow', 'inactive');
  variables.set('originate_disposition', 'SUCCESS');
  variables.set('DIALSTATUS', status);
  variables.set('originate_signal_bond', undefined);
  variables.push('originate_causes', `${callee.uuid};NONE`);
  variables.set('signal_bond', callee.uuid);
}

function noteFailure({ leg: caller }: ApplicationRun, cause: HangupCause, callee: Leg | undefined): void {
  const { variables } = caller;
  const shown: HangupCause = caller.down ? 'ORIGINATOR_CANCEL' : cause;
  const status = callee?.variables.get('sip_invite_failure_status');
  if (status !== undefined && !caller.down) {
    const phrase = callee?.variables.get('sip_invite_failure_phrase') ?? phraseOf(Number(status));
    variables.set('sip_invite_failure_status', status);
    variables.set('sip_invite_failure_phrase', phrase);
    variables.set('sip_hangup_phrase', phrase);
  }
  if (!caller.down) {
    variables.set('last_bridge_hangup_cause', cause);
    if (status !== undefined) variables.set('last_bridge_proto_specific_hangup_cause', `sip:${status}`);
  }
  variables.set('originate_disposition', shown);
  variables.set('DIALSTATUS', dialStatus[shown] ?? shown);
  if (callee !== undefined) variables.push('originate_causes', `${callee.uuid};${shown}`);
  variables.set('originate_failed_cause', shown);
}

/** switch_channel_handle_cause: whether the caller's leg survives a failed bridge. */
function concludeFailure({ core, leg: caller, done }: ApplicationRun, cause: HangupCause): void {
  if (!caller.down && !goesOn(caller, cause)) hangUp(core, caller, { cause });
  done();
}

function goesOn(caller: Leg, cause: HangupCause): boolean {
  const rule = caller.variables.get('continue_on_fail');
  if (rule === undefined) return ['NO_ANSWER', 'NO_USER_RESPONSE', 'ORIGINATOR_CANCEL'].includes(cause);
  if (/^(true|yes|on|1|enable|enabled|active|allow)$/i.test(rule)) return true;
  return rule.split(',').some((name) => name.toUpperCase() === cause || Number(name) === q850Of(cause));
}
