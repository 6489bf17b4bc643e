import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import t from 'tap';
import { loadConfig, ownersDatabaseSetting, ownersDatabaseUrl } from '../../daemon/config.ts';
import { EnvironmentSchema } from '../../daemon/environment.ts';
import { startRecording } from '../../daemon/esl/channel-command.ts';
import { settings } from '../../daemon/read-settings.ts';
import { newId } from '../../daemon/telephony/ids.ts';
import { exampleEnvironment, exampleFile } from '../../ops/example-environment.ts';

const least = {
  DATABASE_URL: 'postgres://callfabric:p%40ss@db.example:5433/callfabric',
  CALLFABRIC_API_KEY: 'k-0123456789abcdef',
  CALLFABRIC_FREESWITCH_PASSWORD: 'esl-password',
};

function faultsOf(env: Record<string, string>): readonly string[] {
  const loaded = loadConfig(env);
  return loaded.ok ? [] : loaded.faults;
}

void t.test('three settings are enough, the rest has defaults', async (t) => {
  const loaded = loadConfig({ ...least, PATH: '/usr/bin' });
  t.match(loaded, {
    ok: true,
    config: {
      databaseUrl: least.DATABASE_URL,
      redisUrl: 'redis://127.0.0.1:6379',
      socket: {
        host: '127.0.0.1',
        port: 8084,
        allowedSources: ['127.0.0.0/8', '::1', '127.0.0.1'],
        maxPerAddress: 5000,
      },
      switches: [{ name: 'local', host: '127.0.0.1', port: 8021, password: 'esl-password' }],
      sipProfile: 'external',
      api: {
        host: '127.0.0.1',
        port: 8080,
        key: least.CALLFABRIC_API_KEY,
        cdrSecret: undefined,
        metricsWithoutKey: false,
        origin: undefined,
        secureCookies: false,
        trustedProxies: [],
      },
      maxCalls: 5000,
      stepBudget: 200,
      defaultCountry: 'US',
      drainMs: 600_000,
      caps: { whenUnavailable: 'refuse', leaseMs: 20_000 },
      recordings: { folder: '/var/lib/callfabric/recordings', store: { kind: 'local' } },
      spool: { folder: '/var/lib/callfabric/spool', maxBytes: 1024 ** 3 },
      cdrFallbackFolder: undefined,
      keepDays: { cdr: 0, call_trace: 90, event: 90, audit_log: 0 },
      log: { level: 'info', pretty: false },
      systemd: undefined,
    },
  });
});

void t.test('every fault is told at once, each with what to do', async (t) => {
  const faults = faultsOf({
    DATABASE_URL: 'mysql://root:hunter2@db/x',
    CALLFABRIC_API_KEY: 'hunter2',
    CALLFABRIC_API_PORT: '80a',
    CALLFABRIC_SOCKET_PORT: '70000',
    CALLFABRIC_LOG_LEVEL: 'loud',
    CALLFABRIC_LOG_PRETTY: 'perhaps',
    CALLFABRIC_DEFAULT_COUNTRY: 'XX',
    CALLFABRIC_SPOOL_DIR: 'spool',
    CALLFABRIC_FREESWITCH: 'a=10.0.0.1:8021,b=10.0.0.2',
    CALLFABRIC_FREESWITCH_PASSWORD_C: 'hunter2',
    CALLFABRIC_ALLOWED_SOURCES: '10.0.0.0/33,carrier.example',
    CALLFABRIC_RECORDINGS_STORE: 's3://bucket',
    CALLFABRIC_RECORDINGS_S3_KEY_ID: 'AKIA',
    CALLFABRIC_DRAIN_SECOND: '5',
  });
  for (const expected of [
    /^DATABASE_URL is not usable: set it as postgres:/,
    /^CALLFABRIC_API_KEY needs at least 16 characters: make one with: openssl/,
    /^CALLFABRIC_API_PORT=80a must be a whole number from 0 to 65535$/,
    /^CALLFABRIC_SOCKET_PORT=70000 must be a whole number/,
    /^CALLFABRIC_LOG_LEVEL=loud must be one of fatal, error/,
    /^CALLFABRIC_LOG_PRETTY=perhaps must be yes or no$/,
    /^CALLFABRIC_DEFAULT_COUNTRY=XX is no country/,
    /^CALLFABRIC_SPOOL_DIR=spool is not usable: write an absolute path$/,
    /^CALLFABRIC_FREESWITCH has the part 'b=10\.0\.0\.2': write it as name=host:port/,
    /^FreeSWITCH a has no password: set CALLFABRIC_FREESWITCH_PASSWORD \(or CALLFABRIC_FREESWITCH_PASSWORD_A\)/,
    /^CALLFABRIC_FREESWITCH_PASSWORD_C is for no machine/,
    /^CALLFABRIC_ALLOWED_SOURCES has the part '10\.0\.0\.0\/33'/,
    /^CALLFABRIC_ALLOWED_SOURCES has the part 'carrier\.example'/,
    /^CALLFABRIC_RECORDINGS_STORE is not usable/,
    /^CALLFABRIC_RECORDINGS_S3_KEY_ID and CALLFABRIC_RECORDINGS_S3_SECRET belong together/,
    /^CALLFABRIC_DRAIN_SECOND is no setting of this version: .*did you mean CALLFABRIC_DRAIN_SECONDS\?/,
  ])
    t.equal(faults.filter((fault) => expected.test(fault)).length, 1, String(expected));
  t.equal(faults.length, 16);
  t.notMatch(faults.join('\n'), /hunter2/, 'no secret is shown');
});

