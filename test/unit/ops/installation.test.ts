import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../../daemon/config.ts';
import { settings } from '../../../daemon/read-settings.ts';

const root = resolve(import.meta.dirname, '../../..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const unit = text('ops/callfabric.service');

/** The last value of a directive of the unit. */
function directive(name: string): string | undefined {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].at(-1)?.[1];
}

/** `NAME=value` lines as systemd and Node read them. */
function environmentOf(file: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(readFileSync(file, 'utf8').matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm), ([, name, value]) => [
      name,
      value,
    ]),
  );
}

/** Why a check of the system's own tools cannot be made here, or false. */
function without(tool: string): string | false {
  return spawnSync(tool, ['--version']).error === undefined ? false : `no ${tool} on this machine`;
}

void t.test('installing makes the tree, the unit and settings with secrets that load', async (t) => {
  const target = mkdtempSync(join(tmpdir(), 'callfabric-install-'));
  t.teardown(() => rmSync(target, { recursive: true }));
  const install = () =>
    spawnSync('bash', [join(root, 'ops/install.sh'), '--root', target, '--skip-npm'], { encoding: 'utf8' });
  const first = install();
  t.equal(first.status, 0, first.stderr);
  const lib = join(target, 'usr/local/lib/callfabric');
  for (const file of ['daemon/main.ts', 'orm/migrate.ts', 'package-lock.json', 'dialplans/callfabric.xml'])
    t.ok(existsSync(join(lib, file)), file);
  t.notOk(existsSync(join(lib, 'test')), 'tests stay behind');
  t.equal(readFileSync(join(target, 'etc/systemd/system/callfabric.service'), 'utf8'), unit);
  for (const folder of ['recordings', 'spool', 'cdrs'])
    t.ok(existsSync(join(target, 'var/lib/callfabric', folder)), folder);
  const modeOfCdrs = statSync(join(target, 'var/lib/callfabric/cdrs')).mode & 0o7777;
  t.equal(modeOfCdrs, 0o2770, 'FreeSWITCH writes there, the daemon deletes: by their group');

  const file = join(target, 'etc/callfabric/callfabric.env');
  t.equal(statSync(file).mode & 0o777, 0o640, "the settings are nobody else's to read");
  const made = environmentOf(file);
  t.match(
    loadConfig(made),
    { ok: false, faults: [/^DATABASE_URL still has .* example/] },
    'the one thing to write',
  );
  const loaded = loadConfig({ ...made, DATABASE_URL: 'postgres://callfabric:its-own@127.0.0.1/callfabric' });
  t.equal(loaded.ok, true, loaded.ok ? '' : loaded.faults.join('\n'));
  t.match(
    loaded,
    { config: { cdrFallbackFolder: '/var/lib/callfabric/cdrs' } },
    'what FreeSWITCH kept is taken in',
  );
  t.match(
    first.stdout,
    /FREESWITCH_CDR_DIR=\/var\/lib\/callfabric\/cdrs/,
    'and FreeSWITCH is to keep it there',
  );
  const secrets = ['CALLFABRIC_API_KEY', 'CALLFABRIC_CDR_SECRET', 'CALLFABRIC_FREESWITCH_PASSWORD'].map(
    (name) => made[name],
  );
  for (const secret of secrets) t.match(secret, /^[0-9a-f]{48}$/);
  t.equal(new Set(secrets).size, 3, 'each secret is its own');

  const again = install();
  t.equal(again.status, 0, again.stderr);
  t.match(again.stdout, /kept .*callfabric\.env/);
  t.same(environmentOf(file), made, 'a second run keeps the settings');
  t.notOk(existsSync(`${lib}.new`) || existsSync(`${lib}.old`), 'nothing is left beside the tree');
});

void t.test('an option nobody knows is refused before anything is done', async (t) => {
  const { status, stderr } = spawnSync('bash', [join(root, 'ops/install.sh'), '--rot', '/'], {
    encoding: 'utf8',
  });
  t.equal(status, 64);
  t.match(stderr, /--skip-npm/);
});

