import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { Call } from './call.ts';
import { moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';

export const recordingStatuses = ['pending', 'stored', 'failed', 'empty', 'deleted'] as const;

/** What was recorded of a call. `location` stands only once the file was verified where it is kept. */
export const Recording = defineEntity({
  name: 'Recording',
  tableName: 'recording',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.uuid(),
    call: () => p.manyToOne(Call).deleteRule('cascade').index(),
    /** Absolute, on the disk FreeSWITCH writes to. */
    path: p.text(),
    channels: p.enum(['mono', 'stereo'] as const),
    startedAt: moment(),
    stoppedAt: moment().nullable(),
    status: p.enum(recordingStatuses).default('pending'),
    /** `file:///…` or `s3://bucket/key`; null again once it is deleted. */
    location: p.text().nullable(),
    bytes: p.bigint('number').nullable().check('bytes >= 0'),
    /** Until the file was measured: what FreeSWITCH counted into it, null where it never told. */
    durationMs: p.integer().nullable().check('duration_ms >= 0'),
    sha256: p.text().nullable().check("sha256 ~ '^[0-9a-f]{64}$'"),
    /** Why it failed, or why the last try to store it did. */
    reason: p.text().nullable(),
    /** Days after its beginning when it is deleted, as node or campaign said at the time of the call; null: never. */
    retentionDays: p.integer().nullable(),
    tries: p.integer().default(0),
    verifiedAt: moment().nullable(),
    /** Its file is gone; size, length and SHA-256 are kept. */
    deletedAt: moment().nullable(),
    writtenAt: written(),
  },
  indexes: [
    { properties: ['tenantId', 'startedAt', 'id'] },
    {
      name: 'recording_not_stored',
      properties: ['status', 'tenantId', 'startedAt', 'id'],
      where: "status <> 'stored'",
    },
    {
      name: 'recording_kept',
      properties: ['retentionDays', 'startedAt'],
      where: 'retention_days is not null and deleted_at is null',
    },
  ],
  checks: [
    { name: 'recording_deleted_when', expression: "(status = 'deleted') = (deleted_at is not null)" },
    {
      name: 'recording_stored_is_verified',
      expression:
        "status <> 'stored' or (location is not null and bytes is not null and duration_ms is not null and sha256 is not null)",
    },
  ],
  ...tenantRows,
});
export type Recording = InferEntity<typeof Recording>;
