import { decodeHeader } from './header-encoding.ts';
import type { Leg } from './leg.ts';

/** Where FreeSWITCH fires an event from: file, function, line. */
const origins: Readonly<Record<string, readonly [file: string, func: string, line: number]>> = {
  CHANNEL_DATA: ['mod_event_socket.c', 'parse_command', 2018],
  CHANNEL_EXECUTE: ['switch_core_session.c', 'switch_core_session_exec', 2949],
  CHANNEL_EXECUTE_COMPLETE: ['switch_core_session.c', 'switch_core_session_exec', 2972],
  CHANNEL_PROGRESS: ['switch_channel.c', 'switch_channel_perform_mark_ring_ready_value', 3507],
  CHANNEL_PROGRESS_MEDIA: ['switch_channel.c', 'switch_channel_perform_mark_pre_answered', 3571],
  CHANNEL_ANSWER: ['switch_channel.c', 'switch_channel_perform_mark_answered', 3848],
  CHANNEL_BRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1689],
  CHANNEL_UNBRIDGE: ['switch_ivr_bridge.c', 'switch_ivr_multi_threaded_bridge', 1879],
  CHANNEL_HANGUP: ['switch_channel.c', 'switch_channel_perform_hangup', 3447],
  CHANNEL_HANGUP_COMPLETE: ['switch_core_state_machine.c', 'switch_core_session_reporting_state', 943],
  DTMF: ['switch_channel.c', 'switch_channel_dequeue_dtmf', 678],
  RECORD_START: ['switch_ivr_async.c', 'record_callback', 1300],
  RECORD_STOP: ['switch_ivr_async.c', 'send_record_stop_event', 1241],
  BACKGROUND_JOB: ['mod_event_socket.c', 'api_exec', 1568],
  CUSTOM: ['mod_event_socket.c', 'parse_command', 2272],
};

/** A running core: its Core-UUID is new at each of its starts, and tells one switch from another. */
export interface CoreIdentity {
  readonly uuid: string;
  /** What it says of itself in each event. */
  readonly head: string;
}

export function coreIdentity(uuid: string): CoreIdentity {
  return {
    uuid,
    head:
      `Core-UUID: ${uuid}\nFreeSWITCH-Hostname: vm\n` +
      'FreeSWITCH-Switchname: vm\nFreeSWITCH-IPv4: 192.0.2.2\nFreeSWITCH-IPv6: fd00%3A%3A2\n',
  };
}

const origin: Readonly<Record<string, string | undefined>> = Object.fromEntries(
  Object.entries(origins).map(([name, [file, func, line]]) => [
    name,
    `Event-Calling-File: ${file}\nEvent-Calling-Function: ${func}\nEvent-Calling-Line-Number: ${line}\n`,
  ]),
);
const unknownOrigin =
  'Event-Calling-File: switch_core.c\nEvent-Calling-Function: main\nEvent-Calling-Line-Number: 1\n';

/** What an event says besides its channel. A function where making the text may be for nothing. */
export interface EventParts {
  /** Encoded header lines before the channel's (bridge ids). */
  readonly before?: string | undefined;
  /** Encoded header lines after its variables (application, DTMF). */
  readonly after?: string | (() => string) | undefined;
  readonly body?: string | undefined;
  /** False: the event tells of the channel but not of its variables. */
  readonly withVariables?: boolean | undefined;
}

/**
 * One event at the moment it is fired. Its text is made only when a listener wants it, at once (the leg goes on
 * changing), and once for all of them.
 */
export class SwitchEvent {
  readonly name: string;
  readonly leg: Leg | undefined;
  readonly #parts: EventParts;
  readonly #dates: () => string;
  readonly #sequence: number;
  readonly #head: string;
  #plain: readonly string[] | undefined;
  #frame: readonly string[] | undefined;