void t.test('what is missing is asked for, and an empty value counts as missing', async (t) => {
  t.match(faultsOf({}), [
    /^DATABASE_URL is not set: set it as/,
    /^CALLFABRIC_API_KEY is not set: make one/,
    /^FreeSWITCH local has no password/,
  ]);
  t.match(faultsOf({ ...least, DATABASE_URL: ' ' }), [/^DATABASE_URL is not set/]);
  t.match(loadConfig({ ...least, CALLFABRIC_API_PORT: '' }), { ok: true, config: { api: { port: 8080 } } });
});

void t.test('migrations may have a login of their own, which the daemon does not use', async (t) => {
  const owner = 'postgres://owner:hunter2@db.example/callfabric';
  t.equal(ownersDatabaseUrl({ ...least, CALLFABRIC_MIGRATION_DATABASE_URL: owner }), owner);
  t.equal(ownersDatabaseUrl({ ...least, CALLFABRIC_MIGRATION_DATABASE_URL: ' ' }), least.DATABASE_URL);
  t.equal(ownersDatabaseUrl({ DATABASE_URL: '' }), undefined);
  t.equal(
    ownersDatabaseSetting({ CALLFABRIC_MIGRATION_DATABASE_URL: owner }),
    'CALLFABRIC_MIGRATION_DATABASE_URL',
  );
  t.equal(ownersDatabaseSetting({ ...least, CALLFABRIC_MIGRATION_DATABASE_URL: ' ' }), 'DATABASE_URL');
  const loaded = loadConfig({ ...least, CALLFABRIC_MIGRATION_DATABASE_URL: owner });
  t.match(loaded, { ok: true, config: { databaseUrl: least.DATABASE_URL } });
  t.notMatch(JSON.stringify(loaded), 'hunter2');
  for (const [wrong, fault] of [
    ['mysql://root:hunter2@db/x', /^CALLFABRIC_MIGRATION_DATABASE_URL is not usable: set it as postgres:/],
    ['postgres://a:b@c@[d/x', /^CALLFABRIC_MIGRATION_DATABASE_URL cannot be read: .*percent-encoded/],
  ] as const)
    t.match(faultsOf({ ...least, CALLFABRIC_MIGRATION_DATABASE_URL: wrong }), [fault]);
});

void t.test('several FreeSWITCHes have their own passwords or share one', async (t) => {
  const env = {
    ...least,
    CALLFABRIC_FREESWITCH: 'fra-1=fs1.example:8021, six=[2001:db8::1]:8022',
    CALLFABRIC_FREESWITCH_PASSWORD_FRA_1: 'its-own',
  };
  t.match(loadConfig(env), {
    ok: true,
    config: {
      switches: [
        { name: 'fra-1', host: 'fs1.example', port: 8021, password: 'its-own' },
        { name: 'six', host: '2001:db8::1', port: 8022, password: 'esl-password' },
      ],
      socket: { allowedSources: ['127.0.0.0/8', '::1', 'fs1.example', '2001:db8::1'] },
    },
  });
  t.match(faultsOf({ ...least, CALLFABRIC_FREESWITCH: 'a-1=h:1,a.1=h:2' }), [
    /a-1 and a\.1, which are one name/,
  ]);
  t.match(faultsOf({ ...least, CALLFABRIC_FREESWITCH: ',' }), [/names no machine/]);
});

