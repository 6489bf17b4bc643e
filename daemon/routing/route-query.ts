import type { FlowGraph } from '../flow/flow-graph.ts';
import type { FlowId, FlowVersionId } from '../telephony/ids.ts';
import type { Route } from './route.ts';

/** A route as PostgreSQL gives it: the flow by id, its graph comes from the cache of versions. */
export interface RouteRow {
  readonly route: Omit<Route, 'flow'>;
  readonly flow: { readonly flowId: FlowId; readonly flowVersionId: FlowVersionId } | undefined;
}

/**
 * Everything about one DID in one row. Buyers, endpoints and trunks that are switched off are left out; equals in
 * priority and weight are ordered by id, never by the table's row order. No row: no such DID, or one without a campaign.
 */
export const routeByDid = {
  name: 'callfabric_route_by_did',
  text: `select
  jsonb_build_object('tenantId', t.id, 'slug', t.slug, 'enabled', t.enabled, 'maxCalls', t.max_calls) as tenant,
  jsonb_build_object('phoneNumberId', n.id, 'e164', n.e164, 'enabled', n.enabled, 'maxCalls', n.max_calls,
    'tags', n.tags) as number,
  jsonb_build_object('campaignId', c.id, 'name', c.name, 'enabled', c.enabled, 'maxCalls', c.max_calls,
    'ringTimeoutMs', c.ring_timeout_ms, 'record', c.record,
    'recordingRetentionDays', c.recording_retention_days) as campaign,
  (select jsonb_build_object('publisherId', p.id, 'enabled', p.enabled, 'place',
      (select jsonb_build_object('campaignPublisherId', cp.id, 'enabled', cp.enabled, 'maxCalls', cp.max_calls)
         from campaign_publisher cp where cp.campaign_id = c.id and cp.publisher_id = p.id))
     from publisher p where p.id = n.publisher_id) as publisher,
  (select jsonb_build_object('flowId', v.flow_id, 'flowVersionId', v.id)
     from flow_version v where v.flow_id = c.flow_id and v.status = 'published') as flow,
  (select jsonb_agg(jsonb_build_object('buyerId', b.id, 'name', b.name, 'maxCalls', b.max_calls,
      'priority', cb.priority, 'weight', cb.weight, 'ringTimeoutMs', b.ring_timeout_ms,
      'group', (select jsonb_build_object('groupId', g.id, 'maxCalls', g.max_calls)
        from buyer_group g where g.id = b.group_id),
      'endpoints', coalesce((
        select jsonb_agg(jsonb_build_object('endpointId', e.id, 'label', e.label, 'kind', e.kind,
            'destination', e.destination, 'maxCalls', e.max_calls, 'priority', e.priority, 'weight', e.weight,
            'ringTimeoutMs', e.ring_timeout_ms) order by e.priority, e.weight desc, e.id)
          from buyer_endpoint e where e.buyer_id = b.id and e.enabled), '[]'))
      order by cb.priority, cb.weight desc, b.id)
     from campaign_buyer cb join buyer b on b.id = cb.buyer_id
     where cb.campaign_id = c.id and cb.enabled and b.enabled) as buyers,
  (select jsonb_agg(jsonb_build_object('trunkId', k.id, 'carrierId', k.carrier_id, 'name', k.name,
      'gateway', k.gateway, 'maxCalls', k.max_calls, 'priority', k.priority, 'weight', k.weight)
      order by k.priority, k.weight desc, k.id)
     from trunk k join carrier r on r.id = k.carrier_id
     where k.tenant_id = t.id and k.enabled and r.enabled) as trunks
from phone_number n join tenant t on t.id = n.tenant_id join campaign c on c.id = n.campaign_id
where n.e164 = $1`,
} as const;

/** The graph of one version. `params` and `condition` may hold null, so nothing is stripped. */
export const graphByVersion = {
  name: 'callfabric_graph_by_version',
  text: `select v.entry, v.variables, v.fallback,
  (select jsonb_agg(jsonb_build_array(n.key, n.type, n.label, n.params) order by n.position)
     from node n where n.flow_version_id = v.id) as nodes,
  (select jsonb_agg(jsonb_build_array(e.from_key, e.exit, e.to_key, e.sort, e.condition) order by e.position)
     from edge e where e.flow_version_id = v.id) as edges
from flow_version v where v.id = $1`,
} as const;

/** A flow of a tenant by name or id: the published version (third parameter null), or the version of that number if it ever was published. */
export const versionByName = {
  name: 'callfabric_version_by_name',
  text: `select v.id from flow_version v join flow f on f.id = v.flow_id
where f.tenant_id = $1 and (f.name = $2 or f.id::text = $2)
  and case when $3::int is null then v.status = 'published' else v.number = $3 and v.status <> 'draft' end
order by (f.id::text = $2) desc limit 1`,
} as const;

/** SQL's null is TypeScript's undefined in a route. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutNulls(inner)]));
}

export function routeOf(row: Readonly<Record<string, unknown>>): RouteRow {
  const { flow, ...rest } = withoutNulls(row) as Omit<Route, 'flow'> & { readonly flow: RouteRow['flow'] };
  return { route: { ...rest, buyers: rest.buyers ?? [], trunks: rest.trunks ?? [] }, flow };
}

interface GraphRow {
  readonly entry: string;
  readonly variables: Record<string, string> | null;
  readonly fallback: FlowGraph['fallback'] | null;
  readonly nodes: readonly [string, string, string | null, Record<string, unknown>][] | null;
  readonly edges: readonly [string, string, string, number | null, unknown][] | null;
}

export function graphOf(row: Readonly<Record<string, unknown>>): FlowGraph {
  const { entry, variables, fallback, nodes, edges } = row as unknown as GraphRow;
  return {
    entry,
    ...(variables === null ? {} : { variables }),
    ...(fallback === null || fallback === undefined ? {} : { fallback }),
    nodes: (nodes ?? []).map(([id, type, label, params]) => ({
      id,
      type,
      ...(label === null ? {} : { label }),
      params,
    })),
    edges: (edges ?? []).map(([from, exit, to, order, condition]) => ({
      from,
      exit,
      to,
      ...(order === null ? {} : { order }),
      ...(condition === null ? {} : { condition }),
    })),
  };
}
