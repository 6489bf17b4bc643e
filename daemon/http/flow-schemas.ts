import { type Static, Type } from 'typebox';
import { FlowGraphSchema } from '../flow/flow-graph.ts';
import { InstantSchema, NextSchema, Nullable, pageQuery, UuidSchema } from './schemas.ts';

export const FlowVersionSummarySchema = Type.Object({
  id: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  state: Type.Enum(['draft', 'published', 'retired']),
  createdAt: InstantSchema,
  publishedAt: Nullable(InstantSchema),
});
export type FlowVersionSummary = Static<typeof FlowVersionSummarySchema>;

export const FlowSummarySchema = Type.Object({
  id: Type.String(),
  tenantId: Type.String(),
  name: Type.String(),
  /** The version new calls take, null where none is published. */
  publishedVersion: Nullable(Type.Integer()),
});
export type FlowSummary = Static<typeof FlowSummarySchema>;

export const FlowDetailSchema = Type.Object({
  ...FlowSummarySchema.properties,
  versions: Type.Array(FlowVersionSummarySchema),
  /** The published version's graph, else the newest one's; null where the flow has no version yet. */
  graph: Nullable(FlowGraphSchema),
});
export type FlowDetail = Static<typeof FlowDetailSchema>;

export const FlowPageSchema = Type.Object({ flows: Type.Array(FlowSummarySchema), next: NextSchema });

export const FlowQuerySchema = Type.Object(
  { tenant: Type.Optional(UuidSchema), ...pageQuery },
  { additionalProperties: false },
);

export const NodeTypeSchema = Type.Object({
  type: Type.String(),
  help: Type.String(),
  /** JSON schema of the params. */
  params: Type.Unsafe<object>(Type.Object({}, { additionalProperties: true })),
  exits: Type.Array(Type.Object({ name: Type.String(), rule: Type.Enum(['required', 'optional']) })),
  waitsForCaller: Type.Boolean(),
});
