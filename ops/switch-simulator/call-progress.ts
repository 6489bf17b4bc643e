import type { Leg } from './leg.ts';
import type { SwitchCore } from './switch-core.ts';
import { templates } from './template.ts';

/** 180: once a leg. */
export function markRinging(core: SwitchCore, leg: Leg): void {
  if (leg.down || leg.answered || leg.times.progressUs > 0) return;
  leg.times.progressUs = core.clock.nowUs();
  leg.touch();
  if (leg.side === 'A') leg.variables.set('sip_to_tag', tagOf(leg));
  core.fire('CHANNEL_PROGRESS', leg);
}

/** 183 with media: once a leg. */
export function markEarlyMedia(core: SwitchCore, leg: Leg): void {
  if (leg.down || leg.answered || leg.times.progressMediaUs > 0) return;
  leg.times.progressMediaUs = core.clock.nowUs();
  leg.callState = 'EARLY';
  leg.touch();
  if (leg.side === 'A') {
    leg.variables.set('sip_to_tag', tagOf(leg));
    addMedia(leg);
    leg.variables.set('endpoint_disposition', 'EARLY MEDIA');
  }
  core.fire('CHANNEL_PROGRESS_MEDIA', leg);
}

/** 200: once a leg. */
export function markAnswered(core: SwitchCore, leg: Leg): void {
  if (leg.down || leg.answered) return;
  leg.times.answeredUs = core.clock.nowUs();
  if (leg.side === 'A' && leg.times.progressMediaUs === 0) addMedia(leg);
  if (leg.side === 'B') {
    leg.codecsKnown = true;
    leg.callState = 'RINGING';
    leg.variables.addBlock(templates.bLegAnswered.fill({ ssrc: serial() }));
  }
  leg.touch();
  core.fire('CHANNEL_ANSWER', leg);
  leg.variables.set('endpoint_disposition', 'ANSWER');
  if (leg.side === 'A') {
    leg.callState = 'ACTIVE';
    const tag = tagOf(leg);
    leg.variables.set('sip_to_tag', tag);
    leg.variables.set('sip_cseq', '1');
    leg.variables.set(
      'sip_full_via',
      `SIP/2.0/UDP 127.0.0.1:5091;branch=z9hG4bK-${leg.variables.get('sip_from_tag') ?? ''}-5`,
    );
    leg.variables.set('sip_full_to', `<sip:${leg.profile.destination}@127.0.0.1:5080>;tag=${tag}`);
    leg.touch();
  }
  leg.onAnswered?.();
}

export function tagOf(leg: Leg): string {
  return leg.uuid.replaceAll('-', '').slice(0, 13);
}

let lastSerial = 100_000;
function serial(): string {
  return String(++lastSerial);
}

function addMedia(leg: Leg): void {
  const mediaPort = String(16_384 + (++lastSerial % 16_384));
  leg.variables.addBlock(
    templates.aLegAnswered.fill({ sdpId: `17954${lastSerial}`, mediaPort, ssrc: serial() }),
  );
}
