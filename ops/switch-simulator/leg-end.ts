import { hangupCauses, q850Of } from '../../daemon/telephony/hangup-cause.ts';
import { encodeHeader } from './header-encoding.ts';
import type { Leg } from './leg.ts';
import { stampOf } from './switch-clock.ts';
import type { LegHangup, SwitchCore } from './switch-core.ts';
import { templates } from './template.ts';
import { LazyBlock } from './variable-table.ts';

/**
 * Ends a leg (switch_channel_perform_hangup): CHANNEL_HANGUP is fired and the running application broken off.
 * The leg is over only when `finishLeg` was called for it, which waits for that application.
 */
export function hangUp(core: SwitchCore, leg: Leg, end: LegHangup): void {
  if (leg.down) return;
  if (end.received !== undefined) receivedEnding(leg, end);
  leg.hangupCause = end.cause;
  leg.stateNumber = 10;
  const partner = leg.other?.leg;
  const bridged = leg.phase === 'bridged';
  if (partner !== undefined && bridged && !partner.down) {
    partner.variables.set('last_bridge_hangup_cause', end.cause);
    const protocol = leg.variables.get('proto_specific_hangup_cause');
    if (protocol !== undefined) partner.variables.set('last_bridge_proto_specific_hangup_cause', protocol);
    leg.variables.set('last_bridge_role', leg.side === 'A' ? 'originator' : 'originatee');
  }
  leg.touch();
  core.fire('CHANNEL_HANGUP', leg);
  if (end.received === 'recv_bye' || end.received === 'recv_cancel')
    leg.variables.set('sip_hangup_disposition', end.received);
  else if (end.received === undefined) leg.disposition = sentDisposition(leg);
  const interrupt = leg.interrupt;
  leg.interrupt = undefined;
  leg.onDigit = undefined;
  leg.enter('ended');
  interrupt?.('hangup');
  core.sockets.get(leg.uuid)?.legEnded?.();
}

function receivedEnding(leg: Leg, end: LegHangup): void {
  const code = end.sipCode ?? (end.received === 'recv_refuse' ? hangupCauses[end.cause].sip : 200);
  if (end.received === 'recv_refuse') {
    leg.variables.set('sip_hangup_disposition', 'recv_refuse');
    leg.variables.set('sip_invite_failure_status', String(code));
    leg.variables.set('sip_invite_failure_phrase', end.sipPhrase ?? phraseOf(code));
  }
  if (end.received === 'recv_cancel') {
    leg.variables.set('sip_invite_failure_status', '487');
    leg.variables.set('sip_invite_failure_phrase', 'CANCEL');
  }
  leg.variables.set('sip_term_status', String(end.received === 'recv_cancel' ? 487 : code));
  leg.variables.set('proto_specific_hangup_cause', `sip:${end.received === 'recv_cancel' ? 487 : code}`);
  leg.variables.set('sip_term_cause', String(q850Of(end.cause)));
}

/** What FreeSWITCH sends to end a leg in its state. */
function sentDisposition(leg: Leg): string {
  if (leg.answered) return 'send_bye';
  return leg.side === 'A' ? 'send_refuse' : 'send_cancel';
}

/** The reason phrase of the statuses a callee sends. */
export function phraseOf(code: number): string {
  return phrases[code] ?? 'Failure';
}
const phrases: Readonly<Record<number, string>> = {
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  480: 'Temporarily Unavailable',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  500: 'Server Internal Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  600: 'Busy Everywhere',
  603: 'Decline',
};

/** The leg's last word: CHANNEL_HANGUP_COMPLETE with its times, then it is gone. */
export function finishLeg(core: SwitchCore, leg: Leg): void {
  if (core.legs.get(leg.uuid) !== leg) return;
  for (const undo of leg.undo.splice(0).reverse()) undo();
  leg.state = 'CS_REPORTING';
  leg.callState = 'HANGUP';
  leg.stateNumber = 11;
  leg.times.hangupUs = core.clock.nowUs();
  if (leg.side === 'B') leg.callUuid = leg.uuid;
  leg.touch();
  if (leg.disposition !== undefined) leg.variables.set('sip_hangup_disposition', leg.disposition);
  leg.variables.addBlock(new LazyBlock(() => endVariables(leg)));
  core.legs.delete(leg.uuid);
  core.fire('CHANNEL_HANGUP_COMPLETE', leg);
  core.onLegEnded?.(leg);
}

