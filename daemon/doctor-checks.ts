import { grantRoles } from '../orm/database-fault.ts';
import { defaultPassword, type SwitchConfig } from './config-parts.ts';
import type { FolderFacts, PostgresFacts, RedisFacts, SwitchFacts } from './doctor-facts.ts';

/** One thing that was looked at. `remedy` is '' where all is well; with `ok` true it is advice, not a fault. */
export interface DoctorCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly remedy: string;
}

const well = (name: string, detail: string): DoctorCheck => ({ name, ok: true, detail, remedy: '' });
const advice = (name: string, detail: string, remedy: string): DoctorCheck => ({
  name,
  ok: true,
  detail,
  remedy,
});
const fault = (name: string, detail: string, remedy: string): DoctorCheck => ({
  name,
  ok: false,
  detail,
  remedy,
});

/** Leases, billing and traces are compared over machines: more than this and their order is guesswork. */
const mostSkewMs = 1000;
const gibibyte = 1024 ** 3;

export function checkNode(version: string): DoctorCheck {
  const name = 'Node';
  return Number(version.split('.')[0]) >= 24
    ? well(name, version)
    : fault(name, `${version} is too old`, "install Node 24 or newer, or run 'npm ci', which brings one");
}

export function checkPostgres(facts: PostgresFacts): DoctorCheck[] {
  const version = `${Math.trunc(facts.versionNumber / 10_000)}.${facts.versionNumber % 10_000}`;
  return [
    facts.versionNumber >= 150_000
      ? well('PostgreSQL version', version)
      : fault('PostgreSQL version', `${version} is too old`, 'upgrade to PostgreSQL 15 or newer'),
    checkCreating(facts),
    facts.schemaFault === undefined
      ? well('PostgreSQL schema', 'all migrations are applied')
      : fault('PostgreSQL schema', facts.schemaFault, 'run: callfabric migrate'),
    // Migrations make the roles, and force the security: where they are missing, that is all there is to say.
    ...(facts.schemaFault === undefined ? [checkLogin(facts.login), checkForced(facts.unforced)] : []),
    checkClock('PostgreSQL', facts.skewMs),
  ];
}

/** Only whoever owns the tables migrates: a login of the daemon's own needs to create nothing. */
function checkCreating({ mayCreate, schemaFault, login }: PostgresFacts): DoctorCheck {
  const name = 'PostgreSQL privileges';
  if (mayCreate) return well(name, 'may create tables in schema public');
  if (schemaFault === undefined && !login.ownsTables)
    return well(name, 'creates no tables: migrations are applied with a login of their own');
  return fault(
    name,
    'may not create tables in schema public, so migrations cannot run',
    "as the database's owner run: GRANT CREATE, USAGE ON SCHEMA public TO <the user of DATABASE_URL>; or give migrations a login of their own: CALLFABRIC_MIGRATION_DATABASE_URL",
  );
}

function checkLogin({ name: login, superuser, ownsTables, lacks }: PostgresFacts['login']): DoctorCheck {
  const name = 'PostgreSQL login';
  if (lacks.length > 0)
    return fault(
      name,
      `${login} is no member of ${lacks.join(' and ')}`,
      `as an administrator run: ${grantRoles(login)}`,
    );
  if (superuser || ownsTables)
    return advice(
      name,
      `${login} ${superuser ? 'is a superuser' : 'owns the tables'}: whoever has its password is bound by no row-level security`,
      `give the daemon a login of its own: CREATE ROLE callfabric_login LOGIN PASSWORD '…'; ${grantRoles('callfabric_login')} and keep this one as CALLFABRIC_MIGRATION_DATABASE_URL`,
    );
  return well(name, `${login} may do what the daemon does and no more`);
}

function checkForced(unforced: readonly string[]): DoctorCheck {
  const name = 'PostgreSQL row-level security';
  if (unforced.length === 0) return well(name, 'is forced on every table');
  const statements = unforced.map(
    (table) => `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`,
  );
  return fault(
    name,
    `is not forced on ${unforced.join(', ')}`,
    `as the owner of the tables run: ${statements.join(' ')}`,
  );
}

export function checkRedis(facts: RedisFacts): DoctorCheck[] {
  const checks = [
    Number(facts.version.split('.')[0]) >= 7
      ? well('Redis version', facts.version)
      : fault('Redis version', `${facts.version} is too old`, 'upgrade to Redis 7 or newer, or to Valkey'),
    facts.appendOnly || facts.snapshots
      ? well('Redis persistence', facts.appendOnly ? 'appendonly is on' : 'snapshots are on')
      : advice(
          'Redis persistence',
          'nothing is kept on disk: after a restart running daemons restore their leases, places in queues are lost',
          'set appendonly yes in redis.conf',
        ),
  ];
  if (facts.role !== 'master')
    checks.push(
      fault('Redis role', `is a ${facts.role}`, 'point REDIS_URL to the primary: leases must be written'),
    );
  if (facts.evictionPolicy !== undefined && facts.evictionPolicy !== 'noeviction')
    checks.push(
      fault(
        'Redis memory',
        `maxmemory-policy ${facts.evictionPolicy} throws leases away when memory is short`,
        'set maxmemory-policy noeviction in redis.conf',
      ),
    );
  return checks;
}

