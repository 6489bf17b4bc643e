import fc from 'fast-check';
import t from 'tap';
import {
  checkExpression,
  compileExpression,
  type ExpressionFacts,
  ExpressionSchema,
  expressionLimits,
} from '../../../daemon/flow/expression.ts';
import { patternFault } from '../../../daemon/flow/pattern.ts';
import { validatorOf } from '../../../daemon/flow/schema-faults.ts';
import { toyCall } from './toy-flow.ts';

const variables = new Map([
  ['zip', '10001'],
  ['age', '9'],
  ['name', 'Ann'],
  ['none', ''],
  ['repeat', 'true'],
  ['queue.position', '2'],
]);
const facts: ExpressionFacts = {
  call: toyCall,
  variables,
  tags: new Set(['vip', 'spanish']),
  // Thursday 1 January 2026, 03:05 UTC: still Wednesday in New York
  now: () => Date.UTC(2026, 0, 1, 3, 5),
};
const holds = (expression: unknown) => compileExpression(expression)(facts);

void t.test('comparisons look at the call, its variables, tags and the time', async (t) => {
  const table: [path: string, op: string, value: unknown, expected: boolean, zone?: string][] = [
    ['caller', 'eq', '+12125550100', true],
    ['call.caller', 'startsWith', '+1212', true],
    ['caller.areaCode', 'in', ['646', '212'], true],
    ['caller.areaCode', 'in', [212], true],
    ['did', 'endsWith', '4567', true],
    ['did.tags', 'contains', 'tracked', true],
    ['call.publisher', 'exists', undefined, false],
    ['tags', 'contains', 'vip', true],
    ['tags', 'contains', 'vi', false],
    ['tags', 'eq', 'spanish', true],
    ['tags', 'ne', 'vip', false],
    ['tags', 'matches', 'span.*', true],
    ['variables.zip', 'matches', '\\d{5}', true],
    ['variables.zip', 'matches', '\\d{4}', false],
    ['variables.zip', 'eq', 10001, true],
    ['variables.zip', 'contains', '00', true],
    ['variables.age', 'lt', '10', true],
    ['variables.age', 'lt', 10, true],
    ['variables.age', 'ge', 9, true],
    ['variables.age', 'le', 8.5, false],
    ['variables.name', 'lt', 'Bob', true],
    ['variables.name', 'gt', 5, true],
    ['variables.missing', 'eq', '', false],
    ['variables.missing', 'ne', 'x', true],
    ['variables.missing', 'lt', 1, false],
    ['variables.missing', 'empty', undefined, true],
    ['variables.none', 'empty', undefined, true],
    ['variables.none', 'exists', undefined, true],
    ['repeat', 'eq', true, true],
    ['queue.position', 'le', 2, true],
    ['time.hour', 'eq', 3, true],
    ['time.hour', 'eq', 22, true, 'America/New_York'],
    ['time.weekday', 'eq', 4, true],
    ['time.weekday', 'eq', 3, true, 'America/New_York'],
    ['time.date', 'lt', '2026-01-01', true, 'America/New_York'],
    ['time.clock', 'eq', '03:05', true],
    ['time.minute', 'eq', 5, true],
  ];
  for (const [path, op, value, expected, zone] of table) {
    const expression = { path, op, ...(value === undefined ? {} : { value }), ...(zone && { zone }) };
    t.equal(holds(expression), expected, JSON.stringify(expression));
  }
});

void t.test('conditions are joined by all, any and not', async (t) => {
  const yes = { path: 'tags', op: 'contains', value: 'vip' };
  const no = { not: yes };
  t.equal(holds({ all: [yes, { any: [no, yes] }] }), true);
  t.equal(holds({ all: [yes, no] }), false);
  t.equal(holds({ any: [no, no] }), false);
  t.equal(holds({ not: { all: [no] } }), true);
});

void t.test('an area code is only told of a North American number', async (t) => {
  const at = (caller: string) =>
    compileExpression({ path: 'caller.areaCode', op: 'exists' })({ ...facts, call: { ...toyCall, caller } });
  t.equal(at('+12125550100'), true);
  t.equal(at('+442071234567'), false);
  t.equal(at('anonymous'), false);
});