/** Seconds as FreeSWITCH counts them: the difference of whole seconds, not the rounded difference. */
function seconds(fromUs: number, toUs: number): number {
  return fromUs > 0 ? Math.floor(toUs / 1e6) - Math.floor(fromUs / 1e6) : 0;
}

function endVariables(leg: Leg): string {
  const { createdUs, answeredUs, bridgedUs, progressUs, progressMediaUs, hangupUs } = leg.times;
  const cause = leg.hangupCause ?? 'NORMAL_UNSPECIFIED';
  const lines: string[] = [];
  const line = (name: string, value: string | number) => lines.push(`variable_${name}: ${value}\n`);
  const stamp = (name: string, us: number) => {
    if (us > 0) line(`${name}_stamp`, encodeHeader(stampOf(us)));
  };
  const epoch = (name: string, us: number) => {
    line(`${name}_epoch`, Math.floor(us / 1e6));
    line(`${name}_uepoch`, us);
  };
  line('hangup_cause', cause);
  line('hangup_cause_q850', q850Of(cause));
  line('digits_dialed', 'none');
  stamp('start', createdUs);
  stamp('profile_start', createdUs);
  stamp('answer', answeredUs);
  stamp('bridge', bridgedUs);
  stamp('progress', progressUs);
  stamp('progress_media', progressMediaUs);
  stamp('end', hangupUs);
  epoch('start', createdUs);
  epoch('profile_start', createdUs);
  epoch('answer', answeredUs);
  epoch('bridge', bridgedUs);
  lines.push(
    'variable_last_hold_epoch: 0\nvariable_last_hold_uepoch: 0\nvariable_hold_accum_seconds: 0\n',
    'variable_hold_accum_usec: 0\nvariable_hold_accum_ms: 0\n',
    'variable_resurrect_epoch: 0\nvariable_resurrect_uepoch: 0\n',
  );
  epoch('progress', progressUs);
  epoch('progress_media', progressMediaUs);
  epoch('end', hangupUs);
  const last = leg.applications.at(-1);
  if (last !== undefined) {
    line('last_app', last.app);
    if (last.data !== '') line('last_arg', encodeHeader(last.data));
  }
  const { callerName, callerNumber } = leg.profile;
  line('caller_id', encodeHeader(`"${callerName}" <${callerNumber}>`));
  const spans = [
    ['duration', createdUs, hangupUs],
    ['bill', answeredUs, hangupUs],
    ['progress', progressUs > 0 ? createdUs : 0, progressUs],
    ['answer', answeredUs > 0 ? createdUs : 0, answeredUs],
    ['wait', bridgedUs > 0 ? createdUs : 0, bridgedUs],
    ['progress_media', progressMediaUs > 0 ? createdUs : 0, progressMediaUs],
    ['flow_bill', createdUs, hangupUs],
  ] as const;
  const length = (from: number, to: number) => (from > 0 ? to - from : 0);
  for (const [name, from, to] of spans)
    line(name === 'duration' ? 'duration' : `${name}sec`, seconds(from, to));
  for (const [name, from, to] of spans)
    line(name === 'duration' ? 'mduration' : `${name}msec`, Math.floor(length(from, to) / 1000));
  for (const [name, from, to] of spans)
    line(name === 'duration' ? 'uduration' : `${name}usec`, length(from, to));
  if (answeredUs > 0)
    lines.push(
      templates.audioStatistics.fill({ packets: String(Math.floor((hangupUs - answeredUs) / 20_000)) }).text,
    );
  return lines.join('');
}
