import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable } from '../schemas.ts';
import { byName, listQuery } from './list-schemas.ts';
import { Line } from './session-schemas.ts';

const WholeNumbers = Type.Boolean({
  description:
    'Whether its publishers and buyers see whole telephone numbers; otherwise the last four digits. Default: false',
});

export const TenantSchema = Type.Object({
  id: Type.String(),
  slug: Type.String(),
  name: Type.String(),
  /** False: its calls are refused. */
  enabled: Type.Boolean(),
  maxCalls: Nullable(Type.Integer()),
  wholeNumbers: WholeNumbers,
  /** Set while it is being deleted. */
  deletingSince: Nullable(InstantSchema),
  createdAt: InstantSchema,
});
export type TenantView = Static<typeof TenantSchema>;
export const TenantPageSchema = Type.Object({
  tenants: Type.Array(Type.Partial(TenantSchema)),
  next: NextSchema,
});

const fields = {
  slug: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  name: Line(200),
  enabled: Type.Boolean(),
  maxCalls: Nullable(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  wholeNumbers: WholeNumbers,
};
export const TenantQuerySchema = listQuery({
  ...byName,
  slug: Type.Optional(fields.slug),
  enabled: Type.Optional(fields.enabled),
});
export type TenantQuery = Static<typeof TenantQuerySchema>;
export const TenantBodySchema = Type.Object(
  {
    slug: fields.slug,
    name: fields.name,
    enabled: Type.Optional(fields.enabled),
    maxCalls: Type.Optional(fields.maxCalls),
    wholeNumbers: Type.Optional(fields.wholeNumbers),
  },
  { additionalProperties: false },
);
export type TenantBody = Static<typeof TenantBodySchema>;
export const TenantChangeSchema = Type.Partial(Type.Object(fields), {
  additionalProperties: false,
  minProperties: 1,
});
export type TenantChange = Static<typeof TenantChangeSchema>;
/** What a tenant's admin changes of it; how it is called in addresses and how much it may do is the operators' to say. */
export const OwnTenantChangeSchema = Type.Pick(TenantChangeSchema, ['name', 'wholeNumbers'], {
  additionalProperties: false,
  minProperties: 1,
});
export type OwnTenantChange = Static<typeof OwnTenantChangeSchema>;

export const TenantDeletionSchema = Type.Object({
  id: Type.String(),
  state: Type.Enum(['deleting']),
});
export const ConfirmQuerySchema = Type.Object(
  { confirm: Type.String({ maxLength: 200, description: "The tenant's name, so that it is no slip" }) },
  { additionalProperties: false },
);
