import t from 'tap';
import { CallTags, CallVariables, carriedLimits } from '../../../daemon/flow/variables.ts';

void t.test('a variable is set, set again and read', async (t) => {
  const variables = new CallVariables();
  variables.set('zip', '10001');
  variables.set('zip', '94110');
  t.equal(variables.get('zip'), '94110');
  t.equal(variables.get('other'), undefined);
  t.same([...variables.entries()], [['zip', '94110']]);
});

void t.test('what passes a bound is refused, and nothing is changed', async (t) => {
  const variables = new CallVariables();
  variables.set('kept', 'x'.repeat(2000));
  t.throws(() => variables.set('kept', 'y'.repeat(2001)), {
    code: 'CARRIED_LIMIT',
    message: /2001 characters/,
  });
  t.throws(() => variables.set('n'.repeat(65), ''), /name has 1 to 64/);
  t.throws(() => variables.set('', ''), /name has 1 to 64/);
  t.throws(() => variables.set('second', 'z'.repeat(1999)), /4000 are allowed/);
  t.same([...variables.entries()], [['kept', 'x'.repeat(2000)]]);
  variables.set('kept', '');
  variables.set('second', 'z'.repeat(1999));
});

void t.test('there are at most 100 variables', async (t) => {
  const variables = new CallVariables();
  for (let number = 0; number < 100; number += 1) variables.set(`v${number}`, '');
  t.throws(() => variables.set('v100', ''), /one more than the 100/);
  variables.set('v99', 'set again');
});

void t.test('bytes are counted as they travel: escapes and UTF-8', async (t) => {
  const variables = new CallVariables();
  t.throws(() => variables.set('a', '\u0000'.repeat(700)), /bytes/);
  t.throws(() => variables.set('a', '😀'.repeat(1000)), /bytes/);
});

void t.test('tags are a set within bounds', async (t) => {
  const tags = new CallTags();
  tags.add('vip').add('vip');
  t.same([...tags], ['vip']);
  t.throws(() => tags.add(''), { code: 'CARRIED_LIMIT' });
  t.throws(() => tags.add('x'.repeat(65)), { code: 'CARRIED_LIMIT' });
  t.throws(() => {
    for (let number = 0; ; number += 1) tags.add(`${number}`.padEnd(64, '.'));
  }, /900 are allowed/);
  t.ok(JSON.stringify([...tags]).length <= carriedLimits.tagsBytes + 2);
  t.ok(tags.delete('vip'));
});
