import { type ApplicationRun, executeOn } from './application.ts';
import type { Leg } from './leg.ts';
import { finishLeg, hangUp } from './leg-end.ts';
import { listenForDigits } from './playback.ts';

/**
 * Joins the caller with an answered callee (switch_ivr_multi_threaded_bridge) and completes the `bridge` when one of
 * them hangs up. Both talk on whatever becomes of the daemon's socket.
 */
export function joinLegs(run: ApplicationRun, callee: Leg): void {
  const { core, leg: caller, done } = run;
  const nowUs = core.clock.nowUs();
  caller.times.bridgedUs = nowUs;
  callee.times.bridgedUs = nowUs;
  caller.callState = 'ACTIVE';
  callee.callState = 'ACTIVE';
  callee.state = 'CS_EXCHANGE_MEDIA';
  caller.other = { leg: callee, type: 'originatee' };
  caller.touch();
  callee.touch();
  const ids = `Bridge-A-Unique-ID: ${caller.uuid}\nBridge-B-Unique-ID: ${callee.uuid}\n`;
  core.fire('CHANNEL_BRIDGE', caller, { before: ids });
  nameBridge(caller, callee, callee.profile.destination, 'Outbound Call');
  nameBridge(callee, caller, callee.profile.callerNumber, caller.profile.callerName);
  callee.variables.set('endpoint_disposition', 'ANSWER');

  const unbridge = () => {
    caller.interrupt = undefined;
    callee.interrupt = undefined;
    caller.onDigit = undefined;
    callee.onDigit = undefined;
    caller.variables.set('bridge_to', undefined);
    callee.variables.set('bridge_to', undefined);
    caller.variables.set('bridge_hangup_cause', callee.hangupCause ?? 'NORMAL_CLEARING');
    core.fire('CHANNEL_UNBRIDGE', caller, { before: ids });
  };
  callee.interrupt = (why) => {
    if (why !== 'hangup') return;
    unbridge();
    if (caller.variables.get('hangup_after_bridge') === 'true')
      hangUp(core, caller, { cause: callee.hangupCause ?? 'NORMAL_CLEARING' });
    done();
    finishLeg(core, callee);
  };
  caller.interrupt = (why) => {
    if (why !== 'hangup') return;
    callee.interrupt = undefined;
    callee.variables.set('sip_hangup_phrase', 'OK');
    hangUp(core, callee, { cause: caller.hangupCause ?? 'NORMAL_CLEARING' });
    unbridge();
    finishLeg(core, callee);
    done();
  };
  caller.enter('bridged');
  if (!callee.down) callee.enter('bridged');
  for (const leg of [caller, callee]) executeOn(core, leg, 'execute_on_pre_bridge');
  if (caller.down || callee.down) return;
  listenForDigits(core, caller, () => false);
  listenForDigits(core, callee, () => false);
}

function nameBridge(leg: Leg, other: Leg, number: string, name: string): void {
  leg.variables.set('bridge_to', other.uuid);
  leg.variables.set('last_bridge_to', other.uuid);
  leg.variables.set('bridge_channel', other.profile.channelName);
  leg.variables.set('bridge_uuid', other.uuid);
  leg.variables.set('signal_bond', other.uuid);
  leg.variables.set('last_sent_callee_id_name', name);
  leg.variables.set('last_sent_callee_id_number', number);
}
