// Alone in its process: each of its tests has a database of its own, and so would the other files'.
import { Client } from 'pg';
import t from 'tap';
import { MonthlyPartitions, type Retention } from '../../../daemon/jobs/monthly-partitions.ts';
import type { TestDatabase } from '../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { fillTenant, oldUuid } from '../orm/fill-tenant.ts';
import { seededDatabase } from '../seeded-database.ts';

const forEver: Retention = { cdr: 0, call_trace: 0, event: 0, audit_log: 0 };
let database: TestDatabase;
let client: Client;
let tenant: string;

t.beforeEach(async (t) => {
  database = await seededDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  tenant = (await fillTenant(client, 'filled'))['tenant'] ?? '';
  t.context.orm = openOrm(database.url);
  // A month may have begun since the migration.
  await new MonthlyPartitions({ orm: t.context.orm, keepDays: forEver, log: quietLog() }).run();
});
t.afterEach(async (t) => {
  await closeOrm(t.context.orm);
  await client.end();
  await database.drop();
});

/** The first day of the month `ahead` months from now, UTC. */
function month(ahead: number): { readonly name: string; readonly day: string } {
  const now = new Date();
  const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString();
  return { name: day.slice(0, 7).replace('-', '_'), day };
}

async function partitionsOf(table: string): Promise<string[]> {
  const found = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${table}'::regclass order by 1`,
  );
  return found.rows.map(({ name }) => name);
}

const cdrOf = (callId: string, startedAt: string): string =>
  `insert into cdr (id, tenant_id, call_id, channel_uuid, side, started_at, ended_at, bill_ms, cause, q850, hung_up_by, caller_number, called_number, source)
   values (gen_random_uuid(), '${tenant}', '${callId}', '${callId}', 'A', '${startedAt}', '${startedAt}', 1, 'x', 16, 'caller', '', '', 'event')`;

void t.test(
  'a month that is missing is made, with its guards, and takes its rows out of the default',
  async (t) => {
    const next = month(2);
    await client.query(`drop table cdr_${next.name}, audit_log_${next.name}`);
    const id = oldUuid(next.day);
    await client.query(cdrOf(id, next.day));
    await client.query(
      `insert into audit_log (id, tenant_id, actor_kind, action, subject) values ('${id}', '${tenant}', 'system', 'x', 'x')`,
    );
    t.equal(
      (await client.query(`select 1 from cdr_default where call_id = '${id}'`)).rowCount,
      1,
      'no row is refused',
    );
    const partitions = new MonthlyPartitions({ orm: t.context.orm, keepDays: forEver, log: quietLog() });
    t.same(await partitions.run(), { made: [`cdr_${next.name}`, `audit_log_${next.name}`], dropped: [] });
    t.same(await partitions.run(), { made: [], dropped: [] }, 'again is harmless');
    for (const [table, key] of [
      ['cdr', 'call_id'],
      ['audit_log', 'id'],
    ] as const) {
      t.equal((await client.query(`select 1 from ${table}_${next.name} where ${key} = '${id}'`)).rowCount, 1);
      t.equal((await client.query(`select 1 from ${table} where ${key} = '${id}'`)).rowCount, 1, 'once');
      await t.rejects(
        client.query(`delete from audit_log where id = '${id}'`),
        { code: '23001' },
        'and what may not change may not there',
      );
      const guards = await client.query(
        `select relrowsecurity and relforcerowsecurity as forced, relacl::text as granted,
         (select count(*)::int from pg_policies where tablename = relname) as policies
       from pg_class where relname = '${table}_${next.name}'`,
      );
      t.same(guards.rows, [{ forced: true, granted: null, policies: 2 }]);
    }
  },
);

void t.test('months past their retention go whole, the rest stays', async (t) => {
  await client.query(
    `select make_partition('cdr', '2024-01-15'), make_partition('call_trace', '2024-01-15')`,
  );
  const [old, young] = [oldUuid('2024-01-31T23:59:59Z'), oldUuid(new Date().toISOString())];
  await client.query(cdrOf(old, '2026-01-01'));
  await client.query(cdrOf(young, '2024-01-01'));
  const count = async () => (await client.query('select count(*)::int as n from cdr')).rows[0].n as number;
  t.equal(await count(), 4);
  const run = (keepDays: Partial<Retention>) =>
    new MonthlyPartitions({
      orm: t.context.orm,
      keepDays: { ...forEver, ...keepDays },
      log: quietLog(),
    }).run();
  t.match(await run({}), { dropped: [] }, '0 is for ever');
  t.match(await run({ cdr: 36_500 }), { dropped: [] });
  t.match(await run({ cdr: 30, event: 30, audit_log: 30 }), { dropped: ['cdr_2024_01'] });
  t.equal(await count(), 2, "the default's old rows went too");
  t.notOk((await partitionsOf('cdr')).includes('cdr_2024_01'));
  t.ok((await partitionsOf('call_trace')).includes('call_trace_2024_01'));
  t.equal((await client.query('select 1 from audit_log where tenant_id is not null')).rowCount, 1);
  await t.rejects(client.query('delete from audit_log'), { code: '23001' }, 'still append-only');
});

void t.test('one daemon does it for all', async (t) => {
  const partitions = new MonthlyPartitions({ orm: t.context.orm, keepDays: forEver, log: quietLog() });
  await client.query('select pg_advisory_lock(4801170554)');
  t.equal(await partitions.run(), 'elsewhere');
  await client.query('select pg_advisory_unlock(4801170554)');
  t.same(await partitions.run(), { made: [], dropped: [] });
  const both = await Promise.all([partitions.run(), partitions.run()]);
  t.ok(both.some((run) => run !== 'elsewhere'));
});

void t.test('a table that is busy is left for the next run, without holding up who writes', async (t) => {
  const next = month(2);
  await client.query(`drop table cdr_${next.name}, event_${next.name}`);
  const log = quietLog();
  const partitions = new MonthlyPartitions({ orm: t.context.orm, keepDays: forEver, log });
  await client.query('begin; lock table cdr_default in row exclusive mode');
  await t.rejects(partitions.run(), { errors: [{ code: '55P03' }] });
  await client.query('commit');
  t.ok((await partitionsOf('event')).includes(`event_${next.name}`), 'the others are done');
  t.same(await partitions.run(), { made: [`cdr_${next.name}`], dropped: [] });
});