void t.test('the unit waits for a drain, is watched, and may write to its own folder alone', async (t) => {
  const drainSeconds = settings.get('CALLFABRIC_DRAIN_SECONDS')?.default;
  t.ok(Number(directive('TimeoutStopSec')) > Number(drainSeconds), 'a draining daemon is not killed');
  t.match(
    Object.fromEntries(
      [
        'Type',
        'NotifyAccess',
        'RestartPreventExitStatus',
        'NoNewPrivileges',
        'ProtectSystem',
        'ProtectHome',
      ].map((name) => [name, directive(name)]),
    ),
    {
      Type: 'notify',
      NotifyAccess: 'all',
      RestartPreventExitStatus: '64 78',
      NoNewPrivileges: 'yes',
      ProtectSystem: 'strict',
      ProtectHome: 'yes',
    },
  );
  t.ok(Number(directive('WatchdogSec')) > 0);
  t.equal(directive('CapabilityBoundingSet'), '');
  const state = `/var/lib/${directive('StateDirectory')}/`;
  for (const name of ['CALLFABRIC_RECORDINGS_DIR', 'CALLFABRIC_SPOOL_DIR'])
    t.ok(String(settings.get(name)?.default).startsWith(state), `${name} lies in ${state}`);
});

void t.test(
  'systemd takes the unit and finds little to expose',
  { skip: without('systemd-analyze') },
  async (t) => {
    const file = join(root, 'ops/callfabric.service');
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    const complaints = verified.stderr
      .split('\n')
      .filter((line) => line.includes('callfabric') && !line.includes('is not executable'));
    t.same(complaints, []);
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=25', file], {
      encoding: 'utf8',
    });
    if (/unrecognized option/.test(security.stderr)) t.comment('this systemd-analyze cannot look at a file');
    else t.equal(security.status, 0, security.stdout.split('\n').slice(-3).join(' '));
  },
);

void t.test('the scripts are clean to shellcheck', { skip: without('shellcheck') }, async (t) => {
  const { status, stdout } = spawnSync('shellcheck', [join(root, 'ops/install.sh')], { encoding: 'utf8' });
  t.equal(status, 0, stdout);
});

void t.test(
  'what FreeSWITCH keeps while no daemon runs is where the daemon of the compose file looks',
  async (t) => {
    const compose = text('ops/compose.yaml');
    const service = (name: string): string =>
      new RegExp(`^  ${name}:\\n((?: {4}.*\\n)+)`, 'm').exec(compose)?.[1] ?? '';
    const keeps = /FREESWITCH_CDR_DIR: (\S+)/.exec(service('freeswitch'))?.[1] ?? 'nowhere';
    t.equal(/CALLFABRIC_CDR_FALLBACK_DIR: (\S+)/.exec(service('callfabric'))?.[1], keeps);
    for (const name of ['freeswitch', 'callfabric']) {
      t.match(service(name), new RegExp(`- cdrs:${keeps}\\n`), `${name} mounts it`);
      t.match(
        text(`ops/images/${name}.Dockerfile`),
        new RegExp(`-m 2770 [^&]*${keeps}\\b`),
        `${name} may write there`,
      );
    }
  },
);

void t.test('the compose file names only settings that exist', async (t) => {
  const compose = text('ops/compose.yaml');
  const named = new Set(
    Array.from(compose.matchAll(/\b(?:CALLFABRIC|FREESWITCH)_[A-Z_]+\b/g), ([name]) => name),
  );
  const switchSettings = text('freeswitch-conf/vars.xml');
  t.ok(named.size > 5, 'names were found');
  for (const name of named)
    t.ok(
      name.startsWith('CALLFABRIC_')
        ? settings.has(name)
        : switchSettings.includes(`$${name}`) || switchSettings.includes(`{${name}`),
      name,
    );
  for (const [, image] of compose.matchAll(/dockerfile: (\S+) /g))
    t.ok(existsSync(join(root, image ?? '')), String(image));
});
