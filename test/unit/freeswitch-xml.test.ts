import { globSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import t from 'tap';
import { adjustRecording, startRecording, stopRecording } from '../../daemon/esl/channel-command.ts';

const root = resolve(import.meta.dirname, '../..');
const conf = join(root, 'freeswitch-conf');
const files = globSync('{freeswitch-conf,dialplans}/**/*.{xml,sample}', { cwd: root }).toSorted();

/** Global variables as vars.xml sets them where the environment says nothing. */
const globals = new Map([
  ['conf_dir', conf],
  ['log_dir', '/log'],
  ['sounds_dir', '/sounds'],
  ['hostname', 'switch'],
]);
const fromEnvironment = new Map<string, string>();

const expand = (text: string): string =>
  text.replace(/\$\$\{([^}]*)\}/g, (_, name: string) => globals.get(name) ?? '');

/** What FreeSWITCH's own preprocessor makes of a file: includes pulled in, variables replaced, comments left. */
function preprocess(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/<!--[\s\S]*?-->/g, '')
    .split('\n')
    .map((line) => {
      const text = expand(line);
      if (/<\/?include>|<\?/.test(text)) return '';
      const step = /<X-PRE-PROCESS cmd="([^"]+)" data="([^"]*)"\/>/.exec(text);
      if (step === null) return text;
      const [, command = '', value = ''] = step;
      const [name = '', ...rest] = value.split('=');
      if (command === 'set') globals.set(name, rest.join('='));
      if (command === 'env-set') fromEnvironment.set(name, rest.join('='));
      if (command !== 'include') return '';
      const pattern = isAbsolute(value) ? value : join(dirname(path), value);
      return globSync(pattern).toSorted().map(preprocess).join('\n');
    })
    .join('\n');
}

interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}
const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' });
function elements(nodes: readonly Record<string, unknown>[]): Element[] {
  return nodes.flatMap((node) => {
    const tag = Object.keys(node).find((key) => key !== ':@') ?? '';
    if (tag.startsWith('#') || tag.startsWith('?')) return [];
    return {
      tag,
      attributes: (node[':@'] ?? {}) as Record<string, string>,
      children: elements(node[tag] as Record<string, unknown>[]),
    };
  });
}
const all = (from: Element, tag: string): Element[] =>
  from.children.flatMap((child) => [...(child.tag === tag ? [child] : []), ...all(child, tag)]);

const text = preprocess(join(conf, 'freeswitch.xml'));
const [whole] = elements(parser.parse(text) as Record<string, unknown>[]);
if (whole === undefined) throw new Error('freeswitch.xml has no document');
const configuration = (name: string): Element => {
  const found = all(whole, 'configuration').find((one) => one.attributes['name'] === name);
  if (found === undefined) throw new Error(`no configuration ${name}`);
  return found;
};
const param = (from: Element, name: string): string | undefined =>
  all(from, 'param').find((one) => one.attributes['name'] === name)?.attributes['value'];
const hook = all(whole, 'extension').find((one) => one.attributes['name'] === 'callfabric');
const actions = (from: Element | undefined): string[] =>
  from === undefined
    ? []
    : all(from, 'action').map((one) => `${one.attributes['application']} ${one.attributes['data']}`);

void t.test('every file, and the whole that FreeSWITCH makes of them, is well-formed', async (t) => {
  t.ok(files.length >= 18, `${files.length} files were found`);
  for (const file of files)
    t.equal(XMLValidator.validate(readFileSync(join(root, file), 'utf8')), true, file);
  t.equal(XMLValidator.validate(text), true, 'the whole');
  t.same(
    all(whole, 'section').map((section) => section.attributes['name']),
    ['configuration', 'dialplan', 'directory'],
  );
});

void t.test('every variable that is used has a default', async (t) => {
  const used = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\$\$\{([^}]*)\}/g)].map((match) => match[1] ?? ''),
  );
  t.ok(used.length > 20);
  for (const name of new Set(used))
    t.ok(globals.has(name) || name === 'callfabric_esl_password', `${name} has a default`);
});

void t.test('the hook offers the call, then takeover, then 503 or an announcement', async (t) => {
  const steps = actions(hook).map((step) => step.split(' ')[0] ?? '');
  const order = ['socket', 'set', 'socket', 'execute_extension', 'socket', 'playback', 'hangup'];
  let at = steps.indexOf('socket') - 1;
  for (const step of order) {
    const next = steps.indexOf(step, at + 1);
    t.ok(next > at, `${step} comes after step ${at}`);
    at = next;
  }
  t.equal(actions(hook).at(-1), 'hangup NORMAL_TEMPORARY_FAILURE');
  const first = actions(hook).findIndex((step) => step.startsWith('socket'));
  for (const step of ['set hangup_after_bridge=false', 'set continue_on_fail=true'])
    t.ok(
      actions(hook).indexOf(step) < first && actions(hook).includes(step),
      `${step} comes before the socket`,
    );
  t.equal(actions(hook).indexOf('set callfabric_entry=takeover'), first + 1);
});

void t.test(
  'every socket is synchronous and goes to the listed daemons; takeovers are bounded',
  async (t) => {
    const sockets = actions(hook).filter((step) => step.startsWith('socket '));
    for (const socket of sockets) t.equal(socket, 'socket 127.0.0.1:8084 full');
    t.ok(sockets.length >= 4 && sockets.length <= 10, `${sockets.length} sockets`);
  },
);

