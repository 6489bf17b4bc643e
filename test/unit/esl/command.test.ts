import fc from 'fast-check';
import t from 'tap';
import {
  adjustRecording,
  answer,
  flushDtmf,
  preAnswer,
  ringReady,
  startRecording,
  stopRecording,
} from '../../../daemon/esl/channel-command.ts';
import {
  api,
  apiCommand,
  askExpansion,
  authCommand,
  bgapiCommand,
  channelEventsCommand,
  executeMessage,
  hangupMessage,
  isExpanded,
  signCommand,
  subscribeCommands,
  uuidBreak,
  uuidExists,
  uuidKill,
} from '../../../daemon/esl/command.ts';
import { UnsafeText } from '../../../daemon/esl/esl-error.ts';
import { exportVariable, setVariables, unsetVariable } from '../../../daemon/esl/variables.ts';
import { argumentOf, isLive, readCommands, splitList } from './switch-reader.ts';

const uuid = 'a469b73e-6caa-47fa-9e9d-de0ca0fc7ffa';

/** Text with a taste for what FreeSWITCH gives meaning to. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '${',
        '$${',
        '$',
        '\\',
        '%[',
        '%{',
        '{',
        '}',
        '[',
        ']',
        "'",
        '"',
        ';',
        '|',
        '=',
        '^^',
        ',',
      ),
      fc.constantFrom('\r', '\n', '\n\n', '\r\n', '\0', ' ', ':_:', '<', '>', 'é', '\u0001', 'sendmsg', 'x'),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** What `build` makes, or undefined where it refused by UnsafeText; any other error is a failure. */
function madeOrRefused<T>(build: () => T): T | undefined {
  try {
    return build();
  } catch (error) {
    if (error instanceof UnsafeText) return undefined;
    throw error;
  }
}

void t.test('the commands of a call, byte by byte', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    [
      executeMessage(answer, 'k-1'),
      'sendmsg\ncall-command: execute\nexecute-app-name: answer\nevent-uuid: k-1\n\n',
    ],
    [executeMessage(preAnswer), 'sendmsg\ncall-command: execute\nexecute-app-name: pre_answer\n\n'],
    [executeMessage(ringReady), 'sendmsg\ncall-command: execute\nexecute-app-name: ring_ready\n\n'],
    [executeMessage(flushDtmf), 'sendmsg\ncall-command: execute\nexecute-app-name: flush_dtmf\n\n'],
    [
      executeMessage({ app: 'playback', arg: '/moh.wav' }, 'k-2'),
      'sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: /moh.wav\nevent-uuid: k-2\n\n',
    ],
    [
      executeMessage({ app: 'speak', arg: 'flite|slt|one\ntwo' }, 'k-3'),
      'sendmsg\ncall-command: execute\nexecute-app-name: speak\nevent-uuid: k-3\nContent-Type: text/plain\nContent-Length: 17\n\nflite|slt|one\ntwo',
    ],
    [
      executeMessage({ app: 'playback', arg: `/${'a'.repeat(60)}.wav` }),
      `sendmsg\ncall-command: execute\nexecute-app-name: playback\nContent-Type: text/plain\nContent-Length: 65\n\n/${'a'.repeat(60)}.wav`,
    ],
    [hangupMessage('USER_BUSY'), 'sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n'],
    [
      channelEventsCommand(['CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_HANGUP'], uuid).text,
      `filter Unique-ID ${uuid}\n\nevent CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP\n\n`,
    ],
    [authCommand('secret'), 'auth secret\n\n'],
    [
      subscribeCommands(['CHANNEL_ANSWER', 'BACKGROUND_JOB'], [['variable_callfabric_daemon', 'd-1']]).text,
      'filter variable_callfabric_daemon d-1\n\nevent plain CHANNEL_ANSWER BACKGROUND_JOB\n\n',
    ],
    [apiCommand(uuidBreak(uuid)), `api uuid_break ${uuid} all\n\n`],
    [apiCommand(uuidKill(uuid, 'MANAGER_REQUEST')), `api uuid_kill ${uuid} MANAGER_REQUEST\n\n`],
    [apiCommand(uuidExists(uuid)), `api uuid_exists ${uuid}\n\n`],
    [apiCommand(api('uptime')), 'api uptime\n\n'],
    [apiCommand(askExpansion), 'api eval ${version()}\n\n'],
    [signCommand('d-1'), 'sendevent CUSTOM\nEvent-Subclass: callfabric::sign\nCallfabric-Daemon: d-1\n\n'],
    [bgapiCommand(api('originate', 'x &park'), 'job-1'), 'bgapi originate x &park\nJob-UUID: job-1\n\n'],
  ];
  for (const [got, expected] of cases) t.equal(got, expected);
  t.throws(() => channelEventsCommand(['CHANNEL_HANGUP'], '-x'), UnsafeText, 'read as a negative filter');
});

void t.test('whether api-expansion is on, by what became of an API inside', (t) => {
  t.equal(isExpanded('FreeSWITCH Version 1.11.2-dev (git 0a54a48 64bit)\n'), true);
  t.equal(isExpanded('<API execute Permission Denied>'), false);
  t.equal(isExpanded('-ERR eval Command not found!\n'), undefined, 'eval is not allowed there');
  t.end();
});

void t.test('recordings start, are adjusted and stop by a plain absolute path', async (t) => {
  const path = '/var/lib/callfabric/recordings/2026/0198-a.wav';
  t.same(startRecording(path), { app: 'record_session', arg: path });
  t.same(stopRecording(path), { app: 'stop_record_session', arg: path });
  for (const adjustment of ['mask', 'unmask', 'pause', 'resume'] as const)
    t.same(adjustRecording(path, adjustment), { app: `record_session_${adjustment}`, arg: path });
  for (const bad of [
    'a.wav',
    '/a b.wav',
    '/a/../b.wav',
    '/${uuid}.wav',
    '/a\n.wav',
    'shell_stream://x',
    '/a/./b',
  ])
    t.throws(() => startRecording(bad), UnsafeText, bad);
});

