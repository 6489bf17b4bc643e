import { type TSchema, Type } from 'typebox';
import { InstantSchema, Nullable, UuidSchema } from '../schemas.ts';

/** One field of a resource: what it looks like, and who may write it. */
export interface Field {
  readonly schema: TSchema;
  /** `never`: shown alone. `create`: given when the row is made, fixed from then on. */
  readonly written: 'never' | 'create' | 'always';
  readonly required: boolean;
  /** What stands there where nothing is given; the column's own default says the same. */
  readonly fallback?: unknown;
  /** SQL over the row `r`, where it is not the column of its name. */
  readonly sql?: string;
  /** What the schema cannot say: the reason why a value is wrong, undefined where it is right. */
  readonly check?: ((value: unknown) => string | undefined) | undefined;
}
export type Fields = Readonly<Record<string, Field>>;

type Check = Field['check'];

/** Must be given when the row is made, may be changed. */
export const required = (schema: TSchema, check?: Check): Field => ({
  schema,
  written: 'always',
  required: true,
  check,
});
/** Must be given when the row is made, and stays. */
export const fixed = (schema: TSchema): Field => ({ schema, written: 'create', required: true });
/** May be given; `fallback` where it is not. */
export const optional = (schema: TSchema, fallback: unknown, check?: Check): Field => ({
  schema,
  written: 'always',
  required: false,
  fallback,
  check,
});
/** Told, never taken. */
export const shown = (schema: TSchema, sql?: string): Field => ({
  schema,
  written: 'never',
  required: false,
  ...(sql === undefined ? {} : { sql }),
});

/** Text a person wrote, not only white space. */
export const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' });
export const Name = Text(200);
export const Note = Nullable(Type.String({ maxLength: 1000 }));
export const Id = UuidSchema;
export const MaybeId = Nullable(UuidSchema);
export const Flag = Type.Boolean();
export const E164 = Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$', examples: ['+15551234567'] });
export const Whole = (minimum: number, maximum = 1_000_000) => Type.Integer({ minimum, maximum });
export const Currency = Type.String({ pattern: '^[A-Z]{3}$', examples: ['USD'] });

/** How many calls at once; null limits nothing. */
export const maxCalls = () => optional(Nullable(Whole(0)), null);
export const priority = () => optional(Whole(0), 0);
export const weight = () => optional(Whole(0), 1);
export const enabled = () => optional(Flag, true);
export const RingTimeout = Whole(1000, 600_000);

const microsPattern = '^(0|-?[1-9][0-9]{0,17})$';
const notNegativePattern = '^(0|[1-9][0-9]{0,17})$';
/** Money in millionths of its currency's unit, as text: a JSON number would lose some. */
export const Micros = Type.String({ pattern: microsPattern, examples: ['1500000'] });
export const MicrosNotNegative = Type.String({ pattern: notNegativePattern, examples: ['1500000'] });
/** An instant a client writes (RFC 3339, with its offset); told in UTC with microseconds. */
export const Moment = Type.String({
  format: 'date-time',
  maxLength: 40,
  examples: ['2026-07-17T10:00:00Z'],
});

/** The id every row has, and when it was written and changed. */
export const id = { id: shown(Id) };
export const createdAt = { createdAt: shown(InstantSchema) };
export const stamps = { ...createdAt, updatedAt: shown(InstantSchema) };

interface Shape {
  readonly anyOf?: readonly (TSchema & Shape)[];
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly examples?: readonly unknown[];
}

/** The schema of what is there, without `null`. */
export function presentOf(schema: TSchema): TSchema & Shape {
  const shape: TSchema & Shape = schema;
  return shape.anyOf?.find((form) => form.type !== 'null') ?? shape;
}

/** How PostgreSQL must write a value so that JSON keeps all of it. */
export function renderingOf(schema: TSchema): 'instant' | 'text' | 'plain' {
  const present = presentOf(schema);
  if (present === presentOf(InstantSchema) || present.format === 'date-time') return 'instant';
  return present.pattern === microsPattern || present.pattern === notNegativePattern ? 'text' : 'plain';
}

/** `ringTimeoutMs` → `ring_timeout_ms`: fields are called as their columns. */
export function columnOf(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
