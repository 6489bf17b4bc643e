import { type Static, Type } from 'typebox';
import { InstantSchema, Nullable, UuidSchema } from '../schemas.ts';

/** A text PostgreSQL can keep: it has no place for NUL. */
export const Line = (maxLength: number, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    ...(description === undefined ? {} : { description }),
  });

export const EmailSchema = Type.String({ maxLength: 254, pattern: '^[^@\\s\\u0000]+@[^@\\s\\u0000]+$' });

/** Two more than NIST SP 800-63B (revision 3, 5.1.1.2) asks for; bounded, for each is hashed. */
export const NewPasswordSchema = Type.String({
  minLength: 10,
  maxLength: 200,
  description: 'At least 10 characters',
});

export const SignInBodySchema = Type.Object(
  { email: EmailSchema, password: Type.String({ minLength: 1, maxLength: 200 }) },
  { additionalProperties: false },
);

export const PasswordBodySchema = Type.Object(
  { current: Type.String({ minLength: 1, maxLength: 200 }), new: NewPasswordSchema },
  { additionalProperties: false },
);

export const TenantChoiceSchema = Type.Object({ tenantId: UuidSchema }, { additionalProperties: false });

export const AcceptanceSchema = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 100, description: 'As whoever invited you gave it to you' }),
    password: NewPasswordSchema,
  },
  { additionalProperties: false },
);

const SessionSchema = Type.Object({
  id: Type.String(),
  /** The one that asks. */
  current: Type.Boolean(),
  address: Nullable(Type.String()),
  userAgent: Nullable(Type.String()),
  createdAt: InstantSchema,
  /** To the minute. */
  lastUsedAt: Nullable(InstantSchema),
  expiresAt: InstantSchema,
});
export type SessionView = Static<typeof SessionSchema>;
export const SessionListSchema = Type.Object({ sessions: Type.Array(SessionSchema) });

const ViewName = Type.Enum(['tenant', 'publisher', 'buyer']);

/** Who asks, and what they may do where. */
export const WhoSchema = Type.Object({
  kind: Type.Enum(['operator', 'user', 'api_key']),
  user: Nullable(Type.Object({ id: Type.String(), email: Type.String(), name: Type.String() })),
  /** The password was given by somebody else: until `PUT /session/password` nothing else is let in. */
  mustChoosePassword: Type.Boolean(),
  /** The tenant a request is about unless it names another. */
  tenantId: Nullable(Type.String()),
  view: ViewName,
  scopes: Type.Array(Type.String()),
  memberships: Type.Array(
    Type.Object({
      tenantId: Type.String(),
      tenant: Type.String(),
      role: Type.String(),
      view: ViewName,
      /** Whose rows it shows, where not the tenant's. */
      publisherId: Nullable(Type.String()),
      buyerId: Nullable(Type.String()),
      scopes: Type.Array(Type.String()),
    }),
  ),
  /** For the header `x-csrf-token` of every change; null for keys, which need none. */
  csrfToken: Nullable(Type.String()),
});
