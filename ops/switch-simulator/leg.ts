import type { HangupCause } from '../../daemon/telephony/hangup-cause.ts';
import { type CallerProfile, ProfileText, type Timetable } from './caller-profile.ts';
import { encodeHeader } from './header-encoding.ts';
import { VariableTable } from './variable-table.ts';

/** Why a running application is broken off. */
export type Interruption = 'hangup' | 'break';

/** What a caller may wait for: the phase its leg is in. `queue`: endless music. */
export type LegPhase =
  | 'offered'
  | 'idle'
  | 'playing'
  | 'collecting'
  | 'queue'
  | 'ringing'
  | 'bridged'
  | 'ended';

/** Application log of mod_json_cdr. */
export interface LoggedApplication {
  readonly app: string;
  readonly data: string;
  readonly atUs: number;
}

const codec =
  'Channel-Read-Codec-Name: PCMU\nChannel-Read-Codec-Rate: 8000\nChannel-Read-Codec-Bit-Rate: 64000\n' +
  'Channel-Write-Codec-Name: PCMU\nChannel-Write-Codec-Rate: 8000\nChannel-Write-Codec-Bit-Rate: 64000\n';

/** One channel of the simulated switch: its state, variables, keys pressed, and how it looks in an event. */
export class Leg {
  readonly uuid: string;
  readonly side: 'A' | 'B';
  readonly profile: CallerProfile;
  readonly times: Timetable;
  readonly variables = new VariableTable();
  readonly applications: LoggedApplication[] = [];
  /** Keys pressed that nobody has taken yet. */
  readonly digits: string[] = [];
  /** The other leg and how it is named in events, from the dialling on. */
  other: { readonly leg: Leg; readonly type: 'originator' | 'originatee' } | undefined;
  callUuid: string;
  callState: 'DOWN' | 'RINGING' | 'EARLY' | 'ACTIVE' | 'HANGUP';
  state: 'CS_EXECUTE' | 'CS_CONSUME_MEDIA' | 'CS_EXCHANGE_MEDIA' | 'CS_REPORTING';
  stateNumber: number;
  codecsKnown: boolean;
  hangupCause: HangupCause | undefined;
  /** Says FreeSWITCH's `sip_hangup_disposition` at the end where no BYE or CANCEL came. */
  disposition: string | undefined;
  phase: LegPhase = 'offered';
  promptsBegun = 0;
  /** Set while something runs that can be broken off. */
  interrupt: ((why: Interruption) => void) | undefined;
  /** `uuid_break` ended a repeated application (CF_STOP_BROADCAST). */
  loopsBroken = false;
  /** Takes a key at once; true when it has had enough. */
  onDigit: ((digit: string) => void) | undefined;
  /** Called when the phase changes or a prompt begins. */
  onPhase: (() => void) | undefined;
  onAnswered: (() => void) | undefined;
  /** Undone when the leg ends, last first. */
  readonly undo: (() => void)[] = [];
  #appearance: string | undefined;
  readonly #profileText: ProfileText;
  readonly #channelName: string;
  #otherText: { readonly of: Leg['other']; readonly text: ProfileText } | undefined;

  constructor(side: 'A' | 'B', profile: CallerProfile, createdUs: number) {
    this.uuid = profile.uuid;
    this.side = side;
    this.profile = profile;
    this.#profileText = new ProfileText('Caller', profile);
    this.#channelName = encodeHeader(profile.channelName);
    this.callUuid = profile.uuid;
    this.times = {
      createdUs,
      progressUs: 0,
      progressMediaUs: 0,
      answeredUs: 0,
      bridgedUs: 0,
      hangupUs: 0,
    };
    this.callState = side === 'A' ? 'RINGING' : 'DOWN';
    this.state = side === 'A' ? 'CS_EXECUTE' : 'CS_CONSUME_MEDIA';
    this.stateNumber = side === 'A' ? 4 : 7;
    this.codecsKnown = side === 'A';
  }

  get answered(): boolean {
    return this.times.answeredUs > 0;
  }

  get down(): boolean {
    return this.hangupCause !== undefined;
  }

  enter(phase: LegPhase): void {
    this.phase = phase;
    if (phase === 'playing') this.promptsBegun++;
    this.onPhase?.();
  }

  /** Call after any change of state, times or names: the next event shows it. */
  touch(): void {
    this.#appearance = undefined;
  }

  /** The lines of an event that tell of the channel, before its variables. */
  appearance(): string {
    this.#appearance ??= this.#draw();
    return this.#appearance;
  }

  /** A header of that part, decoded, for filters; undefined where there is none. */
  header(lowerName: string): string | undefined {
    switch (lowerName) {
      case 'unique-id':
        return this.uuid;
      case 'call-direction':
        return this.profile.direction;
      case 'channel-call-uuid':
        return this.callUuid;
      case 'other-leg-unique-id':
        return this.other?.leg.uuid;
      case 'caller-destination-number':
        return this.profile.destination;
      default:
        return undefined;
    }
  }

  #draw(): string {
    const { direction } = this.profile;
    const answerState = this.down
      ? 'hangup'
      : this.answered
        ? 'answered'
        : this.times.progressMediaUs > 0
          ? 'early'
          : 'ringing';
    // Joined, not added up: the text is read by several events.
    return [
      `Channel-State: ${this.state}\nChannel-Call-State: ${this.callState}\n`,
      `Channel-State-Number: ${this.stateNumber}\nChannel-Name: ${this.#channelName}\n`,
      `Unique-ID: ${this.uuid}\nCall-Direction: ${direction}\nPresence-Call-Direction: ${direction}\n`,
      `Channel-HIT-Dialplan: ${direction === 'inbound'}\nChannel-Call-UUID: ${this.callUuid}\n`,
      `Answer-State: ${answerState}\n`,
      this.hangupCause === undefined ? '' : `Hangup-Cause: ${this.hangupCause}\n`,
      this.codecsKnown ? codec : '',
      this.#profileText.render(this.profile.callee, this.times),
      this.#drawOther(),
    ].join('');
  }

  #drawOther(): string {
    if (this.other === undefined) return '';
    const { leg, type } = this.other;
    // Each side keeps a copy of the other's profile as it was when the leg was dialled: without later times.
    const times =
      type === 'originatee'
        ? { ...leg.times, bridgedUs: 0, hangupUs: 0 }
        : { ...noTimes, progressUs: leg.times.progressUs };
    const text =
      this.#otherText?.of === this.other
        ? this.#otherText.text
        : new ProfileText(
            'Other-Leg',
            type === 'originatee' ? { ...leg.profile, logicalDirection: 'inbound' } : leg.profile,
          );
    this.#otherText = { of: this.other, text };
    return `Other-Type: ${type}\n${text.render(type === 'originatee' ? leg.profile.callee : undefined, times)}`;
  }
}

const noTimes: Timetable = {
  createdUs: 0,
  progressUs: 0,
  progressMediaUs: 0,
  answeredUs: 0,
  bridgedUs: 0,
  hangupUs: 0,
};
