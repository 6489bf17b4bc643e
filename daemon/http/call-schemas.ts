import { type Static, Type } from 'typebox';
import { attemptOutcomes, callOutcomes, hangupSides, refusals } from '../telephony/outcome.ts';
import { periodQuery } from './period.ts';
import { fieldList } from './resources/page-query.ts';
import { InstantSchema, NextSchema, Nullable, pageQuery, UuidSchema } from './schemas.ts';

const Text = Type.String();
const At = InstantSchema;
const MaybeAt = Nullable(InstantSchema);
const Count = Type.Integer({ minimum: 0 });

/**
 * A call in a list: live (`stage` says what it is doing) or ended (with its outcome). Of a call that lives at another
 * daemon its leases are known, and so `daemonId`, tenant, campaign and about when it began: the rest is null.
 */
export const CallSummarySchema = Type.Object({
  id: Text,
  state: Type.Enum(['live', 'ended']),
  /** The daemon that runs it, or wrote it down. */
  daemonId: Text,
  tenantId: Nullable(Text),
  campaignId: Nullable(Text),
  publisherId: Nullable(Text),
  /** The buyer it was connected with, or that was tried last. */
  buyerId: Nullable(Text),
  phoneNumberId: Nullable(Text),
  flowVersionId: Nullable(Text),
  /** The FreeSWITCH its A-leg is at. */
  switchName: Nullable(Text),
  /** `switch`: made from FreeSWITCH's own record after a crash. Null of a live call. */
  source: Nullable(Type.Enum(['session', 'switch'])),
  caller: Nullable(Text),
  /** As the caller's side gave it. */
  callerName: Nullable(Text),
  did: Nullable(Text),
  startedAt: At,
  answeredAt: MaybeAt,
  /** When the first buyer and the caller were joined. */
  connectedAt: MaybeAt,
  endedAt: MaybeAt,
  /** What a live call is doing: `ivr`, `queue`, `ringing`, `bridged` … */
  stage: Nullable(Text),
  nodeId: Nullable(Text),
  buyer: Nullable(Text),
  outcome: Nullable(Type.Enum([...callOutcomes])),
  refusal: Nullable(Type.Enum([...refusals])),
  reason: Nullable(Text),
  cause: Nullable(Text),
  hungUpBy: Nullable(Type.Enum([...hangupSides])),
  takeovers: Nullable(Count),
  tags: Type.Array(Text),
});
export type CallSummary = Static<typeof CallSummarySchema>;

/** One call by itself: with what is too much for a list. */
export const CallSchema = Type.Object({
  ...CallSummarySchema.properties,
  /** The version's flow and number; null also where it was deleted. */
  flowId: Nullable(Text),
  flowNumber: Nullable(Count),
  variables: Nullable(Type.Record(Text, Text)),
});
export type CallView = Static<typeof CallSchema>;

export const CdrSchema = Type.Object({
  startedAt: At,
  /** When it rang (180), and when it was heard before it was answered (183). */
  progressAt: MaybeAt,
  progressMediaAt: MaybeAt,
  answeredAt: MaybeAt,
  /** When it was joined with another leg. */
  bridgedAt: MaybeAt,
  endedAt: At,
  billMs: Count,
  cause: Text,
  q850: Type.Integer(),
  sipCode: Nullable(Type.Integer()),
  hungUpBy: Type.Enum([...hangupSides]),
  callerNumber: Text,
  calledNumber: Text,
  codec: Nullable(Text),
  mos: Nullable(Type.Number()),
  sipCallId: Nullable(Text),
  remoteAddress: Nullable(Text),
  source: Type.Enum(['event', 'json_cdr', 'estimated']),
});
export type CdrView = Static<typeof CdrSchema>;

export const CallLegSchema = Type.Object({
  id: Text,
  side: Type.Enum(['A', 'B']),
  channelUuid: Text,
  attemptId: Nullable(Text),
  /** Null until FreeSWITCH has told the leg's end. */
  cdr: Nullable(CdrSchema),
});
export type CallLegView = Static<typeof CallLegSchema>;

