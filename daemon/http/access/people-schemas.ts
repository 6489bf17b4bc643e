import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable, UuidSchema } from '../schemas.ts';
import { byName, listQuery } from './list-schemas.ts';
import { ViewName } from './role-schemas.ts';
import { EmailSchema, Line, NewPasswordSchema } from './session-schemas.ts';

/** A user as one of their tenants sees them. */
export const UserSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  lastSignInAt: Nullable(InstantSchema),
  role: Type.Object({ id: Type.String(), name: Type.String(), view: ViewName }),
  publisherId: Nullable(Type.String()),
  buyerId: Nullable(Type.String()),
  memberSince: InstantSchema,
});
export type UserView = Static<typeof UserSchema>;
export const UserPageSchema = Type.Object({ users: Type.Array(Type.Partial(UserSchema)), next: NextSchema });
export const UserQuerySchema = listQuery({
  ...byName,
  email: Type.Optional(EmailSchema),
  enabled: Type.Optional(Type.Boolean()),
});
export type UserQuery = Static<typeof UserQuerySchema>;

const membership = {
  roleId: UuidSchema,
  publisherId: Type.Optional(Nullable(UuidSchema)),
  buyerId: Type.Optional(Nullable(UuidSchema)),
};
export const NewUserSchema = Type.Object(
  {
    email: EmailSchema,
    name: Line(200),
    ...membership,
    password: Type.Optional(NewPasswordSchema),
  },
  { additionalProperties: false },
);
export type NewUser = Static<typeof NewUserSchema>;
export const InitialPassword = Nullable(
  Type.String({
    description:
      'Made where none was given, shown this once: good only to choose another one at the first sign-in',
  }),
);
export const MadeUserSchema = Type.Object({ ...UserSchema.properties, initialPassword: InitialPassword });
export type MadeUser = Static<typeof MadeUserSchema>;

export const MembershipBodySchema = Type.Object(membership, { additionalProperties: false });
export type MembershipBody = Static<typeof MembershipBodySchema>;

export const AccountChangeSchema = Type.Object(
  {
    name: Type.Optional(Line(200)),
    enabled: Type.Optional(Type.Boolean({ description: 'False: they sign in no more' })),
    resetPassword: Type.Optional(
      Type.Literal(true, { description: 'A new first password, and every session of theirs ends' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type AccountChange = Static<typeof AccountChangeSchema>;

/** A membership that is offered, and counts for nothing until whoever has the account accepts it. */
export const InvitationSchema = Type.Object({
  id: Type.String(),
  email: Type.String(),
  role: Type.Object({ id: Type.String(), name: Type.String(), view: ViewName }),
  publisherId: Nullable(Type.String()),
  buyerId: Nullable(Type.String()),
  createdBy: Nullable(Type.String()),
  createdAt: InstantSchema,
  expiresAt: InstantSchema,
});
export type InvitationView = Static<typeof InvitationSchema>;
export const InvitationPageSchema = Type.Object({
  invitations: Type.Array(Type.Partial(InvitationSchema)),
  next: NextSchema,
});
export const InvitationBodySchema = Type.Object(
  { email: EmailSchema, ...membership },
  { additionalProperties: false },
);
export type InvitationBody = Static<typeof InvitationBodySchema>;
export const MadeInvitationSchema = Type.Object({
  ...InvitationSchema.properties,
  code: Nullable(
    Type.String({
      description:
        'Shown this once: hand it to that person yourself. Null in an answer that is given again for its idempotency key',
    }),
  ),
});
export type MadeInvitation = Static<typeof MadeInvitationSchema>;
