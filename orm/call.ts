import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { callOutcomes, hangupSides, refusals } from '../daemon/telephony/outcome.ts';
import { countedCalls } from './call-counts-sql.ts';
import { moment, written } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Finds a whole number and the last digits of one alike. */
function backwards(number: 'caller' | 'did') {
  const name = `call_${number}_backwards`;
  const expression = `create index "${name}" on "call" ("tenant_id", "${number}_reversed" text_pattern_ops, "started_at")`;
  return { name, expression };
}

/**
 * One call, written once when it is over. What it was routed by (campaign, flow version, buyer …) is kept by id without
 * foreign keys: history outlives the configuration it came from.
 */
export const Call = defineEntity({
  name: 'Call',
  tableName: 'call',
  properties: {
    id: p.uuid().primary(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    campaignId: p.uuid().nullable(),
    phoneNumberId: p.uuid().nullable(),
    publisherId: p.uuid().nullable(),
    flowVersionId: p.uuid().nullable(),
    buyerId: p.uuid().nullable(),
    switchName: p.text(),
    daemonId: p.text(),
    caller: p.text(),
    callerName: p.text(),
    did: p.text(),
    /** Backwards, so that an index finds the last digits of a number. */
    callerReversed: p.text().generated('(reverse(caller)) stored').lazy(),
    didReversed: p.text().generated('(reverse(did)) stored').lazy(),
    startedAt: moment(),
    answeredAt: moment().nullable(),
    connectedAt: moment().nullable(),
    endedAt: moment(),
    outcome: p.enum(callOutcomes),
    refusal: p.enum(refusals).nullable(),
    reason: p.text().nullable(),
    cause: p.text(),
    hungUpBy: p.enum(hangupSides),
    variables: p.json<Record<string, string>>(),
    tags: p.array(),
    takeovers: p.integer().check('takeovers >= 0'),
    /** `switch`: made from mod_json_cdr's record after a crash; a session's record replaces it. */
    source: p.enum(['session', 'switch'] as const),
    writtenAt: written(),
  },
  // What calls are listed by. Each costs every call a little: none is here for a question nobody asks.
  indexes: [
    { properties: ['tenant', 'startedAt'] },
    { properties: ['tenant', 'campaignId', 'startedAt'] },
    { properties: ['tenant', 'publisherId', 'startedAt'] },
    { properties: ['tenant', 'buyerId', 'startedAt'] },
    { properties: ['tenant', 'outcome', 'startedAt'] },
    backwards('caller'),
    backwards('did'),
  ],
  checks: [{ name: 'call_ends_after_start', expression: 'ended_at >= started_at' }],
  triggers: countedCalls,
  ...tenantRows,
});
export type Call = InferEntity<typeof Call>;
