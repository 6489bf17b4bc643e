import t from 'tap';
import { Type } from 'typebox';
import { defineNode } from '../../../daemon/flow/define-node.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';

/** product.md's table: `†` is required. */
const table: Record<string, string> = {
  answer: 'next',
  play: 'done key:<d>',
  ivr: 'key:<d> match:<name> timeout† invalid†',
  gather: 'valid† invalid† timeout†',
  condition: 'branch:<name> else†',
  schedule: 'open† closed† holiday',
  set: 'next',
  tag: 'next',
  queue: 'ready† timeout† full† noAgents exitKey:<d> callback',
  buyer:
    'connectedEnded† buyerHungUpEarly noAnswer† busy† rejected† failed† allCapped† notAccepted maxDuration',
  dial: 'connectedEnded† noAnswer† busy† rejected† failed†',
  record: 'next storageUnavailable',
  goto: 'return:<name> missing†',
  hangup: '',
};

void t.test('every node type has the exits of the product', async (t) => {
  t.same([...nodeTypes.keys()].sort(), Object.keys(table).sort());
  for (const [type, definition] of nodeTypes) {
    const exits = Object.entries(definition.exits).map(([exit, rule]) =>
      rule === 'required' ? `${exit}†` : exit,
    );
    t.equal(exits.join(' '), table[type], type);
  }
});

/** Every schema within a schema. */
function* within(schema: unknown): Generator<Record<string, unknown>> {
  if (typeof schema !== 'object' || schema === null) return;
  yield schema as Record<string, unknown>;
  for (const inner of Object.values(schema)) yield* within(inner);
}

void t.test('params are closed, bounded and explained', async (t) => {
  for (const [type, { params, help }] of nodeTypes) {
    t.ok(help.endsWith('.'), type);
    for (const part of within(params)) {
      if (part['type'] === 'object' && 'properties' in part)
        t.equal(part['additionalProperties'], false, type);
      if (part['type'] === 'string' && !('const' in part))
        t.ok('maxLength' in part || 'pattern' in part, `${type}: ${JSON.stringify(part)}`);
      if (part['type'] === 'array') t.ok('maxItems' in part, `${type}: ${JSON.stringify(part)}`);
      if (part['type'] === 'number' || part['type'] === 'integer')
        t.ok('minimum' in part, `${type}: ${JSON.stringify(part)}`);
    }
  }
});

void t.test('every param and every exit is explained', async (t) => {
  for (const [type, { params, exits, exitHelp = {} }] of nodeTypes) {
    for (const part of within(params))
      for (const [name, param] of Object.entries((part['properties'] ?? {}) as Record<string, object>))
        t.ok('description' in param || 'title' in param || 'const' in param, `${type}: ${name}`);
    t.same(Object.keys(exitHelp).sort(), Object.keys(exits).sort(), type);
    for (const [exit, words] of Object.entries(exitHelp)) t.ok(words.length > 10, `${type}: ${exit}`);
  }
});

void t.test('times in params name their unit', async (t) => {
  for (const [type, { params }] of nodeTypes)
    for (const part of within(params))
      for (const name of Object.keys((part['properties'] ?? {}) as object))
        if (
          /timeout|wait|duration|delay|every|within/i.test(name) &&
          !/^(max(Timeouts)|timeoutPrompt)$/.test(name)
        )
          t.match(name, /Seconds$/, `${type}: ${name}`);
});

void t.test('a misspelt exit does not compile', async (t) => {
  const definition = defineNode({
    type: 'misspelt',
    help: 'Shows what the compiler refuses.',
    params: Type.Object({}),
    exits: { done: 'optional', 'key:<d>': 'optional' },
    // @ts-expect-error `finished` is no exit
    run: async () => 'finished',
  });
  const right = defineNode({
    type: 'right',
    help: 'Shows what it takes.',
    params: Type.Object({}),
    exits: { done: 'optional', 'key:<d>': 'optional' },
    run: async (ctx) => (ctx.resumed ? 'done' : 'key:5'),
  });
  t.not(definition.type, right.type);
});
