import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable, pageQuery, UuidSchema } from '../schemas.ts';
import { ScopesSchema } from './giving.ts';
import { Line } from './session-schemas.ts';

export const ApiKeySchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** What the key begins with: names it in lists and logs. */
  prefix: Type.String(),
  scopes: Type.Array(Type.String()),
  createdBy: Nullable(Type.String()),
  createdAt: InstantSchema,
  /** To the minute. */
  lastUsedAt: Nullable(InstantSchema),
  expiresAt: Nullable(InstantSchema),
  revokedAt: Nullable(InstantSchema),
});
export type ApiKeyView = Static<typeof ApiKeySchema>;

export const NewApiKeySchema = Type.Object({
  ...ApiKeySchema.properties,
  key: Type.String({ description: 'The key itself: shown this once, and kept nowhere' }),
});

export const ApiKeyPageSchema = Type.Object({ apiKeys: Type.Array(ApiKeySchema), next: NextSchema });

export const ApiKeyBodySchema = Type.Object(
  {
    name: Line(100),
    scopes: ScopesSchema,
    expiresAt: Type.Optional(Nullable(Type.String({ format: 'date-time', maxLength: 40 }))),
  },
  { additionalProperties: false },
);
export type ApiKeyBody = Static<typeof ApiKeyBodySchema>;

/** Newest first; the cursor is the last one's id. */
export const NewestQuerySchema = Type.Object(
  { ...pageQuery, cursor: Type.Optional(UuidSchema) },
  { additionalProperties: false },
);
export type NewestQuery = Static<typeof NewestQuerySchema>;

/** One page of rows read with one more than asked for. */
export function pageOf<Row extends { readonly id: string }>(
  found: readonly Row[],
  limit: number,
): { rows: Row[]; next: string | null } {
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.id ?? null) : null };
}