export const CallAttemptSchema = Type.Object({
  id: Text,
  number: Count,
  buyerId: Nullable(Text),
  endpointId: Nullable(Text),
  trunkId: Nullable(Text),
  destination: Text,
  channelUuid: Text,
  dialledAt: At,
  ringingAt: MaybeAt,
  answeredAt: MaybeAt,
  /** These three are null while it rings or they talk. */
  endedAt: MaybeAt,
  outcome: Nullable(Type.Enum([...attemptOutcomes])),
  cause: Nullable(Text),
  sipCode: Nullable(Type.Integer()),
  capDecision: Text,
});
export type CallAttemptView = Static<typeof CallAttemptSchema>;

export const CallTraceSchema = Type.Object({
  step: Count,
  nodeId: Text,
  nodeType: Text,
  exit: Text,
  enteredAt: At,
  durationMs: Type.Number(),
  reason: Nullable(Text),
});
export type CallTraceView = Static<typeof CallTraceSchema>;

export const RecordingSchema = Type.Object({
  id: Text,
  /** `pending`, `stored`, `failed`, `empty` or `deleted`. */
  state: Text,
  channels: Text,
  startedAt: At,
  bytes: Nullable(Count),
  durationMs: Nullable(Count),
  sha256: Nullable(Text),
  deletedAt: Nullable(At),
});
export type RecordingView = Static<typeof RecordingSchema>;

/** One moment of a call, in words: what a person reads from top to bottom. */
export const MomentSchema = Type.Object({
  at: At,
  kind: Type.Enum(['call', 'node', 'attempt', 'leg', 'recording']),
  text: Text,
});
export type Moment = Static<typeof MomentSchema>;

export const CallRecordsSchema = Type.Object({
  legs: Type.Array(CallLegSchema),
  attempts: Type.Array(CallAttemptSchema),
  trace: Type.Array(CallTraceSchema),
  recordings: Type.Array(RecordingSchema),
});
export type CallRecords = Static<typeof CallRecordsSchema>;

export const CallDetailSchema = Type.Object({
  call: CallSchema,
  ...CallRecordsSchema.properties,
  timeline: Type.Array(MomentSchema),
});
export type CallDetail = Static<typeof CallDetailSchema>;

export const CallPageSchema = Type.Object({
  /** With `?fields=` a part of each. */
  calls: Type.Array(Type.Partial(CallSummarySchema)),
  next: NextSchema,
  complete: Type.Boolean({
    description:
      'False: live calls of other daemons may be missing, because Redis is away, there are too many of them, or what is sought by is not known of them here',
  }),
});
/** A page before it is narrowed to the fields that were asked for. */
export interface CallPage extends Static<typeof CallPageSchema> {
  readonly calls: CallSummary[];
}

/** PostgreSQL's text cannot hold NUL. */
const noNul = '^[^\\0]*$';

const NumberSought = Type.String({
  maxLength: 64,
  pattern: noNul,
  description: 'The whole number (E.164), or its last digits: four or more, without +',
});

export const CallQuerySchema = Type.Object(
  {
    state: Type.Optional(Type.Enum(['live', 'ended'])),
    tenant: Type.Optional(UuidSchema),
    caller: Type.Optional(Type.Unsafe<string>(NumberSought)),
    did: Type.Optional(Type.Unsafe<string>(NumberSought)),
    campaign: Type.Optional(UuidSchema),
    publisher: Type.Optional(UuidSchema),
    buyer: Type.Optional(UuidSchema),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: noNul })),
    outcome: Type.Optional(Type.Enum([...callOutcomes])),
    ...periodQuery('Started'),
    ...pageQuery,
    fields: fieldList,
  },
  { additionalProperties: false },
);
export type CallQuery = Static<typeof CallQuerySchema>;

export const HangupBodySchema = Type.Object(
  { cause: Type.Optional(Type.String({ maxLength: 60, default: 'MANAGER_REQUEST' })) },
  { additionalProperties: false },
);