void t.test(
  'cookies go over https alone, unless the API is on loopback or said to be plain http',
  async (t) => {
    const secure = (more: object): unknown => {
      const loaded = loadConfig({ ...least, ...more });
      return loaded.ok && loaded.config.api.secureCookies;
    };
    t.equal(secure({}), false);
    for (const host of ['localhost', '::1', '127.0.0.2'])
      t.equal(secure({ CALLFABRIC_API_HOST: host }), false, host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.example'])
      t.equal(secure({ CALLFABRIC_API_HOST: host }), true, host);
    t.equal(secure({ CALLFABRIC_API_ORIGIN: 'https://cf.example' }), true);
    t.equal(secure({ CALLFABRIC_API_HOST: '0.0.0.0', CALLFABRIC_API_ORIGIN: 'http://cf.example' }), false);
    t.match(
      loadConfig({
        ...least,
        CALLFABRIC_API_ORIGIN: 'https://CF.example:8443',
        CALLFABRIC_API_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8',
      }),
      {
        config: { api: { origin: 'https://cf.example:8443', trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } },
      },
    );
    t.match(faultsOf({ ...least, CALLFABRIC_API_ORIGIN: 'https://cf.example/app' }), [
      /CALLFABRIC_API_ORIGIN/,
    ]);
    t.match(faultsOf({ ...least, CALLFABRIC_API_TRUSTED_PROXIES: 'proxy' }), [
      /TRUSTED_PROXIES has the part 'proxy'/,
    ]);
  },
);

void t.test('the password everybody knows is refused unless it is allowed', async (t) => {
  const env = { ...least, CALLFABRIC_FREESWITCH_PASSWORD: 'ClueCon' };
  t.match(faultsOf(env), [/^FreeSWITCH local has the default password ClueCon: give it one of its own/]);
  t.match(loadConfig({ ...env, CALLFABRIC_ALLOW_DEFAULT_PASSWORD: 'yes' }), {
    ok: true,
    config: { allowDefaultPassword: true },
  });
});

void t.test('recordings may go to an S3-compatible store', async (t) => {
  const env = {
    ...least,
    CALLFABRIC_RECORDINGS_STORE: 's3://calls/eu/west/?endpoint=https%3A%2F%2Fminio.example%3A9000',
    CALLFABRIC_RECORDINGS_S3_KEY_ID: 'AKIA',
    CALLFABRIC_RECORDINGS_S3_SECRET: 'secret',
  };
  const store = {
    kind: 's3',
    bucket: 'calls',
    prefix: 'eu/west',
    region: 'us-east-1',
    endpoint: 'https://minio.example:9000',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
  };
  t.match(loadConfig(env), { ok: true, config: { recordings: { store } } });
  const own = { ...least, CALLFABRIC_RECORDINGS_STORE: 's3://calls?region=eu-central-1' };
  t.match(loadConfig(own), {
    config: {
      recordings: {
        store: { prefix: '', region: 'eu-central-1', endpoint: undefined, credentials: undefined },
      },
    },
  });
  for (const text of [
    's3://calls?region=x&colour=red',
    's3://calls?endpoint=minio',
    's3://?region=x',
    'gs://calls',
    '/var/x',
  ])
    t.equal(faultsOf({ ...least, CALLFABRIC_RECORDINGS_STORE: text }).length, 1, text);
});

void t.test('recordings may go to another folder', async (t) => {
  const storeIs = (text: string, folder: string) =>
    t.match(loadConfig({ ...least, CALLFABRIC_RECORDINGS_STORE: text }), {
      ok: true,
      config: { recordings: { store: { kind: 'folder', folder } } },
    });
  storeIs('file:///mnt/kept', '/mnt/kept');
  storeIs('file:///mnt/kept%20calls/', '/mnt/kept calls');
  for (const text of [
    'file://mnt/kept',
    'file:/mnt',
    'file:///',
    'file:///a?b',
    'file:///a%2Fb',
    'file:///%',
  ])
    t.match(faultsOf({ ...least, CALLFABRIC_RECORDINGS_STORE: text }), [/file:\/\/\/absolute\/path/], text);
  const same = {
    CALLFABRIC_RECORDINGS_DIR: '/srv/calls/',
    CALLFABRIC_RECORDINGS_STORE: 'file:///srv/calls',
  };
  t.match(faultsOf({ ...least, ...same }), [/write local/]);
});

void t.test('a folder FreeSWITCH cannot be told to record to is refused', async (t) => {
  for (const folder of ['/srv/call recordings', '/srv/../etc', 'recordings', '/', '/srv//calls', "/srv/a'b"])
    t.equal(faultsOf({ ...least, CALLFABRIC_RECORDINGS_DIR: folder }).length, 1, folder);
  for (const folder of ['/var/lib/callfabric/recordings', '/srv/calls/', '/mnt/a_b.c@d+e=f-g']) {
    t.same(faultsOf({ ...least, CALLFABRIC_RECORDINGS_DIR: folder }), [], folder);
    const path = posix.join(folder, newId<'TenantId'>(), '2026/06/15', `${newId<'CallId'>()}-1.wav`);
    t.doesNotThrow(() => startRecording(path), path);
  }
});

void t.test('systemd is told where and how often it asks', async (t) => {
  const env = { ...least, NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };
  t.match(loadConfig(env), {
    config: { systemd: { notifySocket: '/run/systemd/notify', watchdogMs: 30_000 } },
  });
  t.match(loadConfig({ ...env, WATCHDOG_USEC: '' }), { config: { systemd: { watchdogMs: undefined } } });
});

void t.test('the example file is the schema, setting by setting', async (t) => {
  const text = readFileSync(exampleFile, 'utf8');
  const named = Array.from(text.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm), (match) => match[1]);
  t.same(named, [...Object.keys(EnvironmentSchema.properties), 'POSTGRES_PASSWORD']);
  t.equal(text, exampleEnvironment(), 'run: node ops/example-environment.ts');
  for (const [name, schema] of settings) t.ok(schema.description.length > 20 && schema.group !== '', name);
});

