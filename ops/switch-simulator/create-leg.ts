import type { DialLeg } from './dial-string.ts';
import { encodeHeader } from './header-encoding.ts';
import { Leg } from './leg.ts';
import type { SwitchCore } from './switch-core.ts';
import { templates } from './template.ts';
import { newUuid } from './uuid.ts';

/** An A-leg as its INVITE made it. Texts are byte strings. */
export function createIncomingLeg(
  core: SwitchCore,
  offer: { readonly uuid: string; readonly from: string; readonly fromName: string; readonly to: string },
): Leg {
  const channelName = `sofia/external/${offer.from}@127.0.0.1:5091`;
  const createdUs = core.clock.nowUs();
  const leg = new Leg(
    'A',
    {
      direction: 'inbound',
      logicalDirection: 'inbound',
      username: offer.from,
      callerName: offer.fromName,
      callerNumber: offer.from,
      originalName: offer.fromName,
      originalNumber: offer.from,
      callee: undefined,
      destination: offer.to,
      uuid: offer.uuid,
      channelName,
    },
    createdUs,
  );
  const session = String(core.nextSession());
  const fromTag = `${session}SIPpTag001`;
  leg.variables.addBlock(
    templates.aLeg.fill({
      uuid: offer.uuid,
      session,
      from: encodeHeader(offer.from),
      fromStripped: encodeHeader(offer.from.replace(/^\+/, '')),
      fromName: encodeHeader(offer.fromName),
      to: encodeHeader(offer.to),
      fromTag,
      sipCallId: encodeHeader(`${session}-${offer.uuid.slice(0, 8)}@127.0.0.1`),
      createdUs: String(createdUs),
    }),
  );
  leg.variables.set('video_media_flow', 'disabled');
  leg.variables.set('text_media_flow', 'disabled');
  leg.variables.set('endpoint_disposition', 'RECEIVED');
  leg.variables.set('call_uuid', offer.uuid);
  leg.variables.set('sip_full_via', `SIP/2.0/UDP 127.0.0.1:5091;branch=z9hG4bK-${fromTag}-0`);
  leg.variables.set('sip_full_to', `<sip:${offer.to}@127.0.0.1:5080>`);
  return leg;
}

/** A leg the switch dials; undefined where its `origination_uuid` is taken. */
export function createOutgoingLeg(core: SwitchCore, dial: DialLeg, caller: Leg | undefined): Leg | undefined {
  const uuid = dial.variables.get('origination_uuid') ?? newUuid();
  const own = (name: string) => dial.variables.get(`origination_caller_id_${name}`);
  const effective = (name: string) => caller?.variables.get(`effective_caller_id_${name}`);
  const number = own('number') ?? effective('number') ?? caller?.profile.callerNumber ?? '0000000000';
  const name = own('name') ?? effective('name') ?? caller?.profile.callerName ?? '';
  const channelName =
    dial.gateway === undefined
      ? `sofia/external/${dial.destination}@${dial.host}`
      : `sofia/external/${dial.destination}`;
  const leg = new Leg(
    'B',
    {
      direction: 'outbound',
      logicalDirection: 'outbound',
      username: caller?.profile.username ?? number,
      callerName: name,
      callerNumber: number,
      originalName: caller?.profile.callerName ?? name,
      originalNumber: caller?.profile.callerNumber ?? number,
      callee: { name: 'Outbound Call', number: dial.destination },
      destination: dial.destination,
      uuid,
      channelName,
    },
    core.clock.nowUs(),
  );
  if (!core.register(leg)) return undefined;
  if (caller !== undefined) {
    leg.callUuid = caller.uuid;
    leg.other = { leg: caller, type: 'originator' };
  }
  fillVariables(core, leg, dial, caller);
  return leg;
}

function fillVariables(core: SwitchCore, leg: Leg, dial: DialLeg, caller: Leg | undefined): void {
  const session = String(core.nextSession());
  const mediaPort = String(16_384 + (Number(session) % 16_384));
  const values = {
    uuid: leg.uuid,
    otherUuid: caller?.uuid ?? leg.uuid,
    session,
    channelName: encodeHeader(leg.profile.channelName),
    to: encodeHeader(dial.destination),
    host: encodeHeader(dial.host),
    profile: dial.profile,
    mediaPort,
    sdpId: `17954${session}`,
    contact: encodeHeader('<sip:mod_sofia@127.0.0.1:5080>'),
    sipCallId: newUuid(),
    from: encodeHeader(leg.profile.callerNumber),
    fromName: encodeHeader(leg.profile.callerName),
    fromTag: leg.uuid.replaceAll('-', '').slice(0, 13),
    toTag: `${session}SIPpTag0110`,
    cseq: `123${session}`,
  };
  leg.variables.addBlock(templates.bLeg.fill(values));
  leg.variables.set('video_media_flow', 'inactive');
  leg.variables.set('text_media_flow', 'disabled');
  leg.variables.set('call_uuid', leg.callUuid);
  leg.variables.set('signal_bond', values.otherUuid);
  if (dial.gateway !== undefined) leg.variables.set('sip_gateway_name', dial.gateway);
  leg.variables.addBlock(templates.bLegRinging.fill(values));
  const exported = caller?.variables.get('export_vars');
  for (const entry of exported?.split(',') ?? []) {
    const name = entry.replace(/^nolocal:/, '');
    leg.variables.set(name, caller?.variables.get(entry) ?? caller?.variables.get(name));
  }
  leg.variables.set('export_vars', exported);
  for (const [name, value] of dial.variables) leg.variables.set(name, value);
}