/** `socketPort`: where this daemon listens for event sockets; the dialplan must name it. */
export function checkSwitch(node: SwitchConfig, facts: SwitchFacts, socketPort: number): DoctorCheck[] {
  const subject = `FreeSWITCH ${node.name}`;
  return [
    checkSwitchVersion(`${subject} version`, facts.version),
    checkApiExpansion(`${subject} api-expansion`, facts.apiExpansion),
    node.password === defaultPassword
      ? fault(
          `${subject} password`,
          `is ${defaultPassword}, which everybody knows`,
          'set another one in event_socket.conf.xml and in CALLFABRIC_FREESWITCH_PASSWORD',
        )
      : well(`${subject} password`, 'is one of its own'),
    checkHook(`${subject} dialplan`, facts.socketActions, socketPort),
    facts.skewMs === undefined
      ? advice(
          `Clock of ${subject}`,
          'could not be asked',
          'see that chrony or systemd-timesyncd runs on that machine',
        )
      : checkClock(subject, facts.skewMs),
  ];
}

function checkSwitchVersion(name: string, version: string | undefined): DoctorCheck {
  const remedy = 'upgrade to FreeSWITCH 1.11.2 or newer (older ones have no interface allowlist)';
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (version === undefined || major === undefined) return fault(name, 'could not be asked', remedy);
  const number = Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch);
  return number >= 1_011_002 ? well(name, version) : fault(name, `${version} is too old`, remedy);
}

function checkApiExpansion(name: string, on: boolean | undefined): DoctorCheck {
  if (on === false) return well(name, 'off');
  return fault(
    name,
    on === undefined ? 'could not be asked' : 'on: text from callers such as ${system(…)} could run commands',
    'set <param name="api-expansion" value="false"/> in switch.conf.xml; until the restart: fs_cli -x \'fsctl api_expansion off\'',
  );
}

function checkHook(name: string, actions: readonly string[] | undefined, port: number): DoctorCheck {
  const remedy = `install dialplans/callfabric.xml, with callfabric_daemons naming port ${port} of this machine, and run reloadxml (see freeswitch-conf/README.md)`;
  if (actions === undefined) return fault(name, 'could not be read', remedy);
  const ours = actions.filter((action) => new RegExp(`:${port}(?!\\d)`).test(action));
  if (ours.length === 0) return fault(name, `no socket action leads to port ${port}`, remedy);
  if (ours.some((action) => /\basync\b/.test(action)))
    return fault(
      name,
      'a socket action says async',
      `take async out of it: CallFabric speaks synchronous sockets; ${remedy}`,
    );
  return ours.length >= 2
    ? well(name, `${ours.length} socket actions lead here`)
    : fault(name, 'only one socket action leads here: no daemon could take a call over', remedy);
}

function checkClock(subject: string, skewMs: number): DoctorCheck {
  const name = `Clock of ${subject}`;
  const off = `${Math.abs(Math.round(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead of'} ours`;
  return Math.abs(skewMs) <= mostSkewMs
    ? well(name, off)
    : fault(name, off, 'run chrony or systemd-timesyncd on both machines');
}

/** `setting` names the folder's setting in the remedy. */
export function checkFolder(name: string, path: string, setting: string, facts: FolderFacts): DoctorCheck {
  if (!facts.exists)
    return fault(
      name,
      `${path} does not exist`,
      `make it, or correct ${setting}: install -d -o callfabric ${path}`,
    );
  if (!facts.writable)
    return fault(name, `${path} is not writable`, `let this user write there: chown callfabric ${path}`);
  const free = `${path} has ${(facts.freeBytes / gibibyte).toFixed(1)} GiB free`;
  if (facts.freeBytes < gibibyte)
    return fault(name, free, 'make room: below 1 GiB calls may lose what should be written');
  if (facts.freeBytes < 10 * gibibyte)
    return advice(name, free, 'make room soon: an hour of stereo recording is 115 MB');
  return well(name, free);
}

/** Where something could not be looked at at all: `why` is a sentence that says what to do. */
export function unseen(name: string, why: string, remedy: string): DoctorCheck {
  return fault(name, why, remedy);
}
