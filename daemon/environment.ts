import { Type } from 'typebox';
import { recordingsFolderPattern } from './telephony/media.ts';

/** Facts about a setting that no JSON schema keyword has. */
export interface SettingFacts {
  /** What the number counts, for people. */
  readonly unit?: string;
  /** Never shown, in no message. */
  readonly secret?: true;
  /** What to do where it is missing or wrong. */
  readonly remedy?: string;
  /** The example file shows this where there is no default. A secret's is refused as its value. */
  readonly example?: string;
  /** Section of the example file. */
  readonly group: string;
}

const Text = (
  description: string,
  of: SettingFacts & { default?: string; pattern?: string; minLength?: number },
) => Type.String({ description, ...of });
const Whole = (
  description: string,
  of: SettingFacts & { default: number; minimum: number; maximum: number },
) => Type.Integer({ description, ...of });
const YesNo = (description: string, of: SettingFacts & { default: boolean }) =>
  Type.Boolean({ description, ...of });
const Days = (description: string, days: number) =>
  Whole(description, { group: 'Retention', default: days, minimum: 0, maximum: 36_500, unit: 'days' });
const port = { minimum: 0, maximum: 65_535 };

/**
 * Every setting of the daemon: the whole of what it takes from its environment. `config.ts` reads it, the example file
 * and the docs list it, and a `CALLFABRIC_…` that is not here is refused.
 */
