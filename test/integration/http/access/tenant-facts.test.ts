import { Client } from 'pg';
import t from 'tap';
import { capScopeKinds } from '../../../../daemon/caps/cap-lease.ts';
import { TenantFacts } from '../../../../daemon/http/access/tenant-facts.ts';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm } from '../../../../orm/config.ts';
import { fillTenant } from '../../orm/fill-tenant.ts';
import { seededDatabase } from '../../seeded-database.ts';

const tableOf = {
  publisher: 'publisher',
  campaign: 'campaign',
  campaign_publisher: 'campaign_publisher',
  number: 'phone_number',
  buyer: 'buyer',
  group: 'buyer_group',
  endpoint: 'buyer_endpoint',
  trunk: 'trunk',
};

void t.test('a tenant has the caps of its own rows, of every kind, and no other', async (t) => {
  const database = await seededDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const orm = openOrm(database.url);
  t.teardown(async () => {
    await closeOrm(orm);
    await client.end();
    await database.drop();
  });
  const mine = (await fillTenant(client, 'mine'))['tenant'] ?? '';
  const other = (await fillTenant(client, 'other'))['tenant'] ?? '';
  const facts = new TenantFacts(orm);
  for (const kind of capScopeKinds) {
    let id = mine;
    if (kind !== 'tenant') {
      const query = `select id from ${tableOf[kind]} where tenant_id = $1 limit 1`;
      id = (await client.query<{ id: string }>(query, [mine])).rows[0]?.id ?? 'none';
    }
    t.equal(await facts.owns(mine, `${kind}:${id}`), true, kind);
    t.equal(await facts.owns(other, `${kind}:${id}`), false, `${kind} of another`);
    t.equal(await facts.owns(mine, `${kind}:${newId()}`), false, `${kind} of nobody`);
    t.equal(await facts.owns(mine, `${kind}:x`), false, `${kind} with no id`);
  }
});
