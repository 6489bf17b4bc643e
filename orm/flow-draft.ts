import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, written } from './columns.ts';
import { Flow } from './flow.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * What somebody is making of a flow, before it becomes a version: one document a flow, whole, for it may be
 * incomplete (no entry, two nodes of one name) as no version may. No call ever walks it, so no daemon is told.
 */
export const FlowDraft = defineEntity({
  name: 'FlowDraft',
  tableName: 'flow_draft',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    flow: () => p.manyToOne(Flow).unique().deleteRule('cascade'),
    /** By structure a flow graph of which anything may be missing. */
    document: p.json<Record<string, unknown>>(),
    /** Grows by one with every change; the draft's ETag. */
    revision: p.integer().default(1).check('revision >= 1'),
    createdAt: written(),
    updatedAt: changed(),
  },
  indexes: [{ properties: ['tenant'] }],
  triggers: [oneTenant({ flow_id: 'flow' })],
  ...tenantRows,
});
export type FlowDraft = InferEntity<typeof FlowDraft>;
