import t from 'tap';
import { type Config, loadConfig } from '../../daemon/config.ts';
import { doctor, doctorText } from '../../daemon/doctor.ts';
import type { DoctorProbes } from '../../daemon/doctor-facts.ts';

const gibibyte = 1024 ** 3;

function config(env: Record<string, string> = {}): Config {
  const loaded = loadConfig({
    DATABASE_URL: 'postgres://callfabric:secret@127.0.0.1/callfabric',
    CALLFABRIC_API_KEY: 'k-0123456789abcdef',
    CALLFABRIC_FREESWITCH_PASSWORD: 'its-own',
    ...env,
  });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  return loaded.config;
}

const hook = '127.0.0.1:8084|10.0.0.2:8084 full';
const plain = { name: 'callfabric_login', superuser: false, ownsTables: false, lacks: [] as string[] };
const healthy = {
  node: '24.21.0',
  postgres: {
    versionNumber: 150_004,
    mayCreate: true,
    schemaFault: undefined,
    login: plain,
    unforced: [] as string[],
    skewMs: -3,
  },
  redis: { version: '7.2.4', role: 'master', appendOnly: true, snapshots: false, evictionPolicy: undefined },
  freeswitch: { version: '1.11.2-dev', apiExpansion: false, socketActions: [hook, hook], skewMs: 12 },
  folder: { exists: true, writable: true, freeBytes: 50 * gibibyte },
};
type Facts = typeof healthy;

function probesOf(change: { [Key in keyof Facts]?: Partial<Facts[Key]> | Error } = {}): DoctorProbes {
  const told = <Key extends keyof Facts>(key: Key): Promise<Facts[Key]> => {
    const changed = change[key];
    if (changed instanceof Error) return Promise.reject(changed);
    return Promise.resolve({ ...(healthy[key] as object), ...(changed as object) } as Facts[Key]);
  };
  return {
    nodeVersion: () => (typeof change.node === 'string' ? change.node : healthy.node),
    postgres: () => told('postgres'),
    redis: () => told('redis'),
    freeswitch: () => told('freeswitch'),
    folder: () => told('folder'),
  };
}

/** The checks that are not ok, and what to do about each. */
async function remedies(probes: DoctorProbes, of: Config = config()): Promise<Record<string, string>> {
  const { checks } = await doctor(of, { probes });
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, remedy }) => [name, remedy]));
}

async function faults(probes: DoctorProbes, of?: Config): Promise<string[]> {
  return Object.keys(await remedies(probes, of));
}

void t.test('a healthy installation has no fault and no advice', async (t) => {
  const { checks } = await doctor(config(), { probes: probesOf() });
  t.same(
    checks.map((check) => check.name),
    [
      'Node',
      'PostgreSQL version',
      'PostgreSQL privileges',
      'PostgreSQL schema',
      'PostgreSQL login',
      'PostgreSQL row-level security',
      'Clock of PostgreSQL',
      'Redis version',
      'Redis persistence',
      'FreeSWITCH local version',
      'FreeSWITCH local api-expansion',
      'FreeSWITCH local password',
      'FreeSWITCH local dialplan',
      'Clock of FreeSWITCH local',
      'Recordings folder',
      'Spool folder',
    ],
  );
  t.ok(checks.every((check) => check.ok && check.remedy === ''));
  t.match(doctorText({ checks }), /^ok {4} Node: 24\.21\.0\n[\s\S]*\nall is well\n$/);
});

void t.test('a folder that recordings are moved to is looked at too', async (t) => {
  const asked: string[] = [];
  const probes = probesOf();
  const of = config({ CALLFABRIC_RECORDINGS_STORE: 'file:///mnt/kept' });
  const folder: DoctorProbes['folder'] = (path) => {
    asked.push(path);
    return probes.folder(path);
  };
  const { checks } = await doctor(of, { probes: { ...probes, folder } });
  t.ok(asked.includes('/mnt/kept'));
  t.match(
    checks.find(({ name }) => name === 'Recordings store'),
    { ok: true, detail: /^\/mnt\/kept has 50\.0 GiB free/ },
  );
});

