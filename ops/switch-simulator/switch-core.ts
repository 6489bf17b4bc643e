import type { Socket } from 'node:net';
import type { HangupCause } from '../../daemon/telephony/hangup-cause.ts';
import type { Application } from './application.ts';
import type { CalleeScript } from './callee-script.ts';
import type { Leg } from './leg.ts';
import { SwitchClock } from './switch-clock.ts';
import { type CoreIdentity, coreIdentity, type EventParts, SwitchEvent } from './switch-event.ts';
import { newUuid } from './uuid.ts';

/** A connection that hears events. */
export interface EventSink {
  offer(event: SwitchEvent): void;
  /** The leg of an outbound socket ended. */
  legEnded?(): void;
}

export interface SwitchSettings {
  /** How much faster than the wall the switch's time runs. */
  readonly speed: number;
  /** Playing time of files by their argument, ms; `missing` for one that is not there. */
  readonly files: ReadonlyMap<string, number | 'missing'>;
  /** Playing time of a file that neither `files` nor its own name (`…-1500ms.wav`) tells, ms. */
  readonly fileMs: number;
  readonly calleeFor: (destination: string) => CalleeScript;
  /** FreeSWITCH's `api-expansion`: true would run `${system …}`; the simulator only counts what would have run. */
  readonly apiExpansion: boolean;
  /** False: recordings are reported but no file is written. */
  readonly writeRecordings: boolean;
}

/** The heart of the simulated switch: legs by uuid, time, and the events that go to whoever listens. */
export class SwitchCore {
  readonly settings: SwitchSettings;
  readonly identity: CoreIdentity = coreIdentity(newUuid());
  readonly clock: SwitchClock;
  readonly applications: ReadonlyMap<string, Application>;
  readonly legs = new Map<string, Leg>();
  /** Open daemon sockets (outbound), by the uuid of their leg. */
  readonly sockets = new Map<string, EventSink>();
  readonly listeners = new Set<EventSink>();
  /** TCP connections to daemons, open or being opened. */
  readonly wires = new Set<Socket>();
  /** `${…}` calls that FreeSWITCH would have run with api-expansion on: a daemon must never cause one. */
  readonly expansionsAttempted: string[] = [];
  /** Hears of each leg when it is quite over. */
  onLegEnded: ((leg: Leg) => void) | undefined;
  apiExpansion: boolean;
  channelsEver = 0;
  #sequence = 528_000;
  #session = 20_000;
  readonly #dates = () => this.clock.dateHeaders(this.clock.nowUs());

  constructor(settings: SwitchSettings, applications: ReadonlyMap<string, Application>) {
    this.settings = settings;
    this.applications = applications;
    this.clock = new SwitchClock(settings.speed);
    this.apiExpansion = settings.apiExpansion;
  }

  nextSession(): number {
    return ++this.#session;
  }

  /** False where the uuid is taken: FreeSWITCH refuses a duplicate. */
  register(leg: Leg): boolean {
    if (this.legs.has(leg.uuid)) return false;
    this.legs.set(leg.uuid, leg);
    this.channelsEver++;
    return true;
  }

  /** Builds an event about a leg without sending it. */
  event(name: string, leg: Leg | undefined, parts: EventParts = {}): SwitchEvent {
    return new SwitchEvent(name, leg, parts, {
      dates: this.#dates,
      sequence: ++this.#sequence,
      head: this.identity.head,
    });
  }

  fire(name: string, leg: Leg, parts?: EventParts): void {
    if (!this.sockets.has(leg.uuid) && this.listeners.size === 0) return;
    this.send(this.event(name, leg, parts));
  }

  send(event: SwitchEvent): void {
    if (event.leg !== undefined) this.sockets.get(event.leg.uuid)?.offer(event);
    for (const listener of this.listeners) listener.offer(event);
  }
}

/** How FreeSWITCH or the far side ends a leg. */
export interface LegHangup {
  readonly cause: HangupCause;
  /** `sip_hangup_disposition` that came with the ending: `recv_bye`, `recv_cancel`, `recv_refuse`. */
  readonly received?: 'recv_bye' | 'recv_cancel' | 'recv_refuse';
  readonly sipCode?: number;
  readonly sipPhrase?: string;
}
