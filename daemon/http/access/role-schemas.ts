import { type Static, Type } from 'typebox';
import { NextSchema } from '../schemas.ts';
import { ScopesSchema } from './giving.ts';
import { byName, listQuery } from './list-schemas.ts';

export const ViewName = Type.Enum(['tenant', 'publisher', 'buyer']);

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
export const RoleListSchema = Type.Object({ roles: Type.Array(Type.Partial(RoleSchema)), next: NextSchema });
export const RoleQuerySchema = listQuery(byName);
export type RoleQuery = Static<typeof RoleQuerySchema>;

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
