import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { hangupSides } from '../daemon/telephony/outcome.ts';
import { moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * One channel of a call. A leg may end long before its call does, and is written down then: `callId` names a call whose
 * row may be still to come, so it is no foreign key, and who deletes a call deletes its legs and CDRs too.
 */
export const CallLeg = defineEntity({
  name: 'CallLeg',
  tableName: 'call_leg',
  properties: {
    id: p.uuid().primary(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    callId: p.uuid().index(),
    side: p.enum(['A', 'B'] as const),
    /** FreeSWITCH's own name of the leg. */
    channelUuid: p.text().unique(),
    /** The attempt that made this leg; null on the A-leg. */
    attemptId: p.uuid().nullable(),
  },
  ...tenantRows,
});
export type CallLeg = InferEntity<typeof CallLeg>;

/**
 * What FreeSWITCH says of one leg it ended: exactly one a channel, from the leg's end on. `id` is the leg's. In monthly
 * partitions by the UUIDv7 of its call (partitions.ts): of all its columns that one and the channel alone are the same
 * whoever writes the row.
 */
export const Cdr = defineEntity({
  name: 'Cdr',
  tableName: 'cdr',
  properties: {
    callId: p.uuid().primary(),
    channelUuid: p.text().primary(),
    id: p.uuid(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    side: p.enum(['A', 'B'] as const),
    startedAt: moment(),
    progressAt: moment().nullable(),
    progressMediaAt: moment().nullable(),
    answeredAt: moment().nullable(),
    bridgedAt: moment().nullable(),
    endedAt: moment(),
    /** Whole milliseconds from answer to end, FreeSWITCH's own figure. */
    billMs: p.bigint('number').check('bill_ms >= 0'),
    cause: p.text(),
    q850: p.integer(),
    sipCode: p.integer().nullable(),
    hungUpBy: p.enum(hangupSides),
    callerNumber: p.text(),
    calledNumber: p.text(),
    codec: p.text().nullable(),
    mos: p.float().nullable(),
    sipCallId: p.text().nullable(),
    remoteAddress: p.text().nullable(),
    /** `estimated` is replaced by a true one, never the other way. */
    source: p.enum(['event', 'json_cdr', 'estimated'] as const),
    writtenAt: written(),
  },
  ...tenantRows,
});
export type Cdr = InferEntity<typeof Cdr>;
