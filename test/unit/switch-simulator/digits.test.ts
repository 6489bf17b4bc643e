import t from 'tap';
import type { CallerScript } from '../../../ops/switch-simulator/caller-script.ts';
import { withSimulator } from './with-simulator.ts';

const menu = (min: number, max: number, tries = 1, regexp = '\\d+', terminator = '#') =>
  `play_and_get_digits ${min} ${max} ${tries} 2000 ${terminator} prompt-1000ms.wav sorry-300ms.wav choice ${regexp} 1000`;

interface MenuCase {
  readonly name: string;
  readonly app: string;
  readonly keys: CallerScript['keys'];
  readonly choice: string | undefined;
  readonly result: string;
  readonly prompts: number;
}

const cases: readonly MenuCase[] = [
  {
    name: 'one key stops the prompt',
    app: menu(1, 1),
    keys: [{ digits: '1', afterPrompt: 1, delayMs: 300 }],
    choice: '1',
    result: 'success',
    prompts: 1,
  },
  {
    name: 'a terminator ends a longer entry',
    app: menu(1, 5),
    keys: [{ digits: '42#', afterPrompt: 1, delayMs: 300 }],
    choice: '42',
    result: 'success',
    prompts: 1,
  },
  {
    name: 'enough digits and then silence are taken',
    app: menu(1, 5),
    keys: [{ digits: '42', afterPrompt: 1, delayMs: 300 }],
    choice: '42',
    result: 'timeout',
    prompts: 1,
  },
  {
    name: 'nothing pressed: every try is used up',
    app: menu(1, 1, 2),
    keys: [],
    choice: undefined,
    result: 'failure',
    prompts: 4,
  },
  {
    name: 'digits that do not fit are said to be invalid, and the next try may',
    app: menu(1, 1, 2, '[12]'),
    keys: [
      { digits: '9', afterPrompt: 1, delayMs: 300 },
      { digits: '2', afterPrompt: 3, delayMs: 300 },
    ],
    choice: '2',
    result: 'success',
    prompts: 3,
  },
  {
    name: 'too few digits leave what was pressed in the variable',
    app: menu(4, 4),
    keys: [{ digits: '12', afterPrompt: 1, delayMs: 300 }],
    choice: '12',
    result: 'failure',
    prompts: 2,
  },
];

for (const { name, app, keys, choice, result, prompts } of cases)
  void t.test(`play_and_get_digits: ${name}`, async (t) => {
    const told: (string | undefined)[] = [];
    const { simulator } = await withSimulator(t, async (call) => {
      await call.execute('answer');
      const end = await call.execute(app);
      told.push(end.get('variable_choice'), end.get('variable_read_result'));
      call.hangUp();
    });
    const call = simulator.call({
      from: '+1512',
      to: '+1555',
      script: keys === undefined ? {} : { keys },
    });
    await call.ended;
    t.same(told, [choice, result]);
    t.equal(call.leg.promptsBegun, prompts);
  });

void t.test(
  'keys pressed while nothing plays wait for the menu; those during a playback are lost',
  async (t) => {
    const choices: (string | undefined)[] = [];
    const { simulator } = await withSimulator(t, async (call) => {
      choices.push((await call.execute('answer', menu(1, 1))).get('variable_choice'));
      const end = await call.execute('playback other-500ms.wav', menu(1, 1));
      choices.push(end.get('variable_choice'));
      call.hangUp();
    });
    const call = simulator.call({
      from: '+1512',
      to: '+1555',
      script: { keys: [{ digits: '8', afterPrompt: 2, delayMs: 100 }] },
    });
    call.press('7');
    await call.ended;
    t.same(choices, ['7', undefined]);
  },
);

void t.test('playback stops at its terminator and says which', async (t) => {
  const told: (string | undefined)[] = [];
  const { simulator } = await withSimulator(t, async (call) => {
    const end = await call.execute('set playback_terminators=5', 'playback long-9000ms.wav');
    told.push(end.get('variable_playback_terminator_used'), end.get('Application-Response'));
    const missing = await call.execute('playback missing.wav');
    told.push(missing.get('Application-Response'));
    call.hangUp();
  });
  await simulator.call({
    from: '+1512',
    to: '+1555',
    script: { keys: [{ digits: '35', afterPrompt: 1, delayMs: 100 }] },
  }).ended;
  t.same(told, ['5', 'FILE PLAYED', 'FILE NOT FOUND']);
});

void t.test('text that comes as a counted body reaches the application whole', async (t) => {
  const { simulator } = await withSimulator(t, async (call) => {
    const text = 'note=line one\nline two';
    call.send(
      `sendmsg\ncall-command: execute\nexecute-app-name: set\nexecute-app-arg: \nevent-uuid: x\nContent-Type: text/plain\nContent-Length: ${text.length}\n\n${text}`,
    );
    await call.frame((headers) => headers.get('Application-UUID') === 'x');
    call.hangUp();
  });
  const end = await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.equal(end.variable('note'), 'line one\nline two');
});

for (const [phase, app] of [
  ['playing', 'playback long-9000ms.wav'],
  ['collecting', menu(1, 1)],
  ['queue', 'playback local_stream://moh'],
  ['ringing', 'bridge sofia/gateway/trunk/noanswer'],
  ['bridged', 'bridge sofia/gateway/trunk/1555'],
] as const)
  void t.test(`a caller may hang up while ${phase}`, async (t) => {
    const { simulator } = await withSimulator(t, (call) => void call.execute('answer', app));
    const call = simulator.call({ from: '+1512', to: '+1555', script: { hangUp: { phase, delayMs: 100 } } });
    const end = await call.ended;
    t.equal(end.disposition, 'recv_bye');
    t.equal(end.bridgedTo !== undefined, phase === 'bridged');
  });

void t.test('a caller may hang up while the daemon is still thinking', async (t) => {
  const { simulator } = await withSimulator(t, async (call) => {
    call.send('filter Event-Name DTMF\n\n');
    await call.execute('answer');
  });
  const call = simulator.call({ from: '+1512', to: '+1555' });
  await call.answered;
  call.hangUp();
  const end = await call.ended;
  t.equal(end.disposition, 'recv_bye');
  t.equal(end.cause, 'NORMAL_CLEARING');
});