export const EnvironmentSchema = Type.Object({
  DATABASE_URL: Text('PostgreSQL 15 or newer, as postgres://user:password@host:port/database.', {
    group: 'PostgreSQL and Redis',
    secret: true,
    pattern: '^postgres(ql)?://.+',
    example: 'postgres://callfabric:secret@127.0.0.1:5432/callfabric',
    remedy: 'set it as postgres://user:password@host:5432/callfabric',
  }),
  CALLFABRIC_MIGRATION_DATABASE_URL: Type.Optional(
    Text(
      'The same database with the login that owns the tables, for `callfabric migrate` and `seed` alone: that of DATABASE_URL then needs to be no more than a member of callfabric_daemon and callfabric_api (README, Database). The daemon does not use it. Default: DATABASE_URL.',
      {
        group: 'PostgreSQL and Redis',
        secret: true,
        pattern: '^postgres(ql)?://.+',
        example: 'postgres://callfabric_owner:secret@127.0.0.1:5432/callfabric',
        remedy: 'set it as postgres://user:password@host:5432/callfabric',
      },
    ),
  ),
  REDIS_URL: Text('Redis 7 or newer (or Valkey), as redis://host:port or rediss://user:password@host:port.', {
    group: 'PostgreSQL and Redis',
    secret: true,
    pattern: '^rediss?://.+',
    default: 'redis://127.0.0.1:6379',
    remedy: 'set it as redis://host:6379',
  }),
  CALLFABRIC_SOCKET_HOST: Text("Address the daemon listens on for FreeSWITCH's event sockets.", {
    group: 'FreeSWITCH',
    default: '127.0.0.1',
    minLength: 1,
  }),
  CALLFABRIC_SOCKET_PORT: Whole("Port for FreeSWITCH's event sockets: the one the dialplan names.", {
    group: 'FreeSWITCH',
    default: 8084,
    ...port,
  }),
  CALLFABRIC_ALLOWED_SOURCES: Type.Optional(
    Text(
      'Addresses (IP, or network as 10.0.0.0/24) that may open event sockets, separated by commas. Default: loopback and the hosts of CALLFABRIC_FREESWITCH.',
      { group: 'FreeSWITCH', example: '127.0.0.1,::1,10.0.0.0/24' },
    ),
  ),
  CALLFABRIC_FREESWITCH: Text(
    "FreeSWITCH machines as name=host:port of their event sockets, separated by commas. The name stands in every call's record.",
    {
      group: 'FreeSWITCH',
      default: 'local=127.0.0.1:8021',
      remedy: 'write it as name=host:port,name=host:port',
    },
  ),
  CALLFABRIC_FREESWITCH_PASSWORD: Type.Optional(
    Text(
      'Event socket password of all FreeSWITCH machines. For one alone: CALLFABRIC_FREESWITCH_PASSWORD_<NAME>, the name in capitals, with _ for what is no letter or digit.',
      {
        group: 'FreeSWITCH',
        secret: true,
        example: 'change-me',
        remedy: 'make one with: openssl rand -hex 24, and give it to FreeSWITCH too (event_socket.conf.xml)',
      },
    ),
  ),
  CALLFABRIC_ALLOW_DEFAULT_PASSWORD: YesNo(
    "Takes FreeSWITCH's well-known default password (ClueCon). Whoever reaches the event socket can then run commands.",
    { group: 'FreeSWITCH', default: false },
  ),
  CALLFABRIC_SIP_PROFILE: Text("FreeSWITCH's SIP profile for calls to SIP URIs.", {
    group: 'FreeSWITCH',
    default: 'external',
    pattern: '^[A-Za-z0-9_.-]{1,64}$',
  }),
  CALLFABRIC_API_HOST: Text('Address the admin API listens on. Put TLS in front before you leave loopback.', {
    group: 'Admin API',
    default: '127.0.0.1',
    minLength: 1,
  }),
  CALLFABRIC_API_PORT: Whole('Port of the admin API.', { group: 'Admin API', default: 8080, ...port }),
  CALLFABRIC_API_KEY: Text(
    'Bearer key of the admin API, at least 16 characters. Without one the daemon does not start.',
    {
      group: 'Admin API',
      secret: true,
      minLength: 16,
      example: 'change-me-change-me',
      remedy: 'make one with: openssl rand -hex 24',
    },
  ),
  CALLFABRIC_API_ORIGIN: Type.Optional(
    Text(
      "Where browsers reach the admin API, as https://callfabric.example: no other site's page changes anything, and with https cookies go over https alone. Default: whatever host a browser names; cookies then go over http only while the API listens on loopback.",
      {
        group: 'Admin API',
        pattern: '^https?://[^/?#@]+$',
        example: 'https://callfabric.example',
        remedy: 'write scheme and host alone, as https://callfabric.example',
      },
    ),
  ),
  CALLFABRIC_API_TRUSTED_PROXIES: Type.Optional(
    Text(
      'Addresses (IP, or network as 10.0.0.0/24) of the proxies in front of the admin API, separated by commas: what they say in X-Forwarded-For is believed. Without it everybody behind a proxy is one address, which failed sign-ins slow down together.',
      { group: 'Admin API', example: '127.0.0.1,::1' },
    ),
  ),
  CALLFABRIC_METRICS_WITHOUT_KEY: YesNo('Lets Prometheus read /metrics without the key.', {
    group: 'Admin API',
    default: false,
  }),
  CALLFABRIC_PRIVATE_WEBHOOKS: YesNo('Lets webhooks go to loopback and private networks.', {
    group: 'Admin API',
    default: false,
  }),
  CALLFABRIC_CDR_SECRET: Type.Optional(
    Text(
      'Password with which mod_json_cdr posts to /freeswitch/cdr, at least 16 characters. Without one there is no such address, and a daemon that crashed cannot learn the end of its calls.',
      {
        group: 'Admin API',
        secret: true,
        minLength: 16,
        example: 'change-me-change-me',
        remedy: 'make one with: openssl rand -hex 24',
      },
    ),
  ),
  CALLFABRIC_MAX_CALLS: Whole('Live calls this daemon takes; more are refused with 503.', {
    group: 'Calls',
    default: 5000,
    minimum: 1,
    maximum: 100_000,
    unit: 'calls',
  }),
  CALLFABRIC_MAX_CALLS_PER_ADDRESS: Whole('Event sockets one address may have open.', {
    group: 'Calls',
    default: 5000,
    minimum: 1,
    maximum: 100_000,
    unit: 'sockets',
  }),
  CALLFABRIC_ROUTE_DEADLINE_MS: Whole(
    'How long a new call waits for PostgreSQL to tell its route; then it is refused, where no earlier route is known.',
    { group: 'Calls', default: 1000, minimum: 50, maximum: 10_000, unit: 'milliseconds' },
  ),
  CALLFABRIC_STEP_BUDGET: Whole('Nodes one call may visit before its flow counts as a runaway.', {
    group: 'Calls',
    default: 200,
    minimum: 1,
    maximum: 10_000,
    unit: 'nodes',
  }),
  CALLFABRIC_DEFAULT_COUNTRY: Text(
    'Country (ISO 3166, two letters) of numbers that come without a country code.',
    {
      group: 'Calls',
      default: 'US',
      pattern: '^[A-Z]{2}$',
      remedy: 'write two capital letters, such as US',
    },
  ),
  CALLFABRIC_DRAIN_SECONDS: Whole(
    'How long a stopping daemon waits for its calls. What is still bridged then goes on in FreeSWITCH; another daemon takes over. Keep TimeoutStopSec of the systemd unit larger.',
    { group: 'Calls', default: 600, minimum: 0, maximum: 86_400, unit: 'seconds' },
  ),
  CALLFABRIC_CAPS_WHEN_UNAVAILABLE: Type.Enum(['refuse', 'admit'], {
    description:
      'What happens to new calls while Redis is away: refuse them with 503, or admit them without caps.',
    default: 'refuse',
    group: 'Caps',
  }),
  CALLFABRIC_LEASE_SECONDS: Whole(
    "How long a cap's place is held without being renewed: after a crash it is free again this much later.",
    { group: 'Caps', default: 20, minimum: 5, maximum: 300, unit: 'seconds' },
  ),
  CALLFABRIC_CAPS_DEADLINE_MS: Whole(
    'How long a decision about a cap may take before Redis counts as away for it: a caller waits for it.',
    { group: 'Caps', default: 250, minimum: 20, maximum: 5_000, unit: 'milliseconds' },
  ),
  CALLFABRIC_RECORDINGS_DIR: Text(
    'Folder recordings are written to: the same path here and for FreeSWITCH.',
    {
      group: 'Records',
      default: '/var/lib/callfabric/recordings',
      pattern: recordingsFolderPattern,
      remedy:
        'write an absolute path of letters, digits and _ . @ + = - alone, which is what FreeSWITCH can be told to record to',
    },
  ),
  CALLFABRIC_RECORDINGS_STORE: Text(
    'Where verified recordings are kept: local (they stay in the folder), file:///absolute/path (they are moved to that folder, on any disk; several daemons need it shared, under one path), or s3://bucket/prefix?region=eu-central-1&endpoint=https://host for an S3-compatible store. Recordings whose retention is over are deleted there.',
    {
      group: 'Records',
      default: 'local',
      remedy:
        "write local, file:///absolute/path, or s3://bucket/prefix?region=…, with endpoint= for a store that is not Amazon's",
    },
  ),
  CALLFABRIC_RECORDINGS_S3_KEY_ID: Type.Optional(
    Text("Access key id of the S3 store. Without one the machine's own role is used.", {
      group: 'Records',
      example: 'AKIAEXAMPLE',
    }),
  ),
  CALLFABRIC_RECORDINGS_S3_SECRET: Type.Optional(
    Text('Secret of that access key.', {
      group: 'Records',
      secret: true,
      example: 'change-me',
      remedy: 'write the one that your store gave you with the key',
    }),
  ),
  CALLFABRIC_SPOOL_DIR: Text('Folder for call records while PostgreSQL is away.', {
    group: 'Records',
    default: '/var/lib/callfabric/spool',
    pattern: '^/.+',
    remedy: 'write an absolute path',
  }),
  CALLFABRIC_SPOOL_MAX_MB: Whole('How large that folder may grow; a call record is 5 to 20 KB.', {
    group: 'Records',
    default: 1024,
    minimum: 1,
    maximum: 1_048_576,
    unit: 'MB',
  }),
  CALLFABRIC_CDR_FALLBACK_DIR: Type.Optional(
    Text(
      "Folder where FreeSWITCH leaves the leg records that no daemon took (FREESWITCH_CDR_DIR, mod_json_cdr's log-dir), where this machine has it: they are taken in from there, and deleted once they are safe. What is no record of CallFabric's goes to its subfolder rejected.",
      {
        group: 'Records',
        pattern: '^/.+',
        example: '/var/lib/callfabric/cdrs',
        remedy: 'write an absolute path',
      },
    ),
  ),
  CALLFABRIC_KEEP_CDRS_DAYS: Days(
    'How long CDRs are kept (0: for ever). They are what a bill stands on. Here and below whole months go, once the last day of one is older.',
    0,
  ),
  CALLFABRIC_KEEP_TRACES_DAYS: Days('How long the visits of nodes are kept (0: for ever).', 90),
  CALLFABRIC_KEEP_EVENTS_DAYS: Days(
    'How long events are kept (0: for ever): so far back a webhook can be sent them again.',
    90,
  ),
  CALLFABRIC_KEEP_AUDIT_DAYS: Days('How long the audit log is kept (0: for ever).', 0),
  CALLFABRIC_LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    description: 'The least important line that is logged.',
    default: 'info',
    group: 'Log',
  }),
  CALLFABRIC_LOG_PRETTY: YesNo('Readable lines for a person instead of JSON.', {
    group: 'Log',
    default: false,
  }),
});