  constructor(
    name: string,
    leg: Leg | undefined,
    parts: EventParts,
    fired: { readonly dates: () => string; readonly sequence: number; readonly head: string },
  ) {
    this.name = name;
    this.leg = leg;
    this.#parts = parts;
    this.#dates = fired.dates;
    this.#sequence = fired.sequence;
    this.#head = fired.head;
  }

  /** True where a filter on a channel variable may match. */
  get #withVariables(): boolean {
    return this.leg !== undefined && this.#parts.withVariables !== false;
  }

  /** A channel variable for a filter; undefined where the event does not bear it. */
  variable(name: string): string | undefined {
    return this.#withVariables ? this.leg?.variables.get(name) : undefined;
  }

  /** A header's decoded value for a filter, by its name in lower case: names compare without case there. */
  header(lower: string): string | undefined {
    if (lower === 'event-name') return this.name;
    const known = this.leg?.header(lower);
    if (known !== undefined) return known;
    // The event's own lines first: what a filter asks for is mostly there, and drawing the whole event is dear.
    const { after = '' } = this.#parts;
    return (
      headerIn(typeof after === 'string' ? after : after(), lower) ??
      headerIn(this.#draw({ withVariables: false }).join(''), lower)
    );
  }

  /** `text/event-plain`, in pieces. */
  plain(): readonly string[] {
    this.#plain ??= this.#draw();
    return this.#plain;
  }

  /** The first piece is kept for the head of the frame. */
  #draw({ withVariables = this.#withVariables } = {}): string[] {
    const { before = '', after = '', body = '' } = this.#parts;
    const pieces = [
      '',
      `Event-Name: ${this.name}\n`,
      this.#head,
      this.#dates(),
      origin[this.name] ?? unknownOrigin,
      `Event-Sequence: ${this.#sequence}\n`,
      before,
    ];
    if (this.leg !== undefined) {
      pieces.push(this.leg.appearance());
      if (withVariables) this.leg.variables.addTo(pieces);
    }
    pieces.push(typeof after === 'string' ? after : after());
    pieces.push(body === '' ? '\n' : `Content-Length: ${body.length}\n\n${body}`);
    return pieces;
  }

  /** The header lines, encoded. */
  #lines(): string[] {
    const text = this.plain().join('');
    return text.slice(text.indexOf('Event-Name: '), text.indexOf('\n\n')).split('\n');
  }

  /** The frame of an event in this format, in pieces. */
  frame(format: 'plain' | 'json'): readonly string[] {
    if (format === 'json') return withHead('json', ['', this.json()]);
    this.#frame ??= withHead('plain', this.#draw());
    return this.#frame;
  }

  /** `text/event-json`: values decoded, lists as lists, the body under `_body`. */
  json(): string {
    const pairs: string[] = [];
    for (const line of this.#lines()) {
      const colon = line.indexOf(': ');
      if (colon < 0) continue;
      const value = decodeHeader(line.slice(colon + 2));
      const shown = value.startsWith('ARRAY::') ? value.slice(7).split('|:') : value;
      pairs.push(`${JSON.stringify(line.slice(0, colon))}:${JSON.stringify(shown)}`);
    }
    const { body = '' } = this.#parts;
    if (body !== '') pairs.push(`"Content-Length":"${body.length}"`, `"_body":${JSON.stringify(body)}`);
    return `{${pairs.join(',')}}`;
  }
}

/** Puts the head of a frame into the place that is kept for it. */
function withHead(format: 'plain' | 'json', pieces: string[]): readonly string[] {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  pieces[0] = `Content-Length: ${length}\nContent-Type: text/event-${format}\n\n`;
  return pieces;
}

/** The decoded value of a header, by its name in lower case, in a text of header lines. */
function headerIn(text: string, lower: string): string | undefined {
  const end = text.indexOf('\n\n');
  for (const line of (end < 0 ? text : text.slice(0, end)).split('\n')) {
    const colon = line.indexOf(': ');
    if (colon === lower.length && line.slice(0, colon).toLowerCase() === lower)
      return decodeHeader(line.slice(colon + 2));
  }
  return undefined;
}
