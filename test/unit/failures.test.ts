import t from 'tap';
import { failures } from '../failures.ts';

const assertion = (depth: number, text: string, why = '---\nat: here\n...'): string =>
  [text, ...why.split('\n').map((line) => `  ${line}`)]
    .map((line) => `${' '.repeat(depth * 4)}${line}`)
    .join('\n');

const stream = [
  'TAP version 14',
  '# Subtest: one.test.ts',
  '    # Subtest: outer',
  '        # Subtest: inner',
  '            ok 1 - fine',
  assertion(3, 'not ok 2 - numbers', '---\ndiff: |\n  -2\n  +1\n...'),
  assertion(3, 'not ok 3 - texts'),
  '            1..3',
  assertion(2, 'not ok 1 - inner # time=1ms'),
  assertion(2, 'not ok 2 - beside it'),
  assertion(2, 'not ok 3 - of no weight # TODO'),
  '        1..2',
  assertion(1, 'not ok 1 - outer # time=1ms'),
  '    # Subtest: late',
  '        1..0',
  assertion(1, 'not ok 2 - timeout!'),
  '    1..2',
  assertion(0, 'not ok 1 - one.test.ts'),
  '# Subtest: two.test.ts',
  '    ok 1 - fine',
  '    1..1',
  'ok 2 - two.test.ts',
].join('\n');

void t.test('what failed is told once, with where it stands and why', async (t) => {
  t.same(failures(stream), [
    'one.test.ts › outer › inner\nnot ok 2 - numbers\n  ---\n  diff: |\n    -2\n    +1\n  ...',
    'one.test.ts › outer › inner\nnot ok 3 - texts\n  ---\n  at: here\n  ...',
    'one.test.ts › outer\nnot ok 2 - beside it\n  ---\n  at: here\n  ...',
    'one.test.ts\nnot ok 2 - timeout!\n  ---\n  at: here\n  ...',
  ]);
});

void t.test('nothing failed, nothing told', async (t) => {
  t.same(failures('TAP version 14\nok 1 - fine\n1..1\n'), []);
});

void t.test('a storm is cut', async (t) => {
  const many = Array.from({ length: 25 }, (_, at) => assertion(0, `not ok ${at + 1} - x`)).join('\n');
  const told = failures(many);
  t.equal(told.length, 21);
  t.equal(told.at(-1), 'and 5 more');
  const long = failures(assertion(0, 'not ok 1 - x', `---\n${'more\n'.repeat(100)}...`));
  t.equal(long[0]?.split('\n').length, 41, 'the name, and 40 lines');
});
