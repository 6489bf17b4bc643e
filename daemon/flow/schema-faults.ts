import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Settings } from 'typebox/system';

/** One thing wrong with a document: a JSON pointer into it, and a sentence that says what to do. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

type SchemaError = ReturnType<Validator['Errors']>[number];

// TypeBox tells eight by default: too few to see which form of a union was meant, and a flow's author wants them all.
Settings.Set({ maxErrors: 200 });

const validators = new WeakMap<TSchema, Validator>();

/** The schema's validator, compiled once. */
export function validatorOf(schema: TSchema): Validator {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(schema) as unknown as Validator;
    validators.set(schema, validator);
  }
  return validator;
}

/** Everything in `value` that the schema refuses, `at` the pointer of `value` itself; none: it fits. */
export function schemaFaults(schema: TSchema, value: unknown, at = ''): FieldFault[] {
  const validator = validatorOf(schema);
  if (validator.Check(value)) return [];
  const faults = oneForm([...validator.Errors(value)]).flatMap((error) => sentences(error));
  const seen = new Set<string>();
  return faults.flatMap(({ field, message }) => {
    const key = `${field} ${message}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ field: at + field, message }];
  });
}

/**
 * A union's errors come once a form. Where a literal (`kind`) tells which form was meant, only that form's errors
 * stay; where no form's literal fits, one error lists them.
 */
function oneForm(
  errors: readonly SchemaError[],
  settled: ReadonlySet<SchemaError> = new Set(),
): SchemaError[] {
  const union = errors.find((error) => error.keyword === 'anyOf' && !settled.has(error));
  if (union === undefined) return [...errors];
  const prefix = `${union.schemaPath}/anyOf/`;
  const others = errors.filter((error) => error !== union && !error.schemaPath.startsWith(prefix));
  const inner = errors.filter((error) => error.schemaPath.startsWith(prefix));
  const forms = Map.groupBy(inner, (error) => error.schemaPath.slice(prefix.length).split('/')[0]);
  const meant = [...forms.values()].filter((form) => !form.some((error) => isMismatch(error, union)));
  const [only] = meant;
  if (meant.length === 1 && only !== undefined) return oneForm([...others, ...only], settled);
  const literals = inner.filter((error) => error.keyword === 'const');
  const [first] = literals;
  if (
    meant.length === 0 &&
    first !== undefined &&
    literals.every((error) => error.instancePath === first.instancePath)
  ) {
    const values = literals.map((error) => JSON.stringify(error.params.allowedValue));
    return oneForm([...others, { ...first, message: `must be one of ${values.join(', ')}` }], settled);
  }
  return oneForm([...others, union], new Set([...settled, union]));
}

/** A wrong literal one level below the union, or a wrong type of the whole: this form was not meant. */
function isMismatch(error: SchemaError, union: SchemaError): boolean {
  if (error.keyword === 'type') return error.instancePath === union.instancePath;
  return error.keyword === 'const' && error.instancePath.lastIndexOf('/') <= union.instancePath.length;
}

function sentences(error: SchemaError): FieldFault[] {
  const field = error.instancePath;
  if (error.keyword === 'required')
    return error.params.requiredProperties.map((name) => ({
      field: `${field}/${escaped(name)}`,
      message: 'is missing: add it',
    }));
  if (error.keyword === 'additionalProperties')
    return error.params.additionalProperties.map((name) => ({
      field: `${field}/${escaped(name)}`,
      message: 'is unknown here: remove it, or correct its name',
    }));
  if (error.keyword === 'boolean') return []; // the shadow of additionalProperties
  if (error.keyword === 'anyOf') return [{ field, message: 'fits none of the forms allowed here' }];
  if (error.keyword === 'enum')
    return [
      {
        field,
        message: `must be one of ${error.params.allowedValues.map((one) => JSON.stringify(one)).join(', ')}`,
      },
    ];
  return [{ field, message: error.message }];
}

function escaped(name: string): string {
  return name.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1');
}
