import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { moment } from './columns.ts';
import { tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * The switch's own word of a call that no session has written down yet. The daemon that runs the call comes first; only
 * where it has not come by `heldUntil` does this become the call's row.
 */
export const HeldCall = defineEntity({
  name: 'HeldCall',
  tableName: 'held_call',
  properties: {
    callId: p.uuid().primary(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    /** A CallRecord (daemon/records/call-record.ts). */
    record: p.json<object>(),
    heldUntil: moment().index(),
  },
  ...tenantRows,
});
export type HeldCall = InferEntity<typeof HeldCall>;
