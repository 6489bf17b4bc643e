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
};

const origin = Object.fromEntries(
  Object.entries(origins).map(([name, [file, func, line]]) => [
    name,
    `Event-Calling-File: ${file}\nEvent-Calling-Function: ${func}\nEvent-Calling-Line-Number: ${line}\n`,
  ]),
);
const unknownOrigin =
  'Event-Calling-File: switch_core.c\nEvent-Calling-Function: main\nEvent-Calling-Line-Number: 1\n';

/** What the core says of itself in each event. */
export const core = {
  uuid: '4a28e169-2de8-47b3-9b4f-0699431ec7d7',
  head:
    'Core-UUID: 4a28e169-2de8-47b3-9b4f-0699431ec7d7\nFreeSWITCH-Hostname: vm\n' +
    'FreeSWITCH-Switchname: vm\nFreeSWITCH-IPv4: 192.0.2.2\nFreeSWITCH-IPv6: fd00%3A%3A2\n',
} as const;

/** One event at the moment it is fired. Its text is made only when a listener wants it, and once for all of them. */
export class SwitchEvent {
  readonly name: string;
  readonly leg: Leg | undefined;
  /** Encoded header lines before the channel's (bridge ids) and after its variables (application, DTMF). */
  readonly before: string;
  readonly after: string;
  readonly body: string;
  readonly #prefix: string;
  readonly #withVariables: boolean;
  #plain: string | undefined;

  constructor(parts: {
    name: string;
    leg?: Leg | undefined;
    dates: string;
    sequence: number;
    before?: string;
    after?: string;
    body?: string;
    withVariables?: boolean;
  }) {
    this.name = parts.name;
    this.leg = parts.leg;
    this.before = parts.before ?? '';
    this.after = parts.after ?? '';
    this.body = parts.body ?? '';
    this.#withVariables = parts.withVariables ?? true;
    this.#prefix =
      `Event-Name: ${parts.name}\n${core.head}${parts.dates}` +
      `${origin[parts.name] ?? unknownOrigin}Event-Sequence: ${parts.sequence}\n`;
  }

  /** A header's decoded value for a filter; names compare without case, as FreeSWITCH's do. */
  header(name: string): string | undefined {
    const lower = name.toLowerCase();
    if (lower === 'event-name') return this.name;
    if (lower.startsWith('variable_') && this.leg !== undefined && this.#withVariables)
      return this.leg.variables.get(name.slice('variable_'.length));
    const known = this.leg?.header(lower);
    if (known !== undefined) return known;
    for (const line of this.headers().split('\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0 && line.slice(0, colon).toLowerCase() === lower)
        return decodeHeader(line.slice(colon + 2));
    }
    return undefined;
  }

  /** All header lines, encoded. */
  headers(): string {
    this.#plain ??=
      this.#prefix +
      this.before +
      (this.leg === undefined ? '' : this.leg.appearance()) +
      (this.leg === undefined || !this.#withVariables ? '' : this.leg.variables.render()) +
      this.after;
    return this.#plain;
  }

  /** `text/event-plain`. */
  plain(): string {
    return this.body === ''
      ? `${this.headers()}\n`
      : `${this.headers()}Content-Length: ${this.body.length}\n\n${this.body}`;
  }

  /** `text/event-json`: values decoded, lists as lists, the body under `_body`. */
  json(): string {
    const pairs: string[] = [];
    for (const line of this.headers().split('\n')) {
      const colon = line.indexOf(': ');
      if (colon < 0) continue;
      const value = decodeHeader(line.slice(colon + 2));
      const shown = value.startsWith('ARRAY::') ? value.slice(7).split('|:') : value;
      pairs.push(`${JSON.stringify(line.slice(0, colon))}:${JSON.stringify(shown)}`);
    }
    if (this.body !== '')
      pairs.push(`"Content-Length":"${this.body.length}"`, `"_body":${JSON.stringify(this.body)}`);
    return `{${pairs.join(',')}}`;
  }
}
