import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { attemptOutcomes } from '../daemon/telephony/outcome.ts';
import { Call } from './call.ts';
import { moment } from './columns.ts';
import { tenantRows } from './row-security.ts';

/** One try to reach one endpoint, also where a later one connected. */
export const CallAttempt = defineEntity({
  name: 'CallAttempt',
  tableName: 'call_attempt',
  properties: {
    id: p.uuid().primary(),
    tenantId: p.uuid(),
    call: () => p.manyToOne(Call).deleteRule('cascade').index(),
    /** 1, 2, 3 … within the call. */
    number: p.integer().check('number >= 1'),
    buyerId: p.uuid().nullable(),
    endpointId: p.uuid().nullable(),
    trunkId: p.uuid().nullable(),
    destination: p.text(),
    channelUuid: p.text(),
    dialledAt: moment(),
    ringingAt: moment().nullable(),
    answeredAt: moment().nullable(),
    endedAt: moment(),
    outcome: p.enum(attemptOutcomes),
    cause: p.text(),
    sipCode: p.integer().nullable(),
    /** `granted`, or `refused:<scope>`. */
    capDecision: p.text(),
  },
  ...tenantRows,
});
export type CallAttempt = InferEntity<typeof CallAttempt>;

/** One visit of one node. In monthly partitions by the UUIDv7 of its call (partitions.ts). */
export const CallTrace = defineEntity({
  name: 'CallTrace',
  tableName: 'call_trace',
  properties: {
    call: () => p.manyToOne(Call).primary().deleteRule('cascade'),
    /** 1, 2, 3 … within the call. */
    step: p.integer().primary().autoincrement(false),
    tenantId: p.uuid(),
    nodeId: p.text(),
    nodeType: p.text(),
    exit: p.text(),
    enteredAt: moment(),
    durationMs: p.double(),
    reason: p.text().nullable(),
  },
  ...tenantRows,
});
export type CallTrace = InferEntity<typeof CallTrace>;