void t.test(
  'nothing that runs a shell, a script or a foreign module is loaded, used or allowed',
  async (t) => {
    const forbidden =
      /^(system|bg_?system|spawn|spawn_stream|bg_spawn|lua|perl|python3?|javascript|load|unload|reload|fsctl|shutdown|expand|bgapi|sched_api|global_setvar|set_global|getenv|uuid_fileman|rename|mkdir|event|eval\.app)$/;
    const allowed = all(configuration('switch.conf'), 'allow').map((one) => one.attributes['name'] ?? '');
    t.ok(allowed.length > 60);
    t.equal(new Set(allowed).size, allowed.length, 'no name twice');
    for (const name of allowed) {
      t.match(name, /^mod_[a-z_]+\.[a-z_]+\.(app|api)$/);
      t.notMatch(name.split('.')[1] ?? '', forbidden, name);
    }
    t.notOk(allowed.includes('mod_dptools.eval.app'));
    for (const step of all(whole, 'action').map((one) => one.attributes['application'] ?? '')) {
      t.notMatch(step, forbidden, step);
      t.ok(
        allowed.some((name) => name.endsWith(`.${step}.app`)),
        `${step} is allowed`,
      );
    }
    for (const module of all(whole, 'load').map((one) => one.attributes['module'] ?? ''))
      t.notMatch(module, /lua|perl|python|javascript|java|managed|v8|xml_curl|shell/);
  },
);

void t.test('every API the daemon and its doctor ask for is allowed', async (t) => {
  const allowed = all(configuration('switch.conf'), 'allow').map((one) => one.attributes['name'] ?? '');
  const asked = new Set<string>();
  for (const path of globSync(join(root, 'daemon/**/*.ts')))
    for (const pattern of [/\b(?:api|uncheckedApi|ask)\('([a-z_]+)'/g, /\bname: '([a-z_]+)',\s+arg:/g])
      for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(pattern)) asked.add(name);
  for (const name of ['uuid_break', 'uuid_kill', 'eval', 'uptime', 'strmicroepoch'])
    t.ok(asked.has(name), `${name} was found in the sources`);
  for (const name of asked)
    t.ok(
      allowed.some((one) => one.endsWith(`.${name}.api`)),
      name,
    );
});

void t.test('every application that starts, stops or adjusts a recording is allowed', async (t) => {
  const allowed = all(configuration('switch.conf'), 'allow').map((one) => one.attributes['name'] ?? '');
  const path = '/r/a.wav';
  const adjusted = (['mask', 'unmask', 'pause', 'resume'] as const).map((one) => adjustRecording(path, one));
  for (const { app } of [startRecording(path), stopRecording(path), ...adjusted])
    t.ok(allowed.includes(`mod_dptools.${app}.app`), app);
});

void t.test(
  'api-expansion is off and the event socket stays on loopback with a password of its own',
  async (t) => {
    t.equal(param(configuration('switch.conf'), 'api-expansion'), 'false');
    const socket = configuration('event_socket.conf');
    t.equal(param(socket, 'listen-ip'), '127.0.0.1');
    t.equal(param(socket, 'apply-inbound-acl'), 'loopback.auto');
    const raw = readFileSync(join(conf, 'autoload_configs/event_socket.conf.xml'), 'utf8');
    t.match(raw, '<param name="password" value="$${callfabric_esl_password}"/>');
    t.match(
      readFileSync(join(conf, 'vars.xml'), 'utf8'),
      /exec-set" data="callfabric_esl_password=[^"]*urandom/,
    );
    for (const file of files) t.notMatch(readFileSync(join(root, file), 'utf8'), /cluecon/i, file);
  },
);

void t.test(
  'secrets come from the environment and leave the global variables once they are in place',
  async (t) => {
    for (const [name, source] of [
      ['callfabric_esl_password', '$FREESWITCH_ESL_PASSWORD'],
      ['callfabric_cdr_cred', '$FREESWITCH_CDR_CRED'],
    ] as const) {
      t.equal(fromEnvironment.get(name), source);
      t.equal(globals.get(name), '', `${name} is empty after the configuration`);
    }
  },
);

void t.test('only carriers may call, nobody registers, nobody transfers', async (t) => {
  const profile = all(whole, 'profile').find((one) => one.attributes['name'] === 'external');
  if (profile === undefined) throw new Error('no external profile');
  t.equal(param(profile, 'apply-inbound-acl'), 'carriers');
  t.equal(param(profile, 'disable-register'), 'true');
  t.equal(param(profile, 'disable-transfer'), 'true');
  const list = all(configuration('acl.conf'), 'list').find((one) => one.attributes['name'] === 'carriers');
  t.equal(list?.attributes['default'], 'deny');
});

void t.test('records of both legs are posted, and kept on disk where nobody takes them', async (t) => {
  const cdr = configuration('json_cdr.conf');
  t.match(param(cdr, 'url'), /^http:\/\/127\.0\.0\.1:\d+\/freeswitch\/cdr$/);
  t.equal(param(cdr, 'log-b-leg'), 'true');
  t.equal(param(cdr, 'log-errors-to-disk'), 'true');
  t.equal(param(cdr, 'queue-capacity'), undefined, 'a queue is thrown away when FreeSWITCH stops');
  t.ok(
    Number(param(cdr, 'timeout')) * (1 + Number(param(cdr, 'retries'))) + Number(param(cdr, 'delay')) < 10,
  );
});

void t.test('every environment variable is told in the README', async (t) => {
  const readme = readFileSync(join(conf, 'README.md'), 'utf8');
  for (const [name, source] of fromEnvironment) {
    t.match(source, /^\$FREESWITCH_[A-Z_]+$/, name);
    t.ok(readme.includes(`\`${source.slice(1)}\``), `${source} in ${relative(root, conf)}/README.md`);
  }
});
