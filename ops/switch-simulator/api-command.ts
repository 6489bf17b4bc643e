import { isHangupCause, toHangupCause } from '../../daemon/telephony/hangup-cause.ts';
import { runApplication } from './application.ts';
import { parseDialString } from './dial-string.ts';
import type { Leg } from './leg.ts';
import { finishLeg, hangUp } from './leg-end.ts';
import { originate } from './originate.ts';
import { separate } from './separate.ts';
import { stampOf } from './switch-clock.ts';
import type { SwitchCore } from './switch-core.ts';

/** What `api` and `bgapi` answer. `later` because an originate waits for its callee. */
export type ApiAnswer = (text: string) => void;
type Api = (core: SwitchCore, argument: string, answer: ApiAnswer) => void;

const noChannel = '-ERR No such channel!\n';

/** One API command; an unknown one is answered as FreeSWITCH answers. */
export function runApi(core: SwitchCore, line: string, answer: ApiAnswer): void {
  const space = line.indexOf(' ');
  const name = space < 0 ? line : line.slice(0, space);
  const api = apis.get(name);
  if (api === undefined) answer(`-ERR ${name} Command not found!\n`);
  else api(core, space < 0 ? '' : line.slice(space + 1).trim(), answer);
}

function onLeg(act: (core: SwitchCore, leg: Leg, words: readonly string[]) => string): Api {
  return (core, argument, answer) => {
    const [uuid = '', ...words] = argument.split(' ');
    const leg = core.legs.get(uuid);
    answer(leg === undefined ? noChannel : act(core, leg, words));
  };
}

function showChannels(core: SwitchCore, argument: string): string {
  const rows = [...core.legs.values()].map((leg) => ({
    uuid: leg.uuid,
    direction: leg.profile.direction,
    created: stampOf(leg.times.createdUs),
    created_epoch: String(Math.floor(leg.times.createdUs / 1e6)),
    name: leg.profile.channelName,
    state: leg.state,
    cid_name: leg.profile.callerName,
    cid_num: leg.profile.callerNumber,
    ip_addr: '127.0.0.1',
    dest: leg.profile.destination,
    application: leg.applications.at(-1)?.app ?? '',
    application_data: leg.applications.at(-1)?.data ?? '',
    dialplan: 'XML',
    context: 'public',
    callstate: leg.callState,
    call_uuid: leg.callUuid,
  }));
  if (/\bcount\b/.test(argument))
    return /as json/.test(argument) ? `{"row_count":${rows.length}}` : `\n${rows.length} total.\n`;
  if (/as json/.test(argument))
    return JSON.stringify({ row_count: rows.length, ...(rows.length > 0 ? { rows } : {}) });
  if (rows.length === 0) return '\n0 total.\n';
  const columns = Object.keys(rows[0] ?? {}).join(',');
  const lines = rows.map((row) => Object.values(row).join(','));
  return `${[columns, ...lines].join('\n')}\n\n${rows.length} total.\n`;
}

/** `originate <dial string> <&app(arg)|extension>`: answers when the callee did. */
function originateApi(core: SwitchCore, argument: string, answer: ApiAnswer): void {
  const [dialText = '', target] = separate(argument);
  const [dial] = parseDialString(dialText);
  if (dial === undefined || target === undefined) {
    answer('-USAGE: <call url> <exten>|&<application_name>(<app_args>)\n');
    return;
  }
  const [, app = 'park', args = ''] = /^&(\w+)(?:\((.*)\))?$/s.exec(target) ?? [];
  const seconds = Number.parseInt(dial.variables.get('originate_timeout') ?? '60', 10);
  originate(
    core,
    { dial, caller: undefined, timeoutMs: seconds * 1000 },
    {
      onDialled: () => undefined,
      onRinging: () => undefined,
      onEarlyMedia: () => undefined,
      onFailed: (cause) => answer(`-ERR ${cause}\n`),
      onAnswered: (leg) => {
        answer(`+OK ${leg.uuid}\n`);
        leg.state = 'CS_EXECUTE';
        leg.callState = 'ACTIVE';
        leg.touch();
        runApplication(core, leg, { app, argument: args }, () => {
          hangUp(core, leg, { cause: 'NORMAL_CLEARING' });
          finishLeg(core, leg);
        });
      },
    },
  );
}

const globals: Readonly<Record<string, string>> = {
  hostname: 'vm',
  local_ip_v4: '192.0.2.2',
  switchname: 'vm',
  recordings_dir: '/var/lib/freeswitch/recordings',
  sounds_dir: '/usr/share/freeswitch/sounds',
};
function globalOf(core: SwitchCore, name: string): string {
  return name === 'core_uuid' ? core.identity.uuid : (globals[name] ?? '');
}

