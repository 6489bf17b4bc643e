import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Environment, type Settings, switchPasswordPrefix } from './read-settings.ts';
import type { SwitchName } from './telephony/ids.ts';

/** One FreeSWITCH machine as configured. */
export interface SwitchConfig {
  readonly name: SwitchName;
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

/** Where verified recordings are kept. Without credentials the S3 client finds the machine's own. */
export type RecordingsStore =
  /** Where FreeSWITCH wrote them. */
  | { readonly kind: 'local' }
  /** Moved to another folder, absolute. */
  | { readonly kind: 'folder'; readonly folder: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without slashes at its ends; '' for none. */
      readonly prefix: string;
      readonly region: string;
      readonly endpoint: string | undefined;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
    };

/** FreeSWITCH's password as it is delivered; everybody knows it. */
export const defaultPassword = 'ClueCon';

const place = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})$/;

/** `name=host:port,…` with each one's password; what is wrong goes to `faults`. */
export function switchesOf(settings: Settings, env: Environment, faults: string[]): SwitchConfig[] {
  const setting = 'CALLFABRIC_FREESWITCH';
  const switches = listOf(settings.CALLFABRIC_FREESWITCH).flatMap((text): SwitchConfig[] => {
    const [, name, sixth, host = sixth, digits] = place.exec(text) ?? [];
    const port = Number(digits);
    if (name === undefined || host === undefined || !(port >= 1 && port <= 65_535)) {
      faults.push(
        `${setting} has the part '${text.slice(0, 80)}': write it as name=host:port (IPv6 in [brackets])`,
      );
      return [];
    }
    const passwordName = passwordNameOf(name);
    const password = env[passwordName] ?? settings.CALLFABRIC_FREESWITCH_PASSWORD ?? '';
    if (password === '')
      faults.push(
        `FreeSWITCH ${name} has no password: set CALLFABRIC_FREESWITCH_PASSWORD (or ${passwordName}) to the one in its event_socket.conf.xml`,
      );
    else if (password === defaultPassword && !settings.CALLFABRIC_ALLOW_DEFAULT_PASSWORD)
      faults.push(
        `FreeSWITCH ${name} has the default password ${defaultPassword}: give it one of its own in event_socket.conf.xml, or set CALLFABRIC_ALLOW_DEFAULT_PASSWORD=yes on a machine nobody else reaches`,
      );
    return [{ name: name as SwitchName, host, port, password }];
  });
  for (const [name, same] of Map.groupBy(switches, (one) => passwordNameOf(one.name)))
    if (same.length > 1)
      faults.push(
        `${setting} names ${same.map((one) => one.name).join(' and ')}, which are one name for ${name}: rename one`,
      );
  const known = new Set(switches.map((one) => passwordNameOf(one.name)));
  for (const name of Object.keys(env))
    if (name.startsWith(switchPasswordPrefix) && !known.has(name))
      faults.push(`${name} is for no machine of ${setting}: remove it, or correct its name`);
  if (switches.length === 0 && faults.length === 0)
    faults.push(`${setting} names no machine: write name=host:port`);
  return switches;
}

function passwordNameOf(name: string): string {
  return switchPasswordPrefix + name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Who may open event sockets: as set, or loopback and the hosts of the switches. */
export function sourcesOf(settings: Settings, switches: readonly SwitchConfig[], faults: string[]): string[] {
  const set = settings.CALLFABRIC_ALLOWED_SOURCES;
  if (set === undefined) return [...new Set(['127.0.0.0/8', '::1', ...switches.map((one) => one.host)])];
  return networksOf('CALLFABRIC_ALLOWED_SOURCES', set, faults);
}

function networksOf(setting: string, text: string, faults: string[]): string[] {
  const networks = listOf(text);
  for (const network of networks) {
    const [address = '', bits, more] = network.split('/');
    const widest = isIP(address) === 6 ? 128 : 32;
    const whole = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest);
    if (isIP(address) === 0 || !whole || more !== undefined)
      faults.push(
        `${setting} has the part '${network.slice(0, 80)}': write an IP address, or a network as 10.0.0.0/24`,
      );
  }
  return networks;
}

/** How browsers reach the API: who they say they are, and whether their cookies must go over https. */
export function browsersOf(settings: Settings, faults: string[]) {
  const origin = settings.CALLFABRIC_API_ORIGIN?.toLowerCase();
  const proxies = settings.CALLFABRIC_API_TRUSTED_PROXIES ?? '';
  const onLoopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(settings.CALLFABRIC_API_HOST);
  return {
    origin,
    secureCookies: origin === undefined ? !onLoopback : origin.startsWith('https:'),
    trustedProxies: networksOf('CALLFABRIC_API_TRUSTED_PROXIES', proxies, faults),
  };
}

/** `local`, `file:///folder` or `s3://bucket/prefix?region=…&endpoint=…`. */
export function storeOf(settings: Settings, faults: string[]): RecordingsStore {
  const text = settings.CALLFABRIC_RECORDINGS_STORE;
  const accessKeyId = settings.CALLFABRIC_RECORDINGS_S3_KEY_ID;
  const secretAccessKey = settings.CALLFABRIC_RECORDINGS_S3_SECRET;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    faults.push(
      'CALLFABRIC_RECORDINGS_S3_KEY_ID and CALLFABRIC_RECORDINGS_S3_SECRET belong together: set both or none',
    );
  if (text === 'local') return { kind: 'local' };
  if (text.startsWith('file:')) return folderOf(text, settings.CALLFABRIC_RECORDINGS_DIR, faults);
  const [, bucket, path = '', query = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(\/[^?]*)?(?:\?(.*))?$/.exec(text) ?? [];
  const parameters = new URLSearchParams(query);
  const endpoint = parameters.get('endpoint') ?? undefined;
  const region = parameters.get('region') ?? (endpoint === undefined ? undefined : 'us-east-1');
  const unknown = [...parameters.keys()].find((name) => name !== 'region' && name !== 'endpoint');
  const usable = endpoint === undefined || (/^https?:\/\/./.test(endpoint) && URL.canParse(endpoint));
  if (bucket === undefined || region === undefined || unknown !== undefined || !usable) {
    faults.push(
      "CALLFABRIC_RECORDINGS_STORE is not usable: write local, file:///folder, or s3://bucket/prefix?region=eu-central-1, with endpoint=https://host for a store that is not Amazon's",
    );
    return { kind: 'local' };
  }
  return {
    kind: 's3',
    bucket,
    prefix: path.replaceAll(/^\/+|\/+$/g, ''),
    region,
    endpoint,
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
  };
}

function folderOf(text: string, recordingsFolder: string, faults: string[]): RecordingsStore {
  const folder = folderIn(text);
  if (folder === undefined)
    faults.push(
      'CALLFABRIC_RECORDINGS_STORE is not usable: write the folder as file:///absolute/path, on any disk of this machine',
    );
  else if (folder === resolve(recordingsFolder))
    faults.push(
      'CALLFABRIC_RECORDINGS_STORE names the folder of CALLFABRIC_RECORDINGS_DIR: write local to keep recordings there',
    );
  else return { kind: 'folder', folder };
  return { kind: 'local' };
}

/** The absolute path of a `file:` URL without host, query or fragment, other than the root. */
function folderIn(text: string): string | undefined {
  if (!/^file:\/\/\/[^?#]+$/.test(text)) return undefined;
  try {
    const folder = resolve(fileURLToPath(text));
    return folder === '/' || folder.includes('\0') ? undefined : folder;
  } catch {
    return undefined;
  }
}
