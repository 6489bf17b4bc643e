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
const healthy = {
  node: '24.21.0',
  postgres: { versionNumber: 150_004, mayCreate: true, schemaFault: undefined, skewMs: -3 },
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

/** The names of the checks that are not ok. */
async function faults(probes: DoctorProbes, of: Config = config()): Promise<string[]> {
  const { checks } = await doctor(of, { probes });
  for (const check of checks) if (!check.ok) t.ok(check.remedy.length > 10, `${check.name} says what to do`);
  return checks.filter((check) => !check.ok).map((check) => check.name);
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

void t.test('each fault is found, alone', async (t) => {
  const cases: [string, DoctorProbes][] = [
    ['Node', probesOf({ node: '22.11.0' })],
    ['PostgreSQL version', probesOf({ postgres: { versionNumber: 140_011 } })],
    ['PostgreSQL privileges', probesOf({ postgres: { mayCreate: false } })],
    ['PostgreSQL schema', probesOf({ postgres: { schemaFault: 'lacks Migration1' as never } })],
    ['Clock of PostgreSQL', probesOf({ postgres: { skewMs: -1500 } })],
    ['PostgreSQL', probesOf({ postgres: new Error('No PostgreSQL listens at 127.0.0.1') })],
    ['Redis version', probesOf({ redis: { version: '6.2.14' } })],
    ['Redis role', probesOf({ redis: { role: 'slave' } })],
    ['Redis memory', probesOf({ redis: { evictionPolicy: 'allkeys-lru' as never } })],
    ['Redis', probesOf({ redis: new Error('connect ECONNREFUSED') })],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: '1.10.12-release' } })],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: '1.11.1' } })],
    ['FreeSWITCH local version', probesOf({ freeswitch: { version: undefined as never } })],
    ['FreeSWITCH local api-expansion', probesOf({ freeswitch: { apiExpansion: true } })],
    ['FreeSWITCH local api-expansion', probesOf({ freeswitch: { apiExpansion: undefined as never } })],
    ['FreeSWITCH local dialplan', probesOf({ freeswitch: { socketActions: [] } })],
    ['FreeSWITCH local dialplan', probesOf({ freeswitch: { socketActions: undefined as never } })],
    ['FreeSWITCH local dialplan', probesOf({ freeswitch: { socketActions: [hook] } })],
    [
      'FreeSWITCH local dialplan',
      probesOf({ freeswitch: { socketActions: [hook, '127.0.0.1:8084 async full'] } }),
    ],
    [
      'FreeSWITCH local dialplan',
      probesOf({ freeswitch: { socketActions: ['127.0.0.1:80840 full', '127.0.0.1:8085 full'] } }),
    ],
    ['Clock of FreeSWITCH local', probesOf({ freeswitch: { skewMs: 2000 } })],
    ['FreeSWITCH local', probesOf({ freeswitch: new Error('nothing listens at 127.0.0.1:8021') })],
  ];
  for (const [name, probes] of cases) t.same(await faults(probes), [name]);
  const both = ['Recordings folder', 'Spool folder'];
  for (const folder of [{ exists: false }, { writable: false }, { freeBytes: gibibyte / 2 }])
    t.same(await faults(probesOf({ folder })), both);
});

void t.test('the well-known password is a fault even where it is allowed', async (t) => {
  const allowed = config({
    CALLFABRIC_FREESWITCH_PASSWORD: 'ClueCon',
    CALLFABRIC_ALLOW_DEFAULT_PASSWORD: 'yes',
  });
  t.same(await faults(probesOf(), allowed), ['FreeSWITCH local password']);
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