const modules = new Set(['mod_event_socket', 'mod_sofia', 'mod_dptools', 'mod_json_cdr', 'mod_commands']);

/** An API inside is not run with api-expansion off; what its text becomes then is Permission Denied. */
function evaluated(core: SwitchCore, argument: string): string {
  const inside = /^\$\{(\w+)\((.*)\)\}$/.exec(argument);
  if (inside === null) return argument;
  if (!core.apiExpansion) return '<API execute Permission Denied>';
  let text = '';
  runApi(core, `${inside[1]} ${inside[2]}`.trim(), (answered) => {
    text = answered;
  });
  return text;
}

function fsctl(core: SwitchCore, argument: string): string {
  const [what = '', value] = argument.split(' ');
  if (what !== 'api_expansion') return '+OK\n';
  if (value !== undefined) core.apiExpansion = /^(on|true|yes|1)$/i.test(value);
  return `+OK api_expansion is ${core.apiExpansion ? 'on' : 'off'} \n`;
}

/** switch.conf as a doctor asks for it (`xml_locate configuration configuration name switch.conf`). */
function xmlLocate(core: SwitchCore, argument: string): string {
  if (!argument.includes('switch.conf')) return '-ERR not found\n';
  return (
    '<configuration name="switch.conf" description="Core Configuration">\n  <settings>\n' +
    `    <param name="api-expansion" value="${core.apiExpansion}"></param>\n  </settings>\n</configuration>\n`
  );
}

const apis: ReadonlyMap<string, Api> = new Map<string, Api>([
  [
    'version',
    (_core, _argument, answer) =>
      answer('FreeSWITCH Version 1.11.2-dev+git~20260717T000000Z~0a54a48~64bit (git 0a54a48 64bit)\n'),
  ],
  [
    'status',
    (core, _argument, answer) =>
      answer(
        'UP 0 years, 0 days, 0 hours, 1 minute, 0 seconds, 0 milliseconds, 0 microseconds\n' +
          'FreeSWITCH (Version 1.11.2-dev git 0a54a48 64bit) is ready\n' +
          `${core.channelsEver} session(s) since startup\n${core.legs.size} session(s) - peak ${core.legs.size}, last 5min ${core.legs.size} \n` +
          '0 session(s) per Sec out of max 5000, peak 0, last 5min 0 \n10000 session(s) max\n' +
          'min idle cpu 0.00/99.00\nCurrent Stack Size/Max 240K/8192K\n',
      ),
  ],
  ['show', (core, argument, answer) => answer(showChannels(core, argument))],
  ['echo', (_core, argument, answer) => answer(argument)],
  ['fsctl', (core, argument, answer) => answer(fsctl(core, argument))],
  ['xml_locate', (core, argument, answer) => answer(xmlLocate(core, argument))],
  ['module_exists', (_core, argument, answer) => answer(String(modules.has(argument)))],
  ['global_getvar', (core, argument, answer) => answer(globalOf(core, argument))],
  ['eval', (core, argument, answer) => answer(evaluated(core, argument))],
  ['uuid_exists', (core, argument, answer) => answer(String(core.legs.has(argument)))],
  [
    'uuid_break',
    onLeg((_core, leg) => {
      leg.loopsBroken = true; // CF_STOP_BROADCAST
      leg.interrupt?.('break');
      return '+OK\n';
    }),
  ],
  [
    'uuid_kill',
    onLeg((core, leg, [cause]) => {
      const known = cause !== undefined && isHangupCause(cause.toUpperCase());
      hangUp(core, leg, { cause: known ? toHangupCause(cause.toUpperCase()) : 'NORMAL_CLEARING' });
      return '+OK\n';
    }),
  ],
  [
    'uuid_setvar',
    onLeg((_core, leg, [name = '', ...value]) => {
      leg.variables.set(name, value.join(' '));
      return '+OK\n';
    }),
  ],
  ['uuid_getvar', onLeg((_core, leg, [name = '']) => leg.variables.get(name) ?? '_undef_')],
  ['uuid_dump', onLeg((core, leg) => core.event('CHANNEL_DATA', leg).plain().join(''))],
  ['originate', originateApi],
  [
    'hupall',
    (core, argument, answer) => {
      const cause = isHangupCause(argument) ? argument : 'MANAGER_REQUEST';
      for (const leg of core.legs.values()) hangUp(core, leg, { cause });
      answer(`+OK hangup all channels with cause ${cause}\n`);
    },
  ],
]);
