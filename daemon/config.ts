import { type CountryCode, isSupportedCountry } from 'libphonenumber-js/min';
import {
  browsersOf,
  type RecordingsStore,
  type SwitchConfig,
  sourcesOf,
  storeOf,
  switchesOf,
} from './config-parts.ts';
import { type Environment, readSettings, type Settings } from './read-settings.ts';

export type { RecordingsStore, SwitchConfig } from './config-parts.ts';

/** What the daemon was told, read once at its start. */
export interface Config {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly socket: {
    readonly host: string;
    readonly port: number;
    /** IP addresses, networks (`10.0.0.0/24`) and, from CALLFABRIC_FREESWITCH, host names. */
    readonly allowedSources: readonly string[];
    readonly maxPerAddress: number;
  };
  readonly switches: readonly SwitchConfig[];
  readonly allowDefaultPassword: boolean;
  readonly sipProfile: string;
  readonly api: {
    readonly host: string;
    readonly port: number;
    readonly key: string;
    readonly cdrSecret: string | undefined;
    readonly metricsWithoutKey: boolean;
    readonly privateWebhooks: boolean;
    readonly origin: string | undefined;
    readonly secureCookies: boolean;
    readonly trustedProxies: readonly string[];
  };
  readonly maxCalls: number;
  readonly routeDeadlineMs: number;
  readonly stepBudget: number;
  readonly defaultCountry: CountryCode;
  readonly drainMs: number;
  readonly caps: {
    readonly whenUnavailable: 'refuse' | 'admit';
    readonly leaseMs: number;
    readonly deadlineMs: number;
  };
  readonly recordings: { readonly folder: string; readonly store: RecordingsStore };
  readonly spool: { readonly folder: string; readonly maxBytes: number };
  /** mod_json_cdr's folder on this machine; undefined: nobody looks there. */
  readonly cdrFallbackFolder: string | undefined;
  /** Days; 0 is for ever. */
  readonly keepDays: {
    readonly cdr: number;
    readonly call_trace: number;
    readonly event: number;
    readonly audit_log: number;
  };
  readonly log: { readonly level: string; readonly pretty: boolean };
  /** Where systemd wants to be told (Type=notify), and how often at least (WatchdogSec); undefined without it. */
  readonly systemd: { readonly notifySocket: string; readonly watchdogMs: number | undefined } | undefined;
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: Config }
  /** One sentence each, with what to do; no secret in any. */
  | { readonly ok: false; readonly faults: readonly string[] };

/** Reads the environment; all faults at once. Exit code 78 (EX_CONFIG) is the caller's business. */
export function loadConfig(env: Environment = process.env): LoadedConfig {
  const { values, faults } = readSettings(env);
  const config = configOf(values, env, faults);
  return faults.length === 0 ? { ok: true, config } : { ok: false, faults };
}

/** The setting that names the database as whoever owns its tables. */
export function ownersDatabaseSetting(env: Environment = process.env): string {
  const own = 'CALLFABRIC_MIGRATION_DATABASE_URL';
  return (env[own]?.trim() ?? '') === '' ? 'DATABASE_URL' : own;
}

/** The database as whoever owns its tables: for what changes or fills it. Undefined where neither setting is there. */
export function ownersDatabaseUrl(env: Environment = process.env): string | undefined {
  const url = env[ownersDatabaseSetting(env)]?.trim() ?? '';
  return url === '' ? undefined : url;
}

function configOf(values: Settings, env: Environment, faults: string[]): Config {
  for (const name of ['DATABASE_URL', 'CALLFABRIC_MIGRATION_DATABASE_URL', 'REDIS_URL'] as const)
    if (values[name] !== undefined && !URL.canParse(values[name]))
      faults.push(
        `${name} cannot be read: write what is special in user and password percent-encoded (@ is %40)`,
      );
  const switches = switchesOf(values, env, faults);
  const country = values.CALLFABRIC_DEFAULT_COUNTRY;
  const known = isSupportedCountry(country);
  if (!known)
    faults.push(
      `CALLFABRIC_DEFAULT_COUNTRY=${country} is no country: write two letters of ISO 3166, such as US`,
    );
  return {
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    socket: {
      host: values.CALLFABRIC_SOCKET_HOST,
      port: values.CALLFABRIC_SOCKET_PORT,
      allowedSources: sourcesOf(values, switches, faults),
      maxPerAddress: values.CALLFABRIC_MAX_CALLS_PER_ADDRESS,
    },
    switches,
    allowDefaultPassword: values.CALLFABRIC_ALLOW_DEFAULT_PASSWORD,
    sipProfile: values.CALLFABRIC_SIP_PROFILE,
    api: {
      host: values.CALLFABRIC_API_HOST,
      port: values.CALLFABRIC_API_PORT,
      key: values.CALLFABRIC_API_KEY,
      cdrSecret: values.CALLFABRIC_CDR_SECRET,
      metricsWithoutKey: values.CALLFABRIC_METRICS_WITHOUT_KEY,
      privateWebhooks: values.CALLFABRIC_PRIVATE_WEBHOOKS,
      ...browsersOf(values, faults),
    },
    maxCalls: values.CALLFABRIC_MAX_CALLS,
    routeDeadlineMs: values.CALLFABRIC_ROUTE_DEADLINE_MS,
    stepBudget: values.CALLFABRIC_STEP_BUDGET,
    defaultCountry: known ? country : 'US',
    drainMs: values.CALLFABRIC_DRAIN_SECONDS * 1000,
    caps: {
      whenUnavailable: values.CALLFABRIC_CAPS_WHEN_UNAVAILABLE,
      leaseMs: values.CALLFABRIC_LEASE_SECONDS * 1000,
      deadlineMs: values.CALLFABRIC_CAPS_DEADLINE_MS,
    },
    recordings: { folder: values.CALLFABRIC_RECORDINGS_DIR, store: storeOf(values, faults) },
    spool: { folder: values.CALLFABRIC_SPOOL_DIR, maxBytes: values.CALLFABRIC_SPOOL_MAX_MB * 1024 * 1024 },
    cdrFallbackFolder: values.CALLFABRIC_CDR_FALLBACK_DIR,
    keepDays: {
      cdr: values.CALLFABRIC_KEEP_CDRS_DAYS,
      call_trace: values.CALLFABRIC_KEEP_TRACES_DAYS,
      event: values.CALLFABRIC_KEEP_EVENTS_DAYS,
      audit_log: values.CALLFABRIC_KEEP_AUDIT_DAYS,
    },
    log: { level: values.CALLFABRIC_LOG_LEVEL, pretty: values.CALLFABRIC_LOG_PRETTY },
    systemd: systemdOf(env),
  };
}

/** systemd's own variables (sd_notify(3), sd_watchdog_enabled(3)). */
function systemdOf(env: Environment): Config['systemd'] {
  const notifySocket = env['NOTIFY_SOCKET'] ?? '';
  if (notifySocket === '') return undefined;
  const microseconds = Number(env['WATCHDOG_USEC']);
  return { notifySocket, watchdogMs: microseconds > 0 ? microseconds / 1000 : undefined };
}