void t.test('variables are set in one application', async (t) => {
  t.same(setVariables({}), []);
  t.same(setVariables({ a: '1' }), [{ app: 'set', arg: 'a=1' }]);
  t.same(setVariables({ a: '1', b: '2' }), [{ app: 'multiset', arg: '^^;a=1;b=2' }]);
  t.same(setVariables({ a: '1;2', b: '2|' }), [{ app: 'multiset', arg: '^^~a=1;2~b=2|' }]);
  t.same(setVariables({ ringback: '%(2000,4000,440,480)' }), [
    { app: 'set', arg: 'ringback=%(2000,4000,440,480)' },
  ]);
  t.same(setVariables({ name: "O'Brien \\ ${x}" }), [{ app: 'set', arg: 'name=O’Brien ＼ ＄{x}' }]);
  t.same(setVariables({ price: '$5, 10%' }), [{ app: 'set', arg: 'price=$5, 10%' }], 'plain money stays');
  t.same(exportVariable('callfabric_daemon', 'd-1'), { app: 'export', arg: 'callfabric_daemon=d-1' });
  t.same(unsetVariable('ringback'), { app: 'unset', arg: 'ringback' });
  const many = Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`v${n}`, 'x']));
  t.equal(setVariables(many).length, 3, 'FreeSWITCH splits at most 256 pairs');
});

void t.test('names of variables that FreeSWITCH would run are refused', async (t) => {
  const names = [
    'api_hangup_hook',
    'execute_on_answer',
    'api_on_answer',
    'nolocal:x',
    'a b',
    'a=b',
    '',
    'a${b}',
  ];
  for (const name of names) t.throws(() => setVariables({ [name]: '1' }), UnsafeText, name);
  t.throws(() => setVariables({ 'sip_h_X-A': 'a\nVia: forged' }), UnsafeText, 'no SIP header is forged');
});

void t.test('any variables make one command, and arrive whole and lifeless', async () => {
  const names = fc
    .stringMatching(/^[a-z]{1,8}$/)
    .filter((name) => !/^(?:api|exec|app|socket|campon)/.test(name));
  fc.assert(
    fc.property(fc.dictionary(names, hostile, { minKeys: 1, maxKeys: 5 }), (variables) => {
      const applications = madeOrRefused(() => setVariables(variables));
      if (applications === undefined) return Object.values(variables).join('').includes('\0');
      const message = applications.map((application) => executeMessage(application)).join('');
      const { commands, rest } = readCommands(message);
      const argument = argumentOf(commands[0]) ?? '';
      const pairs = argument.startsWith('^^') ? splitList(argument, ' ') : [argument];
      const gotNames = pairs.map((pair) => pair.split('=', 1)[0]);
      return (
        rest === '' &&
        commands.length === 1 &&
        !isLive(argument) &&
        pairs.every((pair) => !isLive(pair.slice(pair.indexOf('=') + 1))) &&
        gotNames.join() === Object.keys(variables).join()
      );
    }),
    { numRuns: 2000 },
  );
});

void t.test('any argument makes exactly one command or is refused', async () => {
  fc.assert(
    fc.property(hostile, hostile, (app, arg) => {
      const message = madeOrRefused(() => executeMessage({ app, arg }));
      if (message === undefined) return true;
      const { commands, rest } = readCommands(message);
      return rest === '' && commands.length === 1 && (argumentOf(commands[0]) ?? '') === arg;
    }),
  );
  fc.assert(
    fc.property(hostile, (arg) => {
      const message = madeOrRefused(() => executeMessage({ app: 'playback', arg }, 'k-1'));
      if (message === undefined) return arg.includes('\0');
      const { commands, rest } = readCommands(`${message}${hangupMessage('NORMAL_CLEARING')}`);
      return rest === '' && commands.length === 2 && (argumentOf(commands[0]) ?? '') === arg;
    }),
    { numRuns: 2000 },
  );
});

void t.test('every other command is one line or refused', async () => {
  const builders: readonly ((text: string) => string)[] = [
    (text) => hangupMessage(text),
    (text) => authCommand(text),
    (text) => apiCommand(uuidBreak(text)),
    (text) => apiCommand(uuidKill(uuid, text)),
    (text) => apiCommand(api('status', text)),
    (text) => apiCommand(api(text)),
    (text) => bgapiCommand(api('originate', text), 'job'),
    (text) => bgapiCommand(api('originate', 'x'), text),
    (text) =>
      subscribeCommands([], [['variable_callfabric_daemon', text]]).text.replace('event plain \n\n', ''),
    (text) => subscribeCommands([], [[text, 'x']]).text.replace('event plain \n\n', ''),
    (text) => executeMessage(answer, text),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...builders), hostile, (build, text) => {
      const message = madeOrRefused(() => build(text));
      if (message === undefined) return true;
      const { commands, rest } = readCommands(message);
      return rest === '' && commands.length === 1;
    }),
    { numRuns: 2000 },
  );
});

void t.test('a refusal names the piece and never the password', async (t) => {
  t.throws(() => hangupMessage('x\ny'), /^hangup cause cannot be sent/);
  t.throws(() => authCommand('top\nsecret'), /^event socket password cannot be sent/);
  try {
    authCommand('top\nsecret');
  } catch (error) {
    t.notMatch(String(error), /secret/);
  }
  t.throws(() => executeMessage({ app: 'set', arg: 'x'.repeat(70_000) }), UnsafeText, 'too long');
});
