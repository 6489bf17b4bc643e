import { type Static, Type } from 'typebox';
import { InstantSchema, NextSchema, Nullable } from '../schemas.ts';
import { ScopesSchema } from './giving.ts';
import { byName, listQuery } from './list-schemas.ts';
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
  key: Nullable(
    Type.String({
      description:
        'The key itself: shown this once, and kept nowhere. Null in an answer that is given again for its idempotency key: rotate then',
    }),
  ),
});
export type NewApiKey = Static<typeof NewApiKeySchema>;

export const ApiKeyPageSchema = Type.Object({
  apiKeys: Type.Array(Type.Partial(ApiKeySchema)),
  next: NextSchema,
});
export const ApiKeyQuerySchema = listQuery(byName);
export type ApiKeyQuery = Static<typeof ApiKeyQuerySchema>;

const fields = {
  name: Line(100),
  scopes: ScopesSchema,
  expiresAt: Nullable(Type.String({ format: 'date-time', maxLength: 40 })),
};
export const ApiKeyBodySchema = Type.Object(
  { name: fields.name, scopes: fields.scopes, expiresAt: Type.Optional(fields.expiresAt) },
  { additionalProperties: false },
);
export type ApiKeyBody = Static<typeof ApiKeyBodySchema>;
export const ApiKeyChangeSchema = Type.Partial(Type.Object(fields), {
  additionalProperties: false,
  minProperties: 1,
});
export type ApiKeyChange = Static<typeof ApiKeyChangeSchema>;
