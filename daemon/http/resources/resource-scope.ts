import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { inTenant } from '../../../orm/in-tenant.ts';
import { type Access, tenantOf } from '../access.ts';
import { constraintProblem } from '../constraint-problem.ts';
import { Problem } from '../problem.ts';
import type { Resource } from './define-resource.ts';
import { columnOf } from './fields.ts';
import type { Condition, Scope } from './resource-rows.ts';

/** What the resources need of the daemon. */
export interface ResourcePorts {
  readonly orm: MikroORM;
  /** Lets webhooks go to loopback and private networks. */
  readonly privateWebhooks: boolean;
}

/** Who may use a route of the resource. */
export function accessTo(resource: Resource, verb: 'read' | 'write'): Access {
  if (resource.of === 'platform') return { scope: 'operator' };
  if (verb === 'write' && resource.writers === 'operators') return { scope: 'operator', inTenant: true };
  if (verb === 'write' && resource.viewsWrite !== true) return { scope: `${resource.thing}:${verb}` };
  const views = (['publisher', 'buyer'] as const).filter((view) => resource.views?.[view] !== undefined);
  return { scope: `${resource.thing}:${verb}`, views };
}

/** Rows that a publisher's or a buyer's role sees. */
function viewOf(request: FastifyRequest, resource: Resource): Condition[] {
  const { view } = request.principal;
  if (view.of === 'tenant') return [];
  const sql = resource.views?.[view.of];
  // The route's access lets nobody come here without one; if it did, nothing is seen.
  if (sql === undefined) return [{ sql: 'false', values: [] }];
  return [{ sql, values: [view.of === 'publisher' ? view.publisherId : view.buyerId] }];
}

/** What a publisher's or a buyer's role is not shown it must not find out by seeking it either. */
function hiddenOf(request: FastifyRequest, resource: Resource): readonly string[] {
  const { of } = request.principal.view;
  const hidden = of === 'tenant' ? [] : (resource.hidden?.[of] ?? []);
  const query = (request.query ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of hidden)
    if (query[name] !== undefined)
      throw new Problem('forbidden', `rows by ${name} are not for the role of a ${of}`);
  return hidden;
}

interface Owner {
  readonly tenantId: string | null;
  /** Runs as the API's role; otherwise as the daemon's, which sees every tenant. */
  readonly walled: boolean;
}

/** In whose name a request works on a resource. */
function ownerOf(request: FastifyRequest, resource: Resource, verb: 'read' | 'write'): Owner {
  const { kind, tenantId } = request.principal;
  if (resource.of === 'platform') return { tenantId: null, walled: false };
  if (resource.of === 'tenant') return { tenantId: tenantOf(request), walled: true };
  if (tenantId === undefined && kind === 'operator') return { tenantId: null, walled: false };
  return { tenantId: tenantOf(request), walled: verb === 'read' || resource.writers !== 'operators' };
}

export interface Work extends Scope {
  readonly tenantId: string | null;
}

/**
 * Runs `work` in one transaction as whoever asks, on the rows of `resource` they may see; below a parent, that parent
 * must be seen too. What the database refuses becomes a problem with the field.
 */
export async function inScope<T>(
  ports: ResourcePorts,
  request: FastifyRequest,
  resource: Resource,
  verb: 'read' | 'write' | 'delete',
  work: (em: EntityManager, scope: Work) => Promise<T>,
): Promise<T> {
  const { tenantId, walled } = ownerOf(request, resource, verb === 'read' ? 'read' : 'write');
  const ofTenant = resource.of === 'platform' ? {} : { tenant_id: tenantId };
  // `is not distinct from` would use no index.
  const ours: Condition =
    tenantId === null
      ? { sql: 'r.tenant_id is null', values: [] }
      : { sql: 'r.tenant_id = ?::uuid', values: [tenantId] };
  const mine = walled || resource.of === 'platform' ? [] : [ours];
  const hidden = hiddenOf(request, resource);
  const run = async (em: EntityManager): Promise<T> => {
    const conditions = [...mine, ...viewOf(request, resource)];
    const { parent } = resource;
    if (parent === undefined) return work(em, { tenantId, conditions, hidden, owner: ofTenant });
    const column = columnOf(parent.field);
    const parentId = (request.params as Readonly<Record<string, string>>)[parent.field] ?? '';
    const seen = [...mine, ...viewOf(request, parent.resource)];
    const own = resource.of === 'platform' ? 'true' : 'r.tenant_id is not distinct from ?::uuid';
    const [there] = await em.execute<{ own: boolean }[]>(
      `select ${own} as own from "${parent.resource.table}" r where r.id = ?${seen.map(({ sql }) => ` and (${sql})`).join('')}`,
      [...(resource.of === 'platform' ? [] : [tenantId]), parentId, ...seen.flatMap(({ values }) => values)],
    );
    if (there === undefined) throw new Problem('not-found', `no ${parent.resource.one} has this id`);
    if (verb !== 'read' && !there.own)
      throw new Problem('forbidden', `this ${parent.resource.one} is the platform's`);
    return work(em, {
      tenantId,
      hidden,
      conditions: [{ sql: `r.${column} = ?`, values: [parentId] }, ...conditions],
      owner: { ...ofTenant, [column]: parentId },
    });
  };
  try {
    if (!walled) return await ports.orm.em.fork().transactional(run);
    return await inTenant(ports.orm, tenantId ?? '', run);
  } catch (error) {
    throw constraintProblem(error, hintsOf(resource, verb === 'delete')) ?? error;
  }
}

/** Which field a constraint of the resource's table is about. */
export function hintsOf(resource: Resource, deleting = false) {
  return {
    table: resource.table,
    fields: new Map(Object.keys(resource.fields).map((field) => [columnOf(field), field])),
    ...(resource.constraints === undefined ? {} : { constraints: resource.constraints }),
    deleting,
  };
}
