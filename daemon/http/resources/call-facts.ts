import { Type } from 'typebox';
import {
  BalanceReservation,
  Conversion,
  Event,
  Recording,
  StirShakenVerification,
  Transcription,
} from '../../../orm/index.ts';
import { recordingStatuses } from '../../../orm/recording.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import { Currency, createdAt, Id, id, MaybeId, Micros, shown } from './fields.ts';

/* What calls leave behind beside their own rows: written by the daemon and by postbacks, read here. */

const MaybeWhen = Nullable(InstantSchema);
const MaybeWords = Nullable(Type.String());
const MaybeWhole = Nullable(Type.Integer());
const Anything = Type.Object({}, { additionalProperties: true });

export const conversionStatuses = ['converted', 'duplicate', 'withdrawn'] as const;

/** Each version as it was written; of a call the highest counts. Made by `conversionRoutes`. */
export const conversions = defineResource({
  one: 'conversion',
  path: '/conversions',
  entity: Conversion,
  of: 'tenant',
  thing: 'calls',
  verbs: ['list', 'get'],
  views: { publisher: 'r.publisher_id = ?', buyer: 'r.buyer_id = ?' },
  // What the one pays is no business of the other, and neither is why.
  hidden: {
    publisher: ['buyerId', 'priceMicros', 'externalId', 'reason'],
    buyer: ['publisherId', 'payoutMicros', 'externalId', 'reason'],
  },
  csv: 'out',
  period: 'createdAt',
  fields: {
    ...id,
    callId: shown(Id),
    version: shown(Type.Integer()),
    campaignId: shown(MaybeId),
    buyerId: shown(MaybeId),
    publisherId: shown(MaybeId),
    rule: shown(Type.Enum(['connect', 'duration', 'keypress', 'postback', 'correction'])),
    status: shown(Type.Enum([...conversionStatuses])),
    currency: shown(Currency),
    priceMicros: shown(Nullable(Micros)),
    payoutMicros: shown(Nullable(Micros)),
    externalId: shown(MaybeWords),
    reason: shown(MaybeWords),
    ...createdAt,
  },
  filters: { callId: 'equal', campaignId: 'equal', buyerId: 'equal', publisherId: 'equal', status: 'equal' },
});

/** What webhooks and live streams tell. */
export const events = defineResource({
  one: 'event',
  note: 'Not in force yet: none is written; what happens now is told by `GET /live`.',
  path: '/events',
  entity: Event,
  of: 'tenant',
  thing: 'webhooks',
  verbs: ['list', 'get'],
  period: 'occurredAt',
  fields: {
    ...id,
    kind: shown(Type.String()),
    callId: shown(MaybeId),
    sequence: shown(MaybeWhole),
    payload: shown(Anything),
    occurredAt: shown(InstantSchema),
    writtenAt: shown(InstantSchema),
  },
  filters: { callId: 'equal', kind: 'equal' },
});

/** Money that is kept for live calls. */
export const balanceReservations = defineResource({
  one: 'balance reservation',
  path: '/balance-reservations',
  entity: BalanceReservation,
  of: 'tenant',
  thing: 'billing',
  verbs: ['list', 'get'],
  fields: {
    ...id,
    accountId: shown(Id),
    callId: shown(Id),
    amountMicros: shown(Micros),
    status: shown(Type.Enum(['held', 'settled', 'released'])),
    ...createdAt,
    expiresAt: shown(InstantSchema),
    endedAt: shown(MaybeWhen),
  },
  filters: { accountId: 'equal', callId: 'equal', status: 'equal' },
});

export const recordings = defineResource({
  one: 'recording',
  path: '/recordings',
  entity: Recording,
  of: 'tenant',
  thing: 'recordings',
  verbs: ['list', 'get'],
  period: 'startedAt',
  fields: {
    ...id,
    callId: shown(Id),
    channels: shown(Type.Enum(['mono', 'stereo'])),
    startedAt: shown(InstantSchema),
    stoppedAt: shown(MaybeWhen),
    status: shown(Type.Enum([...recordingStatuses])),
    bytes: shown(MaybeWhole),
    durationMs: shown(MaybeWhole),
    sha256: shown(MaybeWords),
    reason: shown(MaybeWords),
    retentionDays: shown(MaybeWhole),
    tries: shown(Type.Integer()),
    verifiedAt: shown(MaybeWhen),
    deletedAt: shown(MaybeWhen),
    writtenAt: shown(InstantSchema),
  },
  filters: { callId: 'equal', status: 'equal' },
});

/** What was said, as an engine heard it. */
export const transcriptions = defineResource({
  one: 'transcription',
  path: '/transcriptions',
  entity: Transcription,
  of: 'tenant',
  thing: 'recordings',
  verbs: ['list', 'get'],
  fields: {
    ...id,
    recordingId: shown(Id),
    callId: shown(Id),
    status: shown(Type.Enum(['pending', 'done', 'failed'])),
    engine: shown(Type.String()),
    language: shown(MaybeWords),
    text: shown(MaybeWords),
    segments: shown(Nullable(Type.Unsafe<object>({}))),
    reason: shown(MaybeWords),
    ...createdAt,
    finishedAt: shown(MaybeWhen),
  },
  filters: { recordingId: 'equal', callId: 'equal', status: 'equal' },
});

/** What the Identity headers of calls were worth. */
export const stirShakenVerifications = defineResource({
  one: 'STIR/SHAKEN verification',
  path: '/stir-shaken-verifications',
  entity: StirShakenVerification,
  of: 'tenant',
  thing: 'compliance',
  verbs: ['list', 'get'],
  fields: {
    ...id,
    callId: shown(Id),
    result: shown(Type.Enum(['passed', 'failed', 'no_identity'])),
    attestation: shown(Nullable(Type.Enum(['A', 'B', 'C']))),
    origId: shown(MaybeWords),
    certificateUrl: shown(MaybeWords),
    verifiedBy: shown(Type.Enum(['carrier', 'callfabric'])),
    reason: shown(MaybeWords),
    ...createdAt,
  },
  filters: { callId: 'equal', result: 'equal', attestation: 'equal' },
});
