// Alone in its process: each of its tests has a database of its own, and so would the other files'.
import { Client } from 'pg';
import t from 'tap';
import { PostgresReports } from '../../../daemon/http/reports/postgres-reports.ts';
import { CallCounts } from '../../../daemon/jobs/call-counts.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';

let database: TestDatabase;
let client: Client;
let tenant: string;
t.beforeEach(async (t) => {
  database = await seededDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  tenant = (await client.query<{ id: string }>('select id from tenant')).rows[0]?.id ?? '';
  t.context.orm = openOrm(database.url);
});
t.afterEach(async (t) => {
  await closeOrm(t.context.orm);
  await client.end();
  await database.drop();
});

const count = async (table: string): Promise<number> =>
  (await client.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]?.n ?? -1;

async function totalOf(orm: ReturnType<typeof openOrm>) {
  const now = Date.now();
  const day = (ahead: number) => new Date(now + ahead * 86_400_000).toISOString().slice(0, 10);
  const none = { campaignId: undefined, publisherId: undefined, buyerId: undefined, did: undefined };
  const { total } = await new PostgresReports(orm).calls(tenant, {
    by: 'day',
    from: day(-1),
    to: day(2),
    zone: 'UTC',
    ...none,
    after: undefined,
    limit: 5,
  });
  return total;
}

const conversion = (callId: string) =>
  client.query(
    `insert into conversion (id, tenant_id, call_id, version, rule, status, currency, price_micros, payout_micros)
     values ($1, $2, $3, 1, 'postback', 'converted', 'USD', 5, 2)`,
    [newId(), tenant, callId],
  );

void t.test(
  'what came is folded in once, by one daemon, and reports say the same before and after',
  async (t) => {
    const orm = t.context.orm as ReturnType<typeof openOrm>;
    const records = Array.from({ length: 5 }, () => sampleRecord(tenant));
    await new PostgresRecordStore(orm).write(records.map(encodeRecord));
    await conversion(String(records[0]?.callId));
    const before = await totalOf(orm);
    t.match(before, { incoming: 5, connected: 5, converted: 1, money: [{ revenue: '5', payout: '2' }] });
    await client.query('begin; select pg_advisory_xact_lock(4801170555)');
    t.equal(await new CallCounts(orm).run(), 'elsewhere');
    await client.query('rollback');
    const both = await Promise.all([new CallCounts(orm).run(), new CallCounts(orm).run()]);
    t.ok(both.some((run) => run !== 'elsewhere'));
    await new CallCounts(orm).run();
    t.same(
      [await count('call_count_delta'), await count('call_money_mark'), await count('call_money')],
      [0, 0, 1],
    );
    t.same(await totalOf(orm), before);
    t.same(await new CallCounts(orm).run(), { calls: 0, folded: 0 }, 'again is harmless');
  },
);

void t.test('a conversion that is committed beside its call is never lost', async (t) => {
  const orm = t.context.orm as ReturnType<typeof openOrm>;
  const counts = new CallCounts(orm);
  const record = sampleRecord(tenant);
  // Neither sees the other: the call is not there for the conversion, nor the conversion for the call.
  await client.query('begin');
  await conversion(record.callId);
  await new PostgresRecordStore(orm).write([encodeRecord(record)]);
  await counts.run();
  t.match(await totalOf(orm), { incoming: 1, converted: 0, money: [] });
  await client.query('commit');
  t.match(await totalOf(orm), { incoming: 1, converted: 1, money: [{ revenue: '5' }] }, 'seen at once');
  await counts.run();
  t.match(await totalOf(orm), { incoming: 1, converted: 1, money: [{ revenue: '5' }] }, 'and stays');
});

void t.test('a postback that comes first waits for its call, a mark without money does not', async (t) => {
  const orm = t.context.orm as ReturnType<typeof openOrm>;
  const record = sampleRecord(tenant);
  await conversion(record.callId);
  await client.query('insert into call_money_mark (tenant_id, call_id) values ($1, $2)', [tenant, newId()]);
  t.match(await new CallCounts(orm).run(), { calls: 1 });
  t.equal(await count('call_money_mark'), 1);
  t.match(await totalOf(orm), { incoming: 0, converted: 0 });
  await new PostgresRecordStore(orm).write([encodeRecord(record)]);
  t.match(await totalOf(orm), { incoming: 1, converted: 1 });
  t.match(await new CallCounts(orm).run(), { calls: 1, folded: 1 });
  t.match(await totalOf(orm), { incoming: 1, converted: 1 });
  await client.query("update call_money_mark set marked_at = now() - interval '31 days'");
  await conversion(newId());
  await client.query("update call_money_mark set marked_at = now() - interval '31 days'");
  await new CallCounts(orm).run();
  t.equal(await count('call_money_mark'), 0, 'but not for ever');
});

void t.test(
  'another tenant cannot make its conversion the worth of a call that is not its own',
  async (t) => {
    const orm = t.context.orm as ReturnType<typeof openOrm>;
    const record = sampleRecord(tenant);
    await new PostgresRecordStore(orm).write([encodeRecord(record)]);
    const other = newId();
    await client.query("insert into tenant (id, slug, name) values ($1, 'other', 'Other')", [other]);
    await client.query(
      `insert into conversion (id, tenant_id, call_id, version, rule, status, currency, price_micros, payout_micros)
     values ($1, $2, $3, 1, 'postback', 'converted', 'USD', 5, 2)`,
      [newId(), other, record.callId],
    );
    t.match(await totalOf(orm), { incoming: 1, converted: 0, money: [] });
    await new CallCounts(orm).run();
    t.match(await totalOf(orm), { incoming: 1, converted: 0, money: [] });
  },
);
