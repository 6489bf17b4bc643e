import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable, UuidSchema } from '../schemas.ts';
import { ScopesSchema } from './giving.ts';
import { EmailSchema, Line, NewPasswordSchema } from './session-schemas.ts';

const ViewName = Type.Enum(['tenant', 'publisher', 'buyer']);

export const RoleSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  /** Whose rows it shows: the tenant's, or those of one publisher or buyer, which a membership names. */
  view: ViewName,
  scopes: Type.Array(Type.String()),
  /** Of the platform: the same in every tenant, and not the tenant's to change. */
  platform: Type.Boolean(),
});
export type RoleView = Static<typeof RoleSchema>;
export const RoleListSchema = Type.Object({ roles: Type.Array(RoleSchema), next: NextSchema });

const RoleName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,62}$' });
const Description = Type.String({ maxLength: 300, pattern: '^[^\\u0000]*$' });
export const RoleBodySchema = Type.Object(
  {
    name: RoleName,
    description: Type.Optional(Description),
    view: Type.Optional(ViewName),
    scopes: ScopesSchema,
  },
  { additionalProperties: false },
);
export type RoleBody = Static<typeof RoleBodySchema>;
/** The view stays: memberships rest on it. */
export const RoleChangeSchema = Type.Object(
  {
    name: Type.Optional(RoleName),
    description: Type.Optional(Description),
    scopes: Type.Optional(ScopesSchema),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type RoleChange = Static<typeof RoleChangeSchema>;

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
export const UserPageSchema = Type.Object({ users: Type.Array(UserSchema), next: NextSchema });

const membership = {
  roleId: UuidSchema,
  publisherId: Type.Optional(Nullable(UuidSchema)),
  buyerId: Type.Optional(Nullable(UuidSchema)),
};
export const InvitationSchema = Type.Object(
  {
    email: EmailSchema,
    name: Line(200),
    ...membership,
    password: Type.Optional(NewPasswordSchema),
  },
  { additionalProperties: false },
);
export type Invitation = Static<typeof InvitationSchema>;
export const InvitedSchema = Type.Object({
  ...UserSchema.properties,
  /** Made for a new user where none was given: shown this once. Null for somebody who has a password. */
  initialPassword: Nullable(Type.String()),
});

export const MembershipBodySchema = Type.Object(membership, { additionalProperties: false });
export type MembershipBody = Static<typeof MembershipBodySchema>;
