import fc from 'fast-check';

/** The keywords of JSON schema that our schemas use. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

/** Such as some parsers take and others do not: a leap second, a year before the first. */
const oddInstants = ['2016-12-31T23:59:60Z', '0000-01-01T00:00:00Z', '2026-02-30T00:00:00Z'];

/** What no schema foresees: odd text, wrong types, things with names that JavaScript knows. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    '\0',
    '\ud800',
    '-'.repeat(36),
    ...oddInstants,
    "'; drop table call; --",
    '%',
    '../..',
    '{}',
    '💣'.repeat(300),
  ),
  fc.constantFrom<unknown>(null, true, -1, 1e308, 2 ** 53, 0.1, [], {}, { __proto__: null, constructor: 1 }),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const instants = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9000-01-01'), noInvalidDate: true })
  .map((at) => at.toISOString());

function text(schema: Schema): fc.Arbitrary<string> {
  if (schema.format === 'date-time')
    return fc.oneof(
      { weight: 5, arbitrary: instants },
      { weight: 1, arbitrary: fc.constantFrom(...oddInstants) },
    );
  if (schema.format === 'uuid') return fc.uuid();
  const { minLength = 0, maxLength = 60 } = schema;
  if (schema.pattern !== undefined)
    return fc.stringMatching(new RegExp(schema.pattern)).map((found) => {
      // Too short ones are repeated, not thrown away: few would be long enough by chance.
      const times = found === '' ? 1 : Math.ceil(minLength / found.length);
      return found.repeat(Math.max(1, times)).slice(0, maxLength);
    });
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
}

function object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, inner]) => [name, spoilt(inner, depth - 1)] as const,
  );
  const required = schema.required ?? [];
  return fc.record(Object.fromEntries(properties), {
    requiredKeys: required.filter((name) => Object.hasOwn(schema.properties ?? {}, name)),
  });
}

/** A value that fits the schema. */
export function fitting(schema: Schema, depth = 6): fc.Arbitrary<unknown> {
  if (depth <= 0) return fc.constant(null);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fitting(one, depth - 1)));
  const { type = 'any' } = schema;
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(spoilt(schema.items ?? {}, depth - 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 4, 4)),
      });
    case 'object':
      return object(schema, depth);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Mostly a value that fits; now and then one that does not. */
export function spoilt(schema: Schema, depth = 6): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema, depth) }, { weight: 1, arbitrary: junk });
}

/** An object with each property now and then missing, spoilt or new. */
export function spoiltRecord(schema: Schema | undefined): fc.Arbitrary<Record<string, unknown>> {
  const properties = Object.entries(schema?.properties ?? {}).map(
    ([name, inner]) => [name, spoilt(inner)] as const,
  );
  const known = fc.record(Object.fromEntries(properties), { requiredKeys: [] });
  const more = fc.dictionary(fc.constantFrom('x', 'constructor', '__proto__', 'id'), junk, { maxKeys: 1 });
  return fc
    .tuple(known, fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }))
    .map(([a, b]) => ({ ...a, ...b }));
}
