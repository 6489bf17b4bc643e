import { type Static, Type } from 'typebox';

/** Longest texts and largest counts a flow may have: hostile flows harm nobody else (P8). */
export const flowLimits = {
  nodes: 500,
  edges: 2000,
  variables: 100,
  textLength: 2000,
  idLength: 64,
} as const;

const Id = Type.String({ minLength: 1, maxLength: flowLimits.idLength, pattern: '^[A-Za-z0-9_.:-]+$' });

export const FlowNodeSchema = Type.Object(
  {
    id: Id,
    type: Type.String({ minLength: 1, maxLength: 40 }),
    label: Type.Optional(Type.String({ maxLength: 200 })),
    params: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

export const FlowEdgeSchema = Type.Object(
  {
    from: Id,
    exit: Type.String({ minLength: 1, maxLength: 80 }),
    /** A node's id, or `return:<name>` which ends a flow entered by `goto`. */
    to: Type.String({ minLength: 1, maxLength: 80 }),
    /** Edges of one exit are tried by ascending order; the first whose condition holds is taken. Default 0. */
    order: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
    /** A condition expression (flow/expression.ts); absent: always. */
    condition: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

export const FlowFallbackSchema = Type.Union([
  Type.Object({ node: Id }, { additionalProperties: false }),
  Type.Object({ cause: Type.String({ maxLength: 60 }) }, { additionalProperties: false }),
]);

/** A flow as a document: what the API takes and a flow version keeps. */
export const FlowGraphSchema = Type.Object(
  {
    entry: Id,
    variables: Type.Optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: flowLimits.textLength })),
    ),
    fallback: Type.Optional(FlowFallbackSchema),
    nodes: Type.Array(FlowNodeSchema, { minItems: 1, maxItems: flowLimits.nodes }),
    edges: Type.Array(FlowEdgeSchema, { maxItems: flowLimits.edges }),
  },
  { additionalProperties: false },
);

export type FlowNode = Static<typeof FlowNodeSchema>;
export type FlowEdge = Static<typeof FlowEdgeSchema>;
export type FlowFallback = Static<typeof FlowFallbackSchema>;
export type FlowGraph = Static<typeof FlowGraphSchema>;
