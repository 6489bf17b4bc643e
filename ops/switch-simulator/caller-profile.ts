import { encodeHeader } from './header-encoding.ts';

/** When things happened to a leg, microseconds since 1970, 0 for not yet: FreeSWITCH's channel timetable. */
export interface Timetable {
  createdUs: number;
  progressUs: number;
  progressMediaUs: number;
  answeredUs: number;
  bridgedUs: number;
  hangupUs: number;
}

/** Who calls whom on a leg, in FreeSWITCH's words. All byte strings. */
export interface CallerProfile {
  readonly direction: 'inbound' | 'outbound';
  readonly logicalDirection: 'inbound' | 'outbound';
  readonly username: string;
  readonly callerName: string;
  readonly callerNumber: string;
  readonly originalName: string;
  readonly originalNumber: string;
  callee: { readonly name: string; readonly number: string } | undefined;
  readonly destination: string;
  readonly uuid: string;
  readonly channelName: string;
}

/** The header lines of a profile: `Caller-…`, `Channel-…` or `Other-Leg-…` (switch_caller_profile_event_set_data). */
export function renderProfile(prefix: string, profile: CallerProfile, times: Timetable): string {
  const line = (name: string, value: string) => `${prefix}-${name}: ${encodeHeader(value)}\n`;
  const callee =
    profile.callee === undefined
      ? ''
      : line('Callee-ID-Name', profile.callee.name) + line('Callee-ID-Number', profile.callee.number);
  return (
    `${prefix}-Direction: ${profile.direction}\n${prefix}-Logical-Direction: ${profile.logicalDirection}\n` +
    line('Username', profile.username) +
    `${prefix}-Dialplan: XML\n` +
    line('Caller-ID-Name', profile.callerName) +
    line('Caller-ID-Number', profile.callerNumber) +
    line('Orig-Caller-ID-Name', profile.originalName) +
    line('Orig-Caller-ID-Number', profile.originalNumber) +
    callee +
    `${prefix}-Network-Addr: 127.0.0.1\n` +
    line('ANI', profile.username) +
    line('Destination-Number', profile.destination) +
    `${prefix}-Unique-ID: ${profile.uuid}\n${prefix}-Source: mod_sofia\n${prefix}-Context: public\n` +
    line('Channel-Name', profile.channelName) +
    (prefix === 'Other-Leg' ? '' : `${prefix}-Profile-Index: 1\n`) +
    `${prefix}-Profile-Created-Time: ${times.createdUs}\n${prefix}-Channel-Created-Time: ${times.createdUs}\n` +
    `${prefix}-Channel-Answered-Time: ${times.answeredUs}\n${prefix}-Channel-Progress-Time: ${times.progressUs}\n` +
    `${prefix}-Channel-Progress-Media-Time: ${times.progressMediaUs}\n${prefix}-Channel-Hangup-Time: ${times.hangupUs}\n` +
    `${prefix}-Channel-Transfer-Time: 0\n${prefix}-Channel-Resurrect-Time: 0\n` +
    `${prefix}-Channel-Bridged-Time: ${times.bridgedUs}\n${prefix}-Channel-Last-Hold: 0\n` +
    `${prefix}-Channel-Hold-Accum: 0\n${prefix}-Screen-Bit: true\n` +
    `${prefix}-Privacy-Hide-Name: false\n${prefix}-Privacy-Hide-Number: false\n`
  );
}
