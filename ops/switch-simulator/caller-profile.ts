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

type ProfilePrefix = 'Caller' | 'Channel' | 'Other-Leg';

/** What stands before, between and after the six times of a profile. */
function timeLabels(prefix: ProfilePrefix): readonly string[] {
  return [
    `${prefix}-Profile-Created-Time: `,
    `\n${prefix}-Channel-Created-Time: `,
    `\n${prefix}-Channel-Answered-Time: `,
    `\n${prefix}-Channel-Progress-Time: `,
    `\n${prefix}-Channel-Progress-Media-Time: `,
    `\n${prefix}-Channel-Hangup-Time: `,
    `\n${prefix}-Channel-Transfer-Time: 0\n${prefix}-Channel-Resurrect-Time: 0\n${prefix}-Channel-Bridged-Time: `,
    `\n${prefix}-Channel-Last-Hold: 0\n${prefix}-Channel-Hold-Accum: 0\n${prefix}-Screen-Bit: true\n` +
      `${prefix}-Privacy-Hide-Name: false\n${prefix}-Privacy-Hide-Number: false\n`,
  ];
}

const labels: Readonly<Record<ProfilePrefix, readonly string[]>> = {
  Caller: timeLabels('Caller'),
  Channel: timeLabels('Channel'),
  'Other-Leg': timeLabels('Other-Leg'),
};

/**
 * The header lines of a profile: `Caller-…`, `Channel-…` or `Other-Leg-…` (switch_caller_profile_event_set_data).
 * Drawn once; only the callee and the times are put in anew, as they change during a call.
 */
export class ProfileText {
  readonly #prefix: ProfilePrefix;
  readonly #beforeCallee: string;
  readonly #afterCallee: string;

  constructor(prefix: ProfilePrefix, profile: CallerProfile) {
    const line = (name: string, value: string) => `${prefix}-${name}: ${encodeHeader(value)}\n`;
    this.#prefix = prefix;
    this.#beforeCallee = [
      `${prefix}-Direction: ${profile.direction}\n${prefix}-Logical-Direction: ${profile.logicalDirection}\n`,
      line('Username', profile.username),
      `${prefix}-Dialplan: XML\n`,
      line('Caller-ID-Name', profile.callerName),
      line('Caller-ID-Number', profile.callerNumber),
      line('Orig-Caller-ID-Name', profile.originalName),
      line('Orig-Caller-ID-Number', profile.originalNumber),
    ].join('');
    this.#afterCallee = [
      `${prefix}-Network-Addr: 127.0.0.1\n`,
      line('ANI', profile.username),
      line('Destination-Number', profile.destination),
      `${prefix}-Unique-ID: ${profile.uuid}\n${prefix}-Source: mod_sofia\n${prefix}-Context: public\n`,
      line('Channel-Name', profile.channelName),
      prefix === 'Other-Leg' ? '' : `${prefix}-Profile-Index: 1\n`,
    ].join('');
  }

  render(callee: CallerProfile['callee'], times: Timetable): string {
    const prefix = this.#prefix;
    const [created, createdAgain, answered, progress, media, hangup, bridged, rest] = labels[prefix];
    // Joined, not added up: one flat text, which is written several times.
    return [
      this.#beforeCallee,
      callee === undefined
        ? ''
        : `${prefix}-Callee-ID-Name: ${encodeHeader(callee.name)}\n${prefix}-Callee-ID-Number: ${encodeHeader(callee.number)}\n`,
      this.#afterCallee,
      created,
      times.createdUs,
      createdAgain,
      times.createdUs,
      answered,
      times.answeredUs,
      progress,
      times.progressUs,
      media,
      times.progressMediaUs,
      hangup,
      times.hangupUs,
      bridged,
      times.bridgedUs,
      rest,
    ].join('');
  }
}
