import { type Static, Type } from 'typebox';
import {
  type ExpressionFacts,
  expressionPaths,
  type FactValue,
  isZone,
  readerOf,
} from './expression-path.ts';
import { compilePattern, patternFault } from './pattern.ts';
import { type FieldFault, schemaFaults } from './schema-faults.ts';

export type { ExpressionFacts } from './expression-path.ts';

/** How far a condition may go: the walker runs it in the call's own time. */
export const expressionLimits = { depth: 10, parts: 200, listLength: 200, textLength: 2000 } as const;

const common = {
  path: Type.String({
    minLength: 1,
    maxLength: 80,
    description: `What is looked at: ${expressionPaths.join(', ')}.`,
  }),
  zone: Type.Optional(
    Type.String({ maxLength: 60, description: 'IANA time zone of the `time.…` paths. Default UTC.' }),
  ),
};
const text = Type.String({ maxLength: expressionLimits.textLength });
const strict = { additionalProperties: false } as const;

/** `eq` and `ne` compare texts, or numbers where the value is written as a number. `ne` is true of what is missing. */
const EqualitySchema = Type.Object(
  { ...common, op: Type.Enum(['eq', 'ne']), value: Type.Union([text, Type.Number(), Type.Boolean()]) },
  strict,
);
/** Compares numbers where both sides are numeric, else texts. */
const OrderSchema = Type.Object(
  { ...common, op: Type.Enum(['lt', 'le', 'gt', 'ge']), value: Type.Union([text, Type.Number()]) },
  strict,
);
/** `contains` of tags: has exactly this tag. `matches`: RE2 syntax, the whole text. */
const TextSchema = Type.Object(
  { ...common, op: Type.Enum(['contains', 'startsWith', 'endsWith', 'matches']), value: text },
  strict,
);
const ListSchema = Type.Object(
  {
    ...common,
    op: Type.Literal('in'),
    value: Type.Array(Type.Union([text, Type.Number()]), {
      minItems: 1,
      maxItems: expressionLimits.listLength,
    }),
  },
  strict,
);
const PresenceSchema = Type.Object({ ...common, op: Type.Enum(['exists', 'empty']) }, strict);

/** A condition as a JSON document. Of several values (tags) it is enough that one fits. */
export const ExpressionSchema = Type.Cyclic(
  {
    Expression: Type.Union([
      Type.Object({ all: Type.Array(Type.Ref('Expression'), { minItems: 1 }) }, strict),
      Type.Object({ any: Type.Array(Type.Ref('Expression'), { minItems: 1 }) }, strict),
      Type.Object({ not: Type.Ref('Expression') }, strict),
      EqualitySchema,
      OrderSchema,
      TextSchema,
      ListSchema,
      PresenceSchema,
    ]),
  },
  'Expression',
);

export type Comparison =
  | Static<typeof EqualitySchema>
  | Static<typeof OrderSchema>
  | Static<typeof TextSchema>
  | Static<typeof ListSchema>
  | Static<typeof PresenceSchema>;
export type Expression =
  | { readonly all: readonly Expression[] }
  | { readonly any: readonly Expression[] }
  | { readonly not: Expression }
  | Comparison;

const schemaOfOp = {
  eq: EqualitySchema,
  ne: EqualitySchema,
  lt: OrderSchema,
  le: OrderSchema,
  gt: OrderSchema,
  ge: OrderSchema,
  contains: TextSchema,
  startsWith: TextSchema,
  endsWith: TextSchema,
  matches: TextSchema,
  in: ListSchema,
  exists: PresenceSchema,
  empty: PresenceSchema,
} as const;

/** All that is wrong with a condition; none: `compileExpression` takes it. */
export function checkExpression(expression: unknown): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  let parts = 0;
  const check = (part: unknown, at: string, depth: number): void => {
    parts += 1;
    if (parts > expressionLimits.parts) return;
    if (depth > expressionLimits.depth) {
      faults.push({ field: at, message: `is nested deeper than ${expressionLimits.depth}: make it flatter` });
      return;
    }
    if (typeof part !== 'object' || part === null || Array.isArray(part)) {
      faults.push({
        field: at,
        message: 'must be an object with `all`, `any`, `not`, or `path` and `op`',
      });
      return;
    }
    const group = (['all', 'any', 'not'] as const).find((name) => Object.hasOwn(part, name));
    if (group === undefined) faults.push(...checkComparison(part, at));
    else checkGroup(part, group, at, depth);
  };
  const checkGroup = (part: object, group: 'all' | 'any' | 'not', at: string, depth: number): void => {
    for (const name of Object.keys(part))
      if (name !== group)
        faults.push({
          field: `${at}/${name.slice(0, 80)}`,
          message: `may not stand beside \`${group}\`: remove it`,
        });
    const inner: unknown = Reflect.get(part, group);
    if (group === 'not') check(inner, `${at}/not`, depth + 1);
    else if (!Array.isArray(inner) || inner.length === 0)
      faults.push({ field: `${at}/${group}`, message: 'must be a list of at least one condition' });
    else
      for (const [index, one] of inner.entries()) {
        check(one, `${at}/${group}/${index}`, depth + 1);
        if (parts > expressionLimits.parts) break;
      }
  };
  check(expression, '', 1);
  if (parts > expressionLimits.parts)
    faults.push({ field: '', message: `has more than ${expressionLimits.parts} parts: make it shorter` });
  return faults;
}

