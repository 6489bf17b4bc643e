import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable } from '../schemas.ts';
import { InitialPassword } from './people-schemas.ts';
import { EmailSchema, Line } from './session-schemas.ts';

export const OperatorSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  lastSignInAt: Nullable(InstantSchema),
  createdAt: InstantSchema,
});
export type OperatorView = Static<typeof OperatorSchema>;
export const OperatorPageSchema = Type.Object({
  operators: Type.Array(Type.Partial(OperatorSchema)),
  next: NextSchema,
});
export const NewOperatorSchema = Type.Object(
  { email: EmailSchema, name: Line(200) },
  { additionalProperties: false },
);
export type NewOperator = Static<typeof NewOperatorSchema>;
export const MadeOperatorSchema = Type.Object({
  ...OperatorSchema.properties,
  initialPassword: InitialPassword,
});
export type MadeOperator = Static<typeof MadeOperatorSchema>;
