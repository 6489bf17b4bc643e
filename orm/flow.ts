import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { changed, key, notifyChanged, written } from './columns.ts';
import type { StoredFallback } from './flow-document.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** What happens to a call, under one name, over its versions. */
export const Flow = defineEntity({
  name: 'Flow',
  tableName: 'flow',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    name: p.text(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'name'] }],
  triggers: [notifyChanged()],
  ...tenantRows,
});
export type Flow = InferEntity<typeof Flow>;

export const flowVersionStatuses = ['draft', 'published', 'retired'] as const;

/**
 * One version of a flow. A draft may change; once it was published only its status may (published, retired), which
 * a trigger enforces here and on its nodes and edges. At most one version of a flow is published.
 */
export const FlowVersion = defineEntity({
  name: 'FlowVersion',
  tableName: 'flow_version',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    flow: () => p.manyToOne(Flow).deleteRule('cascade'),
    number: p.integer().check('number >= 1'),
    status: p.enum(flowVersionStatuses).default('draft'),
    /** Key of the node the call enters at. */
    entry: p.text(),
    variables: p.json<Record<string, string>>().nullable(),
    fallback: p.json<StoredFallback>().nullable(),
    createdAt: written(),
    publishedAt: p.datetime(6).columnType('timestamptz(6)').nullable(),
  },
  uniques: [
    { properties: ['flow', 'number'] },
    { name: 'flow_version_one_published', properties: ['flow'], where: "status = 'published'" },
  ],
  indexes: [{ properties: ['tenant', 'flow'] }],
  triggers: [
    oneTenant({ flow_id: 'flow' }),
    notifyChanged(),
    {
      name: 'keep_published',
      timing: 'before',
      events: ['update', 'delete'],
      // A cascade finds the flow or the tenant gone already: that deletion is meant.
      body: `if old.status = 'draft' then return coalesce(new, old); end if; if tg_op = 'DELETE' then if exists (select 1 from flow join tenant on tenant.id = flow.tenant_id and tenant.deleting_since is null where flow.id = old.flow_id) then raise exception 'flow version % was published and cannot be deleted', old.id using errcode = 'restrict_violation'; end if; return old; end if; if new.status = 'draft' or (to_jsonb(new) - 'status' - 'published_at') is distinct from (to_jsonb(old) - 'status' - 'published_at') then raise exception 'flow version % was published and cannot be changed: make a new version', old.id using errcode = 'restrict_violation'; end if; return new`,
    },
  ],
  ...tenantRows,
});
export type FlowVersion = InferEntity<typeof FlowVersion>;
