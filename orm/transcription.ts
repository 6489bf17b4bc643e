import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key, moment, written } from './columns.ts';
import { Recording } from './recording.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What was said in a recording, as one engine heard it. */
export const Transcription = defineEntity({
  name: 'Transcription',
  tableName: 'transcription',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    recording: () => p.manyToOne(Recording).deleteRule('cascade'),
    callId: p.uuid(),
    status: p.enum(['pending', 'done', 'failed'] as const).default('pending'),
    engine: p.text(),
    /** BCP 47. */
    language: p.text().nullable(),
    text: p.text().nullable(),
    /** Who said what when, as the engine gives it. */
    segments: p.json<object>().nullable(),
    reason: p.text().nullable(),
    createdAt: written(),
    finishedAt: moment().nullable(),
  },
  uniques: [{ properties: ['recording', 'engine'] }],
  indexes: [
    { properties: ['tenant', 'id'] },
    { name: 'transcription_not_done', properties: ['tenant', 'status', 'id'], where: "status <> 'done'" },
    { properties: ['callId'] },
  ],
  checks: [{ name: 'transcription_done_has_text', expression: "status <> 'done' or text is not null" }],
  ...tenantRows,
});
export type Transcription = InferEntity<typeof Transcription>;
