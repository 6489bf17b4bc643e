import { type Static, Type } from 'typebox';
import {
  FlowEdgeSchema,
  FlowFallbackSchema,
  FlowGraphSchema,
  FlowNodeSchema,
  flowLimits,
} from '../../flow/flow-graph.ts';
import { fieldList } from '../resources/page-query.ts';
import { FaultSchema, InstantSchema, NextSchema, Nullable, pageQuery, UuidSchema } from '../schemas.ts';

export const FlowVersionSummarySchema = Type.Object({
  id: Type.String(),
  version: Type.Integer({ minimum: 1 }),
  state: Type.Enum(['draft', 'published', 'retired'], {
    description: '`draft`: kept, never published. `retired`: was published, and may be again (rollback).',
  }),
  createdAt: InstantSchema,
  publishedAt: Nullable(InstantSchema),
});
export type FlowVersionSummary = Static<typeof FlowVersionSummarySchema>;

export const FlowVersionSchema = Type.Object({
  ...FlowVersionSummarySchema.properties,
  graph: FlowGraphSchema,
});
export type FlowVersionDetail = Static<typeof FlowVersionSchema>;

export const FlowVersionPageSchema = Type.Object({
  versions: Type.Array(Type.Partial(FlowVersionSummarySchema)),
  next: NextSchema,
});

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
  versions: Type.Array(FlowVersionSummarySchema, {
    description: 'The newest 200; GET /flows/:id/versions has all',
  }),
  graph: Nullable(FlowGraphSchema),
});
/** `graph`: the published version's, else the newest one's; null where the flow has no version yet. */
export type FlowDetail = Static<typeof FlowDetailSchema>;

export const FlowPageSchema = Type.Object({
  flows: Type.Array(Type.Partial(FlowSummarySchema)),
  next: NextSchema,
});

export const FlowQuerySchema = Type.Object(
  {
    tenant: Type.Optional(UuidSchema),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    namePrefix: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    fields: fieldList,
    ...pageQuery,
  },
  { additionalProperties: false },
);

/** The header `If-Match` where it may be left out. */
export const SeenSchema = Type.Object({
  'if-match': Type.Optional(Type.String({ maxLength: 1000, description: 'The etag of what you read' })),
});

/** One line of text with something to read in it. */
export const FlowNameSchema = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$',
});
export const FlowNameBodySchema = Type.Object({ name: FlowNameSchema }, { additionalProperties: false });

/** A flow graph in which something may be missing yet: what a draft keeps. */
export const FlowDraftDocumentSchema = Type.Object(
  {
    entry: Type.Optional(FlowGraphSchema.properties.entry),
    variables: FlowGraphSchema.properties.variables,
    fallback: Type.Optional(FlowFallbackSchema),
    nodes: Type.Array(FlowNodeSchema, { maxItems: flowLimits.nodes }),
    edges: Type.Array(FlowEdgeSchema, { maxItems: flowLimits.edges }),
  },
  { additionalProperties: false },
);
export type FlowDraftDocument = Static<typeof FlowDraftDocumentSchema>;

export const FaultsSchema = Type.Array(FaultSchema, {
  description: 'Everything that keeps it from being published; empty: nothing does',
});

export const FlowDraftSchema = Type.Object({
  flowId: Type.String(),
  etag: Type.String({ description: 'As in the header: send it as If-Match' }),
  changedAt: Type.Union([InstantSchema, Type.Null()], {
    description: 'Null where nobody changed it yet: it is the version in force then',
  }),
  draft: FlowDraftDocumentSchema,
  faults: FaultsSchema,
});
export type FlowDraftDetail = Static<typeof FlowDraftSchema>;

export const ValidationSchema = Type.Object({ valid: Type.Boolean(), faults: FaultsSchema });

/** Which document of a flow is meant, in an address. */
export const WhichSchema = Type.String({
  pattern: '^(draft|published|[1-9][0-9]{0,5})$',
  description: "A version's number, `published` or `draft`",
});

export const exportFormat = 'callfabric.flow';
export const FlowExportSchema = Type.Object(
  {
    format: Type.Literal(exportFormat),
    formatVersion: Type.Literal(1),
    name: FlowNameSchema,
    flow: FlowDraftDocumentSchema,
  },
  { additionalProperties: false },
);
export type FlowExport = Static<typeof FlowExportSchema>;

export const FlowImportSchema = Type.Object(
  {
    ...FlowExportSchema.properties,
    // Not the graph's schema: its faults and those of what it means are told together.
    flow: Type.Unsafe<unknown>(
      Type.Object({}, { additionalProperties: true, description: 'A flow graph, as an export has it' }),
    ),
  },
  { additionalProperties: false },
);

const Change = Type.Object({
  field: Type.String({ description: 'JSON pointer' }),
  before: Type.Optional(Type.Unknown({ description: 'Absent where it was not there' })),
  after: Type.Optional(Type.Unknown({ description: 'Absent where it is not there any more' })),
});
const NodeName = Type.Object({ id: Type.String(), type: Type.String() });
export const FlowDiffSchema = Type.Object({
  nodes: Type.Object({
    added: Type.Array(NodeName),
    removed: Type.Array(NodeName),
    changed: Type.Array(Type.Object({ id: Type.String(), changes: Type.Array(Change) })),
  }),
  edges: Type.Object({ added: Type.Array(FlowEdgeSchema), removed: Type.Array(FlowEdgeSchema) }),
  flow: Type.Array(Change, { description: 'Of entry, fallback and variables' }),
});
export type FlowDiff = Static<typeof FlowDiffSchema>;
export type FieldChange = Static<typeof Change>;

export const NodeTypeSchema = Type.Object({
  type: Type.String(),
  help: Type.String(),
  params: Type.Unsafe<object>(
    Type.Object({}, { additionalProperties: true, description: 'JSON schema of the params' }),
  ),
  exits: Type.Array(
    Type.Object({
      name: Type.String(),
      rule: Type.Enum(['required', 'optional']),
      help: Type.String({ description: 'When a call leaves by it' }),
    }),
  ),
  waitsForCaller: Type.Boolean(),
});
