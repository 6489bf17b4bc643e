import { channelName, matching, oneLine } from './checked-text.ts';
import { UnsafeText } from './esl-error.ts';

/**
 * An application to run on the channel, its argument already built from checked pieces (channel-command, variables,
 * media-argument, dial-string build them). Line breaks in `arg` are sent as a counted body.
 */
export interface Application {
  readonly app: string;
  readonly arg: string;
}

/** The longest argument that is sent. */
const maxArgumentBytes = 64 * 1024;

/**
 * FreeSWITCH reads heads byte by byte and gives its processor away (`sched_yield`) after each, bodies at once: on a busy
 * machine the 1,600 bytes before a bridge took seconds as headers. Source: mod_event_socket.c, read_packet.
 */
const longestHeaderBytes = 48;

/** Asks for the channel with all its variables. */
export const connectCommand = 'connect\n\n';

/**
 * Lets only these events of one channel through. Not `myevents`: FreeSWITCH shows every event of every call to each
 * socket that asked for its kind, filters first, and looks a header that is not there up to the last one. Five
 * filters on 23 kinds were 5 ms a call of its time at 25 calls a second, and more with every live call.
 * One filter on a header near the start, on two kinds, is the least (mod_event_socket.c, event_handler).
 * @throws UnsafeText for a uuid FreeSWITCH would read as a negative filter
 */
export function channelEventsCommand(
  eventNames: readonly string[],
  channelUuid: string,
): { text: string; replies: number } {
  const uuid = matching(channelName(channelUuid), 'channel uuid', /^[A-Za-z0-9]/, 'one to filter by');
  return { text: `filter Unique-ID ${uuid}\n\nevent ${eventNames.map(eventName).join(' ')}\n\n`, replies: 2 };
}

/**
 * `sendmsg` for the channel of this socket. No Event-UUID header is sent; `completion` names the application instead
 * and comes back as Application-UUID of its CHANNEL_EXECUTE_COMPLETE. Without it FreeSWITCH chooses a name.
 */
export function executeMessage(application: Application, completion?: string): string {
  const { app, arg } = application;
  const head = `sendmsg\ncall-command: execute\nexecute-app-name: ${applicationName(app)}\n`;
  const named = completion === undefined ? '' : `event-uuid: ${channelName(completion, 'completion')}\n`;
  if (arg === '') return `${head}${named}\n`;
  if (arg.includes('\0')) throw new UnsafeText(`argument of ${app}`, 'it has a NUL');
  const bytes = Buffer.byteLength(arg);
  if (bytes > maxArgumentBytes)
    throw new UnsafeText(`argument of ${app}`, `longer than ${maxArgumentBytes} bytes`);
  // A counted body may have line breaks, and keeps spaces at its start.
  if (bytes > longestHeaderBytes || /[\r\n]/.test(arg) || arg.startsWith(' '))
    return `${head}${named}Content-Type: text/plain\nContent-Length: ${bytes}\n\n${arg}`;
  return `${head}execute-app-arg: ${arg}\n${named}\n`;
}

/** `sendmsg` that ends the channel of this socket. */
export function hangupMessage(cause: string): string {
  return `sendmsg\ncall-command: hangup\nhangup-cause: ${causeName(cause)}\n\n`;
}

/** The inbound connection's first word. The password is never logged. */
export function authCommand(password: string): string {
  return `auth ${oneLine(password, 'event socket password', 200)}\n\n`;
}

/** An event daemons tell each other by, through FreeSWITCH; the daemon's id is in `signHeader`. */
export const signSubclass = 'callfabric::sign';
export const signHeader = 'Callfabric-Daemon';

/** Fires that event: every daemon that subscribed to it hears it. */
export function signCommand(daemonId: string): string {
  return `sendevent CUSTOM\nEvent-Subclass: ${signSubclass}\n${signHeader}: ${channelName(daemonId, 'daemon id')}\n\n`;
}

/** Filters first, so that not one event of another daemon's calls comes in between. `subclasses`: of CUSTOM events. */
export function subscribeCommands(
  eventNames: readonly string[],
  filters: readonly (readonly [header: string, value: string])[],
  subclasses: readonly string[] = [],
): { text: string; replies: number } {
  const lines = filters.map(
    ([header, value]) =>
      `filter ${matching(header, 'filter', /^[A-Za-z0-9_-]{1,80}$/, 'a header name')} ${matching(value, 'filter value', /^[A-Za-z0-9_.:-]{1,128}$/, 'plain text')}\n\n`,
  );
  const custom = subclasses.length === 0 ? [] : ['CUSTOM', ...subclasses];
  return {
    text: `${lines.join('')}event plain ${[...eventNames.map(eventName), ...custom].join(' ')}\n\n`,
    replies: lines.length + 1,
  };
}

/** `api`: runs in the connection's own thread and is answered in order; for commands that return at once. */
export function apiCommand(command: ApiCommand): string {
  return `api ${command.name}${command.arg === '' ? '' : ` ${oneLine(command.arg, command.name, 16_000)}`}\n\n`;
}

/** `bgapi`: answered at once with the job's name, its result comes as a BACKGROUND_JOB event. */
export function bgapiCommand(command: ApiCommand, jobUuid: string): string {
  return `bgapi ${command.name} ${oneLine(command.arg, command.name, 16_000)}\nJob-UUID: ${channelName(jobUuid, 'job uuid')}\n\n`;
}

/** A command of mod_commands with its argument, built from checked pieces. */
export interface ApiCommand {
  readonly name: string;
  readonly arg: string;
}

/** Any other command; the name is checked, the argument is one line of the caller's making: no text from outside. */
export function api(name: string, arg = ''): ApiCommand {
  return { name: matching(name, 'api command', /^[a-z_]{1,40}$/, 'an api command'), arg: oneLine(arg, name) };
}

/** Ends the running application and what is queued behind it. */
export function uuidBreak(uuid: string): ApiCommand {
  return { name: 'uuid_break', arg: `${channelName(uuid)} all` };
}

export function uuidKill(uuid: string, cause: string): ApiCommand {
  return { name: 'uuid_kill', arg: `${channelName(uuid)} ${causeName(cause)}` };
}

/** Answered with the value, `_undef_` where the leg has no such variable. */
export function uuidGetvar(uuid: string, variable: string): ApiCommand {
  return {
    name: 'uuid_getvar',
    arg: `${channelName(uuid)} ${matching(variable, 'variable', /^[a-z_]{1,60}$/, 'a name')}`,
  };
}

/** Tells whether api-expansion is on (see `isExpanded`). Not `fsctl`, which could shut FreeSWITCH down. */
export const askExpansion: ApiCommand = { name: 'eval', arg: '${version()}' };

/**
 * True where FreeSWITCH ran the API inside, which with api-expansion off it does not; undefined: no answer to this
 * question (`eval` is not on its interface allowlist). Source: switch_event_expand_headers_check, src/switch_event.c.
 */
export function isExpanded(answer: string): boolean | undefined {
  if (/FreeSWITCH Version/i.test(answer)) return true;
  return /Permission Denied/i.test(answer) ? false : undefined;
}

/** Answered `true` or `false`. */
export function uuidExists(uuid: string): ApiCommand {
  return { name: 'uuid_exists', arg: channelName(uuid) };
}

function applicationName(app: string): string {
  return matching(app, 'application', /^[a-z_]{1,40}$/, 'an application');
}

function causeName(cause: string): string {
  return matching(cause, 'hangup cause', /^[A-Z_]{1,60}$/, 'a hangup cause');
}

function eventName(name: string): string {
  return matching(name, 'event name', /^[A-Z_]{1,60}$/, 'an event name');
}
