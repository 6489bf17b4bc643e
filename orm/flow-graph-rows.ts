import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { key } from './columns.ts';
import { FlowVersion } from './flow.ts';
import { oneTenant, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/** Refuses any change to a row whose flow version is no draft; not where the tenant is being deleted or is gone. */
const draftOnly = {
  name: 'draft_only',
  timing: 'before' as const,
  events: ['insert' as const, 'update' as const, 'delete' as const],
  body: `if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id and tenant.deleting_since is null where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old)`,
};

/** One node of a flow version. */
export const Node = defineEntity({
  name: 'Node',
  tableName: 'node',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    flowVersion: () => p.manyToOne(FlowVersion).deleteRule('cascade'),
    /** The node's id within its graph. */
    key: p.text(),
    type: p.text(),
    label: p.text().nullable(),
    params: p.json<Record<string, unknown>>(),
    /** Its place in the document. */
    position: p.integer(),
  },
  uniques: [{ properties: ['flowVersion', 'key'] }],
  indexes: [{ properties: ['tenant', 'flowVersion'] }],
  triggers: [draftOnly, oneTenant({ flow_version_id: 'flow_version' })],
  ...tenantRows,
});
export type Node = InferEntity<typeof Node>;

/** Where an exit of a node leads. */
export const Edge = defineEntity({
  name: 'Edge',
  tableName: 'edge',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    flowVersion: () => p.manyToOne(FlowVersion).deleteRule('cascade'),
    fromKey: p.text(),
    exit: p.text(),
    /** A node's key, or `return:<name>`. */
    toKey: p.text(),
    /** Edges of one exit are tried in this order; null is 0. */
    order: p.integer().fieldName('sort').nullable(),
    condition: p.json<unknown>().nullable(),
    /** Its place in the document. */
    position: p.integer(),
  },
  indexes: [{ properties: ['tenant', 'flowVersion'] }, { properties: ['flowVersion'] }],
  triggers: [draftOnly, oneTenant({ flow_version_id: 'flow_version' })],
  ...tenantRows,
});
export type Edge = InferEntity<typeof Edge>;