/** The example file with every setting in force. */
function exampleSettings(): Record<string, string> {
  const text = readFileSync(exampleFile, 'utf8');
  return Object.fromEntries(Array.from(text.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)).map((m) => m.slice(1)));
}
const secrets = [...settings]
  .filter(([, { secret, example }]) => secret === true && example !== undefined)
  .map(([name, { example }]) => [name, `my-own-${example}`] as const);

void t.test('the example file is a configuration that loads once its secrets are set', async (t) => {
  const own = {
    ...Object.fromEntries(secrets),
    DATABASE_URL: least.DATABASE_URL,
    CALLFABRIC_MIGRATION_DATABASE_URL: least.DATABASE_URL,
  };
  t.same(faultsOf({ ...exampleSettings(), ...own }), []);
});

void t.test('a secret of the example file is refused, each with how to make one', async (t) => {
  const faults = faultsOf({ ...exampleSettings(), CALLFABRIC_LOG_LEVEL: 'loud' });
  t.ok(secrets.length >= 5);
  for (const [name] of secrets)
    t.equal(
      faults.filter((fault) => fault.startsWith(`${name} still has the value of the example`)).length,
      1,
    );
  t.equal(
    faults.length,
    secrets.length + 1,
    'beside all other faults, and no second one about the same setting',
  );
  for (const name of ['CALLFABRIC_API_KEY', 'CALLFABRIC_CDR_SECRET', 'CALLFABRIC_FREESWITCH_PASSWORD'])
    t.match(
      faults.find((fault) => fault.startsWith(`${name} `)),
      /: make one with: openssl rand -hex 24/,
    );
  t.match(faultsOf({ ...least, CALLFABRIC_FREESWITCH_PASSWORD_LOCAL: 'change-me' }), [
    /^CALLFABRIC_FREESWITCH_PASSWORD_LOCAL still has the value of the example file/,
  ]);
});
