import fc from 'fast-check';
import t from 'tap';
import { executeMessage } from '../../../daemon/esl/command.ts';
import { UnsafeText } from '../../../daemon/esl/esl-error.ts';
import { collectDigits, type DigitsRequest, fileArgument, play } from '../../../daemon/esl/media-argument.ts';
import { argumentOf, isLive, readCommands } from './switch-reader.ts';

const digits: DigitsRequest = {
  minDigits: 1,
  maxDigits: 4,
  firstDigitTimeoutMs: 6000,
  interDigitTimeoutMs: 2000,
  terminator: '#',
  forgetEarlier: false,
};

void t.test('every kind of media is played by its application', async (t) => {
  t.same(play({ kind: 'file', path: 'ivr/welcome.wav' }), { app: 'playback', arg: 'ivr/welcome.wav' });
  t.same(play({ kind: 'file', path: '/srv/Übung 1.wav' }), { app: 'playback', arg: '/srv/Übung 1.wav' });
  t.same(play({ kind: 'silence', durationMs: 500 }), { app: 'playback', arg: 'silence_stream://500' });
  t.same(play({ kind: 'tone', tone: '%(200,100,440)', loops: 3 }), {
    app: 'playback',
    arg: 'tone_stream://%(200,100,440);loops=3',
  });
  t.same(play({ kind: 'music' }), { app: 'playback', arg: 'local_stream://default' });
  t.same(play({ kind: 'music', source: 'local_stream://jazz' }), {
    app: 'playback',
    arg: 'local_stream://jazz',
  });
  t.same(play({ kind: 'music', source: '/srv/wait.wav' }), {
    app: 'playback',
    arg: '/srv/wait.wav',
  });
  t.same(play({ kind: 'speech', text: "It's 5 o'clock", voice: 'kal' }), {
    app: 'speak',
    arg: 'flite|kal|It’s 5 o’clock',
  });
});

void t.test('nothing that runs a command or leaves the folder is a sound', async (t) => {
  const paths = [
    'shell_stream:///bin/id',
    'http://x/y.wav',
    '../x.wav',
    'a/../../b',
    '',
    '{a=b}x',
    '$x',
    '-x',
    "a'b",
  ];
  for (const path of paths) t.throws(() => play({ kind: 'file', path }), UnsafeText, path);
  for (const source of ['shell_stream://id', 'local_stream://a b', '../x'])
    t.throws(() => play({ kind: 'music', source }), UnsafeText, source);
  for (const tone of ['path=/etc/passwd', '%(1,2,3);Path=/x', '${x}', '%[a=b]', 'a\nb'])
    t.throws(() => play({ kind: 'tone', tone }), UnsafeText, tone);
  t.throws(() => play({ kind: 'silence', durationMs: -1 }), UnsafeText);
});

void t.test('digits are collected with one try', async (t) => {
  const prompt = { kind: 'file', path: 'menu.wav' } as const;
  t.same(collectDigits({ ...digits, prompt }, 'callfabric_digits'), [
    {
      app: 'play_and_get_digits',
      arg: '1 4 1 6000 # menu.wav silence_stream://20 callfabric_digits .+ 2000',
    },
  ]);
  const [only] = collectDigits({ ...digits, terminator: '' }, 'd');
  t.equal(only?.arg, '1 4 1 6000 none silence_stream://20 silence_stream://20 d .+ 2000');
});

void t.test('a spoken prompt brings its voice and is one piece', async (t) => {
  const prompt = { kind: 'speech', text: 'Press 1' } as const;
  const [voice, collect] = collectDigits({ ...digits, prompt }, 'd');
  t.equal(voice?.arg, '^^;tts_engine=flite;tts_voice=slt');
  t.equal(collect?.arg, "1 4 1 6000 # 'say:Press 1' silence_stream://20 d .+ 2000");
});

void t.test('keys pressed before are forgotten where that is wanted', async (t) => {
  const applications = collectDigits({ ...digits, forgetEarlier: true }, 'd').map(({ app }) => app);
  t.same(applications, ['flush_dtmf', 'play_and_get_digits']);
});

void t.test('numbers that are none are refused', async (t) => {
  t.throws(() => collectDigits({ ...digits, maxDigits: Number.NaN }, 'd'), UnsafeText);
  t.throws(() => collectDigits({ ...digits, firstDigitTimeoutMs: 1.5 }, 'd'), UnsafeText);
  t.throws(() => collectDigits({ ...digits, terminator: '# x' }, 'd'), UnsafeText);
  t.throws(() => collectDigits(digits, 'd x'), UnsafeText);
});

void t.test('any speech, tone or path makes lifeless arguments or is refused', async () => {
  const text = fc
    .array(
      fc.constantFrom('${', '$', '\\', '%[', '{', "'", '|', '\n', '\r', '\0', 'a', ' ', ':', '/', '..', '.'),
      { maxLength: 10 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.constantFrom('file', 'speech', 'tone', 'music'), (hostile, kind) => {
      const media =
        kind === 'file'
          ? ({ kind, path: hostile } as const)
          : kind === 'speech'
            ? ({ kind, text: hostile } as const)
            : kind === 'tone'
              ? ({ kind, tone: hostile } as const)
              : ({ kind, source: hostile } as const);
      try {
        const { commands, rest } = readCommands(executeMessage(play(media)));
        const argument = argumentOf(commands[0]) ?? '';
        return rest === '' && commands.length === 1 && !isLive(argument) && !isLive(fileArgument(media));
      } catch (error) {
        return error instanceof UnsafeText;
      }
    }),
    { numRuns: 1000 },
  );
});