void t.test('every fault is told with its place and what to do', async (t) => {
  const faults = checkExpression({
    all: [
      { path: 'nowhere', op: 'eq', value: 'x' },
      { path: 'tags', op: 'like', value: 'x' },
      { path: 'did', op: 'in', value: 'x' },
      { path: 'did', op: 'matches', value: '(' },
      { path: 'time.hour', op: 'eq', value: 3, zone: 'Mars/Olympus' },
      { any: [] },
      'x',
      { not: { path: 'did', op: 'exists', value: 'x' }, or: 1 },
      { path: 'did', op: 'eq' },
    ],
  });
  const told = Object.fromEntries(faults.map(({ field, message }) => [field, message]));
  t.match(told, {
    '/all/0/path': /^is unknown; there are caller, /,
    '/all/1/op': /^must be one of eq, ne/,
    '/all/2/value': 'must be array',
    '/all/3/value': /missing closing/,
    '/all/4/zone': /America\/New_York/,
    '/all/5/any': /at least one/,
    '/all/6': /must be an object/,
    '/all/7/or': /beside `not`/,
    '/all/7/not/value': /unknown here/,
    '/all/8/value': 'is missing: add it',
  });
  t.equal(faults.length, 10);
  t.throws(() => compileExpression({ path: 'did', op: 'eq' }), /condition\/value is missing/);
});

void t.test('depth and size are bounded, however the document is made', async (t) => {
  const leaf = { path: 'did', op: 'exists' };
  let deep: unknown = leaf;
  for (let depth = 0; depth < 100_000; depth += 1) deep = { not: deep };
  t.match(checkExpression(deep), [{ message: /nested deeper than 10/ }]);
  const wide = checkExpression({ any: Array.from({ length: 100_000 }, () => ({ path: 'x', op: 'exists' })) });
  t.match(wide.at(-1), { field: '', message: /more than 200 parts/ });
  t.ok(wide.length <= expressionLimits.parts + 1);
  t.same(checkExpression({ any: Array.from({ length: 199 }, () => leaf) }), []);
});

void t.test('a pattern that would run long is refused', async (t) => {
  t.match(patternFault('(?:.{1000})'), /repeats too much/);
  t.match(patternFault('x'.repeat(201)), /200 characters/);
  t.equal(patternFault('(a+)+$'), undefined, 'no backtracking: harmless');
  t.equal(holds({ path: 'did', op: 'matches', value: '(\\+?\\d+)+x' }), false);
});

void t.test('what the check passes fits the schema told to the world, and compiles', async (t) => {
  const path = fc.constantFrom(
    'caller',
    'tags',
    'time.hour',
    'variables.x',
    'queue.length',
    '',
    'variables.',
  );
  const text = fc.string({ maxLength: 5 });
  const zone = fc.constantFrom('UTC', 'Asia/Kolkata', 'x');
  const compared = (ops: readonly string[], value: fc.Arbitrary<unknown>) =>
    fc.record({ path, op: fc.constantFrom(...ops), value, zone }, { requiredKeys: ['path', 'op', 'value'] });
  const { expression } = fc.letrec<{ expression: unknown }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      compared(['eq', 'ne', 'lt'], fc.oneof(text, fc.double(), fc.boolean())),
      compared(['contains', 'matches', 'is'], text),
      compared(['in'], fc.array(fc.oneof(text, fc.integer(), fc.constant(null)))),
      fc.record({ path, op: fc.constantFrom('exists', 'empty') }),
      fc.record({ all: fc.array(tie('expression'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('expression'), { maxLength: 3 }) }),
      fc.record({ not: tie('expression') }),
      fc.jsonValue(),
    ),
  }));
  let passed = 0;
  fc.assert(
    fc.property(expression, (made) => {
      if (checkExpression(made).length > 0) return;
      passed += 1;
      if (!validatorOf(ExpressionSchema).Check(made)) throw new Error('the schema refuses it');
      compileExpression(made)(facts);
    }),
    { numRuns: 2000 },
  );
  t.ok(passed > 50, `${passed} were sound`);
});
