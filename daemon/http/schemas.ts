import { type Static, type TSchema, Type } from 'typebox';

/** A value that may be missing: JSON has null for it, never an absent key, so that clients see every field. */
export function Nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** UTC with microseconds (RFC 3339), fixed width: the text sorts as the time does. */
export const InstantSchema = Type.String({ examples: ['2026-07-17T10:00:00.123456Z'] });

export const UuidSchema = Type.String({
  pattern: '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$',
});

/**
 * Whether it is a moment, and of the years a call may have: PostgreSQL knows fewer years than a client can write, and
 * some that JavaScript does not.
 */
export function isNearMoment(at: Date): boolean {
  const year = at.getUTCFullYear(); // NaN where it is no moment
  return year >= 1970 && year <= 2200;
}

/** One thing that is wrong with what was sent. */
export const FaultSchema = Type.Object({
  node: Type.Optional(Type.String({ description: "Of a flow: the node's id" })),
  /** JSON pointer (RFC 6901) to the field. */
  field: Type.String({ description: 'JSON pointer to the field, empty for the whole' }),
  message: Type.String({ description: 'What is wrong and what to do' }),
  line: Type.Optional(Type.Integer({ description: 'Of a file that was sent; its first line is 1' })),
});
export type Fault = Static<typeof FaultSchema>;

/** Problem details (RFC 9457). */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Stable name of the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String({ description: 'What happened this time and what to do' })),
    requestId: Type.Optional(Type.String({ description: 'Names this request in the log' })),
    faults: Type.Optional(Type.Array(FaultSchema)),
  },
  { $id: 'Problem', description: 'Problem details (RFC 9457)' },
);
export type ProblemBody = Static<typeof ProblemSchema>;

/** `limit` and `cursor` of every list. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: '`next` of the page before' })),
};

/** `next` of every list: null on the last page. */
export const NextSchema = Nullable(Type.String());

/** Microseconds since 1970 as an instant. */
export function instantOfUs(us: number): string {
  const whole = Math.round(us);
  const ms = Math.floor(whole / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(whole - ms * 1000).padStart(3, '0')}Z`);
}

/** Milliseconds since 1970 as an instant. */
export function instantOfMs(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
