import type { MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Tenant } from '../../../orm/index.ts';
import type { CapScope, CapScopeKind } from '../../caps/cap-lease.ts';
import { isUuid } from '../../telephony/ids.ts';

/** Where what a cap limits stands. */
const tables: Record<Exclude<CapScopeKind, 'tenant'>, string> = {
  publisher: 'publisher',
  campaign: 'campaign',
  campaign_publisher: 'campaign_publisher',
  number: 'phone_number',
  buyer: 'buyer',
  group: 'buyer_group',
  endpoint: 'buyer_endpoint',
  trunk: 'trunk',
};

/** What routes that are not about rows ask of a tenant's rows. */
export class TenantFacts {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  /** Whether what the cap limits is the tenant's. */
  async owns(tenantId: string, scope: CapScope): Promise<boolean> {
    const [kind, id = ''] = scope.split(':') as [CapScopeKind, string?];
    if (!isUuid(id)) return false;
    if (kind === 'tenant') return id.toLowerCase() === tenantId;
    const rows = await inTenant(this.#orm, tenantId, (em) =>
      em.execute<object[]>(`select 1 from ${tables[kind]} where id = ?`, [id]),
    );
    return rows.length > 0;
  }

  /** Whether the tenant lets its publishers and buyers see whole numbers. */
  async wholeNumbers(tenantId: string): Promise<boolean> {
    const tenant = await inTenant(this.#orm, tenantId, (em) => em.findOne(Tenant, { id: tenantId }));
    return tenant?.wholeNumbers ?? false;
  }
}