void t.test('each fault is found, alone, with its own advice', async (t) => {
  const upgrade = /upgrade to FreeSWITCH 1\.11\.2/;
  const expansion =
    /<param name="api-expansion" value="false"\/> in switch\.conf\.xml.*fsctl api_expansion off/;
  const hookMissing = /install dialplans\/callfabric\.xml.* port 8084 .*reloadxml/;
  const cases: [string, DoctorProbes, RegExp][] = [
    ['Node', probesOf({ node: '22.11.0' }), /install Node 24/],
    ['PostgreSQL version', probesOf({ postgres: { versionNumber: 140_011 } }), /upgrade to PostgreSQL 15/],
    [
      'PostgreSQL privileges',
      probesOf({ postgres: { mayCreate: false, login: { ...plain, ownsTables: true } } }),
      /GRANT CREATE, USAGE ON SCHEMA.*CALLFABRIC_MIGRATION_DATABASE_URL/,
    ],
    [
      'PostgreSQL login',
      probesOf({ postgres: { login: { ...plain, superuser: true, lacks: ['callfabric_api'] } } }),
      /GRANT callfabric_daemon, callfabric_api TO "callfabric_login";/,
    ],
    [
      'PostgreSQL row-level security',
      probesOf({ postgres: { unforced: ['cdr', 'call'] } }),
      /ALTER TABLE cdr ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; ALTER TABLE call /,
    ],
    ['PostgreSQL schema', probesOf({ postgres: { schemaFault: 'lacks it' as never } }), /callfabric migrate/],
    ['Clock of PostgreSQL', probesOf({ postgres: { skewMs: -1500 } }), /chrony/],
    ['PostgreSQL', probesOf({ postgres: new Error('No PostgreSQL listens') }), /start PostgreSQL/],
    ['Redis version', probesOf({ redis: { version: '6.2.14' } }), /upgrade to Redis 7/],
    ['Redis role', probesOf({ redis: { role: 'slave' } }), /REDIS_URL to the primary/],
    ['Redis memory', probesOf({ redis: { evictionPolicy: 'allkeys-lru' as never } }), /noeviction/],
    ['Redis', probesOf({ redis: new Error('connect ECONNREFUSED') }), /start Redis/],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: '1.10.12-release' } }), upgrade],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: '1.11.1' } }), upgrade],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: undefined as never } }), upgrade],
    ['FreeSWITCH local api-expansion', probesOf({ freeswitch: { apiExpansion: true } }), expansion],
    [
      'FreeSWITCH local api-expansion',
      probesOf({ freeswitch: { apiExpansion: undefined as never } }),
      expansion,
    ],
    ['FreeSWITCH local dialplan', probesOf({ freeswitch: { socketActions: [] } }), hookMissing],
    [
      'FreeSWITCH local dialplan',
      probesOf({ freeswitch: { socketActions: undefined as never } }),
      hookMissing,
    ],
    ['FreeSWITCH local dialplan', probesOf({ freeswitch: { socketActions: [hook] } }), hookMissing],
    [
      'FreeSWITCH local dialplan',
      probesOf({ freeswitch: { socketActions: [hook, '127.0.0.1:8084 async full'] } }),
      /take async out/,
    ],
    [
      'FreeSWITCH local dialplan',
      probesOf({ freeswitch: { socketActions: ['127.0.0.1:80840 full', '127.0.0.1:8085 full'] } }),
      hookMissing,
    ],
    ['Clock of FreeSWITCH local', probesOf({ freeswitch: { skewMs: 2000 } }), /chrony/],
    [
      'FreeSWITCH local',
      probesOf({ freeswitch: new Error('nothing listens at 127.0.0.1:8021') }),
      /mend this/,
    ],
  ];
  for (const [name, probes, advice] of cases) {
    const found = await remedies(probes);
    t.same(Object.keys(found), [name]);
    t.match(found[name], advice);
  }
  for (const [folder, advice] of [
    [{ exists: false }, /install -d/],
    [{ writable: false }, /chown callfabric/],
    [{ freeBytes: gibibyte / 2 }, /make room/],
  ] as const)
    t.match(await remedies(probesOf({ folder })), { 'Recordings folder': advice, 'Spool folder': advice });
});

void t.test('the well-known password is a fault even where it is allowed', async (t) => {
  const allowed = config({
    CALLFABRIC_FREESWITCH_PASSWORD: 'ClueCon',
    CALLFABRIC_ALLOW_DEFAULT_PASSWORD: 'yes',
  });
  const found = await remedies(probesOf(), allowed);
  t.same(Object.keys(found), ['FreeSWITCH local password']);
  t.match(
    found['FreeSWITCH local password'],
    /event_socket\.conf\.xml and in CALLFABRIC_FREESWITCH_PASSWORD/,
  );
});

void t.test('every FreeSWITCH is looked at, with the port the dialplan must name', async (t) => {
  const two = config({
    CALLFABRIC_FREESWITCH: 'a=10.0.0.1:8021,b=10.0.0.2:8021',
    CALLFABRIC_SOCKET_PORT: '9000',
  });
  t.same(await faults(probesOf({ freeswitch: { socketActions: ['x:9000 full', 'x:9000 full'] } }), two), []);
  t.same(await faults(probesOf(), two), ['FreeSWITCH a dialplan', 'FreeSWITCH b dialplan']);
});

void t.test('advice is no fault', async (t) => {
  const probes = probesOf({ redis: { appendOnly: false }, folder: { freeBytes: 5 * gibibyte } });
  t.same(await faults(probes), []);
  t.match(
    doctorText(await doctor(config(), { probes })),
    /^advice Redis persistence: .*\n {9}set appendonly yes/m,
  );
});

void t.test('a login that is more than the daemon needs is advised to be two', async (t) => {
  for (const [change, detail] of [
    [{ superuser: true }, /^callfabric_login is a superuser: /],
    [{ ownsTables: true }, /^callfabric_login owns the tables: /],
  ] as const) {
    const { checks } = await doctor(config(), {
      probes: probesOf({ postgres: { login: { ...plain, ...change } } }),
    });
    t.match(
      checks.find(({ name }) => name === 'PostgreSQL login'),
      { ok: true, detail, remedy: /CREATE ROLE .* GRANT callfabric_daemon, callfabric_api TO .*MIGRATION/ },
    );
  }
  const probes = probesOf({ postgres: { mayCreate: false } });
  t.same(await faults(probes), [], 'and a login of its own need not create tables');
  const unmigrated = { schemaFault: 'lacks it' as never, login: { ...plain, lacks: ['callfabric_api'] } };
  t.same(
    await faults(probesOf({ postgres: unmigrated })),
    ['PostgreSQL schema'],
    'migrations make the roles',
  );
});

void t.test('what never answers is a fault at the deadline, and is told to stop', async (t) => {
  let aborted = false;
  const hanging: DoctorProbes = {
    ...probesOf(),
    redis: (_url, signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    },
  };
  const { checks } = await doctor(config(), { probes: hanging, deadlineMs: 5 });
  t.match(
    checks.filter((check) => !check.ok),
    [{ name: 'Redis', detail: 'no answer within 5 ms', remedy: /REDIS_URL/ }],
  );
  t.ok(aborted);
  t.match(
    doctorText({ checks }),
    /FAULT {2}Redis: no answer within 5 ms\n {9}start Redis, or correct REDIS_URL\n[\s\S]*\n1 fault\n$/,
  );
});