function checkComparison(part: object, at: string): FieldFault[] {
  const operator: unknown = Reflect.get(part, 'op');
  if (typeof operator !== 'string' || !Object.hasOwn(schemaOfOp, operator))
    return [{ field: `${at}/op`, message: `must be one of ${Object.keys(schemaOfOp).join(', ')}` }];
  const faults = schemaFaults(schemaOfOp[operator as Comparison['op']], part, at);
  if (faults.length > 0) return faults;
  const comparison = part as Comparison;
  if (readerOf(comparison.path) === undefined)
    faults.push({ field: `${at}/path`, message: `is unknown; there are ${expressionPaths.join(', ')}` });
  if (comparison.zone !== undefined && !isZone(comparison.zone))
    faults.push({ field: `${at}/zone`, message: 'is no time zone: write one such as America/New_York' });
  const fault = comparison.op === 'matches' ? patternFault(comparison.value) : undefined;
  if (fault !== undefined) faults.push({ field: `${at}/value`, message: fault });
  return faults;
}

/** A condition ready to be asked; never throws. */
export type CompiledExpression = (facts: ExpressionFacts) => boolean;

const compiled = new WeakMap<object, CompiledExpression>();

/** Compiles a condition once an object. Throws TypeError with every fault where `checkExpression` has any. */
export function compileExpression(expression: unknown): CompiledExpression {
  const known = typeof expression === 'object' && expression !== null ? compiled.get(expression) : undefined;
  if (known !== undefined) return known;
  const faults = checkExpression(expression);
  if (faults.length > 0)
    throw new TypeError(faults.map(({ field, message }) => `condition${field} ${message}`).join('; '));
  const checked = expression as Expression;
  const made = build(checked);
  compiled.set(checked, made);
  return made;
}

function build(expression: Expression): CompiledExpression {
  if ('all' in expression) {
    const parts = expression.all.map(build);
    return (facts) => parts.every((holds) => holds(facts));
  }
  if ('any' in expression) {
    const parts = expression.any.map(build);
    return (facts) => parts.some((holds) => holds(facts));
  }
  if ('not' in expression) {
    const holds = build(expression.not);
    return (facts) => !holds(facts);
  }
  const read = readerOf(expression.path);
  const zone = expression.zone ?? 'UTC';
  const test = testOf(expression);
  return (facts) => read !== undefined && test(read(facts, zone));
}

function testOf(comparison: Comparison): (value: FactValue) => boolean {
  switch (comparison.op) {
    case 'eq':
      return some(equals(comparison.value));
    case 'ne': {
      const equal = some(equals(comparison.value));
      return (value) => !equal(value);
    }
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return some(ordered(comparison.op, comparison.value));
    case 'in': {
      const tests = comparison.value.map(equals);
      return some((one) => tests.some((equal) => equal(one)));
    }
    case 'contains': {
      const { value: part } = comparison;
      return (value) =>
        typeof value === 'string' ? value.includes(part) : some((one) => one === part)(value);
    }
    case 'startsWith': {
      const { value: start } = comparison;
      return some((one) => one.startsWith(start));
    }
    case 'endsWith': {
      const { value: end } = comparison;
      return some((one) => one.endsWith(end));
    }
    case 'matches': {
      const pattern = compilePattern(comparison.value);
      return some((one) => pattern.matches(one));
    }
    case 'exists':
      return some(() => true);
    case 'empty': {
      const filled = some((one) => one !== '');
      return (value) => !filled(value);
    }
  }
}

function some(test: (one: string) => boolean): (value: FactValue) => boolean {
  return (value) => {
    if (value === undefined) return false;
    if (typeof value === 'string') return test(value);
    for (const one of value) if (test(one)) return true;
    return false;
  };
}

function equals(expected: string | number | boolean): (one: string) => boolean {
  if (typeof expected === 'number') return (one) => numeric(one) === expected;
  const wanted = String(expected);
  return (one) => one === wanted;
}

function ordered(operator: 'lt' | 'le' | 'gt' | 'ge', bound: string | number): (one: string) => boolean {
  const boundText = String(bound);
  const boundNumber = typeof bound === 'number' ? bound : numeric(bound);
  return (one) => {
    const number = numeric(one);
    const order =
      number !== undefined && boundNumber !== undefined
        ? Math.sign(number - boundNumber)
        : one < boundText
          ? -1
          : Number(one > boundText);
    switch (operator) {
      case 'lt':
        return order < 0;
      case 'le':
        return order <= 0;
      case 'gt':
        return order > 0;
      case 'ge':
        return order >= 0;
    }
  };
}

/** A decimal number as people write it; what a double cannot hold exactly (16 digits and more) stays a text. */
function numeric(value: string): number | undefined {
  return /^[+-]?\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : undefined;
}
