import { type Static, Type } from 'typebox';
import { fieldList } from '../resources/page-query.ts';
import { InstantSchema, NextSchema, Nullable, pageQuery, UuidSchema } from '../schemas.ts';
import { Line } from './session-schemas.ts';

export const AuditEntrySchema = Type.Object({
  id: Type.String(),
  at: InstantSchema,
  actor: Type.Object({
    kind: Type.Enum(['user', 'api_key', 'operator', 'system']),
    id: Nullable(Type.String()),
  }),
  /** `campaign.update`, `flow.publish` … */
  action: Type.String(),
  /** The table and the row. */
  subject: Type.String(),
  subjectId: Nullable(Type.String()),
  before: Nullable(Type.Unsafe<object>(Type.Object({}, { additionalProperties: true }))),
  after: Nullable(Type.Unsafe<object>(Type.Object({}, { additionalProperties: true }))),
  requestId: Nullable(Type.String()),
  address: Nullable(Type.String()),
});
export type AuditEntry = Static<typeof AuditEntrySchema>;

export const AuditPageSchema = Type.Object({
  /** With `?fields=` a part of each. */
  entries: Type.Array(Type.Partial(AuditEntrySchema)),
  next: NextSchema,
});

const Moment = Type.String({ format: 'date-time', maxLength: 40, examples: ['2026-07-17T00:00:00Z'] });

export const AuditQuerySchema = Type.Object(
  {
    subject: Type.Optional(Line(63, 'The table: `campaign`')),
    subjectId: Type.Optional(UuidSchema),
    action: Type.Optional(Line(100)),
    actorId: Type.Optional(UuidSchema),
    from: Type.Optional(Moment),
    to: Type.Optional(Moment),
    ...pageQuery,
    cursor: Type.Optional(UuidSchema),
    fields: fieldList,
  },
  { additionalProperties: false },
);
export type AuditQuery = Static<typeof AuditQuerySchema>;
