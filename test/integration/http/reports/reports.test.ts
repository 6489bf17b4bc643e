import fc from 'fast-check';
import { Client } from 'pg';
import t from 'tap';
import type { Counted } from '../../../../daemon/http/reports/ports.ts';
import { PostgresReports } from '../../../../daemon/http/reports/postgres-reports.ts';
import { reportKeys } from '../../../../daemon/http/reports/report-schemas.ts';
import type { ReportQuestion } from '../../../../daemon/http/reports/report-sql.ts';
import { CallCounts } from '../../../../daemon/jobs/call-counts.ts';
import type { CallRecord } from '../../../../daemon/records/call-record.ts';
import { encodeRecord } from '../../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../../daemon/records/record-store.ts';
import { newId } from '../../../../daemon/telephony/ids.ts';
import type { TestDatabase } from '../../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm } from '../../../../orm/config.ts';
import { sampleRecord } from '../../../unit/records/sample-record.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { directReport } from './direct-report.ts';

/** Summer time begins and ends in each of these within the days that are called; the last two are no whole hours. */
const zones = ['UTC', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
const firstDayMs = Date.UTC(2026, 2, 1);
const days = 250;
const quarters = days * 96;

let database: TestDatabase;
let client: Client;
let orm: ReturnType<typeof openOrm>;
t.before(async () => {
  database = await seededDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  orm = openOrm(database.url);
});
t.teardown(async () => {
  await closeOrm(orm);
  await client.end();
  await database.drop();
});

/** A tenant with accounts of each kind, and what its calls are counted by. */
async function newTenant() {
  const id = newId<'TenantId'>();
  await client.query(`insert into tenant (id, slug, name) values ($1, $2, 'Counted')`, [id, `counted-${id}`]);
  const accounts: Record<string, string> = {};
  for (const kind of ['buyer', 'publisher', 'carrier', 'revenue']) {
    accounts[kind] = newId();
    await client.query(
      `insert into billing_account (id, tenant_id, name, kind, currency) values ($1, $2, $3, $3, 'USD')`,
      [accounts[kind], id, kind],
    );
  }
  const some = (n: number) => Array.from({ length: n }, () => newId());
  return {
    id,
    accounts,
    campaigns: some(2),
    publishers: some(2),
    buyers: some(2),
    calls: [] as CallRecord[],
  };
}
type Counting = Awaited<ReturnType<typeof newTenant>>;

const pick = fc.nat({ max: 1000 });
const of = <T>(list: readonly T[], n: number): T => {
  const one = list[n % list.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
};
const call = fc.record({
  second: fc.nat({ max: days * 86_400 - 1 }),
  who: pick,
  source: fc.constantFrom('session' as const, 'switch' as const),
  talks: fc.constantFrom(0, 1, 2),
  us: fc.nat({ max: 3_600_000_000 }),
});
const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('calls' as const), calls: fc.array(call, { maxLength: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), n: pick, call }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), n: pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('conversion' as const),
      n: pick,
      status: fc.constantFrom('converted', 'duplicate', 'withdrawn'),
      price: pick,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ledger' as const),
      n: pick,
      entry: fc.constantFrom('buyer_charge', 'publisher_payout', 'carrier_cost'),
      amount: fc.integer({ min: -50, max: 1000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('job' as const) }) },
);
const asked = fc.record({
  by: fc.constantFrom(...reportKeys),
  from: fc.nat({ max: quarters }),
  span: fc.integer({ min: 1, max: quarters }),
  whole: fc.boolean(),
  zone: fc.constantFrom(...zones),
  narrow: fc.constantFrom('', '', '', 'campaign', 'publisher', 'buyer', 'did'),
  who: pick,
});

function recordOf(
  tenant: Counting,
  of_: typeof call extends fc.Arbitrary<infer T> ? T : never,
  callId: string,
): CallRecord {
  const { second, who, source, talks, us } = of_;
  const startedAtUs = (firstDayMs + second * 1000) * 1000 + (us % 1_000_000);
  const none = who % 5 === 0;
  const sample = sampleRecord(tenant.id);
  return {
    ...sample,
    callId: callId as CallRecord['callId'],
    campaignId: none ? undefined : (of(tenant.campaigns, who) as CallRecord['campaignId']),
    publisherId: none ? undefined : (of(tenant.publishers, who >> 1) as CallRecord['publisherId']),
    buyerId: talks < 2 ? undefined : (of(tenant.buyers, who >> 2) as CallRecord['buyerId']),
    did: `+1800555010${who % 3}`,
    startedAtUs,
    answeredAtUs: talks > 0 ? startedAtUs + Math.floor(us / 4) : undefined,
    connectedAtUs: talks > 1 ? startedAtUs + Math.floor(us / 2) : undefined,
    endedAtUs: startedAtUs + us,
    source,
    legs: [],
    attempts: [],
    trace: [],
    recordings: [],
  };
}

let versions = 0;
/** One thing that happens; a call may be one that is still to be written (a postback comes while it lives). */
async function happen(tenant: Counting, happening: typeof event extends fc.Arbitrary<infer T> ? T : never) {
  const store = new PostgresRecordStore(orm);
  const some = 'n' in happening && tenant.calls.length > 0 ? of(tenant.calls, happening.n) : undefined;
  switch (happening.kind) {
    case 'job':
      await new CallCounts(orm).run();
      return;
    case 'calls': {
      const records = happening.calls.map((one) => recordOf(tenant, one, newId()));
      tenant.calls.push(...records);
      // A sixth still lives: what is said of it is said of a call that nobody has written, and `replace` may write it.
      for (const source of ['session', 'switch'] as const) {
        const lines = records.filter((one, at) => at !== 5 && one.source === source).map(encodeRecord);
        if (lines.length > 0) await store.write(lines);
      }
      return;
    }
    case 'replace':
      if (some !== undefined)
        await store.write([
          encodeRecord({ ...recordOf(tenant, happening.call, some.callId), source: 'session' }),
        ]);
      return;
    case 'delete':
      if (some !== undefined) await client.query('delete from call where id = $1', [some.callId]);
      return;
    case 'conversion':
      versions += 1;
      if (some !== undefined)
        await client.query(
          `insert into conversion (id, tenant_id, call_id, version, rule, status, currency, price_micros, payout_micros)
           values ($1, $2, $3, $4, 'postback', $5, 'USD', $6::bigint, $6::bigint / 2)`,
          [newId(), tenant.id, some.callId, versions, happening.status, happening.price],
        );
      return;
    case 'ledger': {
      versions += 1;
      if (some === undefined || happening.amount === 0) return;
      const { entry, amount } = happening;
      const theirs =
        { buyer_charge: 'buyer', publisher_payout: 'publisher', carrier_cost: 'carrier' }[entry] ?? '';
      const transaction = newId();
      const sign = entry === 'buyer_charge' ? -1 : 1;
      await client.query(
        `insert into ledger_entry (id, tenant_id, transaction_id, account_id, call_id, kind, version, amount_micros, currency)
         select gen_random_uuid(), $1, $2, account, $3, $4, $5, amount, 'USD' from unnest($6::uuid[], $7::bigint[]) as e (account, amount)`,
        [
          tenant.id,
          transaction,
          some.callId,
          entry,
          versions,
          [tenant.accounts[theirs], tenant.accounts['revenue']],
          [sign * amount, -sign * amount],
        ],
      );
    }
  }
}

function questionOf(
  tenant: Counting,
  of_: typeof asked extends fc.Arbitrary<infer T> ? T : never,
): ReportQuestion {
  const { by, from, span, whole, zone, narrow, who } = of_;
  const instant = (quarter: number) => {
    const text = new Date(firstDayMs + quarter * 900_000).toISOString();
    return whole ? text.slice(0, 10) : text;
  };
  const until = whole ? from + Math.max(span, 96) : from + span;
  const only = (name: string, list: readonly string[]) => (narrow === name ? of(list, who) : undefined);
  return {
    by,
    from: instant(from),
    to: instant(until),
    zone,
    campaignId: only('campaign', tenant.campaigns),
    publisherId: only('publisher', tenant.publishers),
    buyerId: only('buyer', tenant.buyers),
    did: only('did', ['+18005550100', '+18005550101', '+18005550102']),
    after: undefined,
    limit: 10_000,
  };
}

void t.test(
  'a report is the sum of the rows, whatever is written when, and whether the job ran',
  async (t) => {
    const reports = new PostgresReports(orm);
    const other = await newTenant();
    await happen(other, {
      kind: 'calls',
      calls: [{ second: 5, who: 1, source: 'session', talks: 2, us: 7 }],
    });
    let rows = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { minLength: 5, maxLength: 25 }),
        fc.array(asked, { minLength: 6, maxLength: 6 }),
        async (events, questions) => {
          const tenant = await newTenant();
          for (const [at, one] of events.entries()) {
            await happen(tenant, one);
            const question = questions[at % questions.length];
            if (question === undefined || at % 4 !== 0) continue;
            await compare(tenant, questionOf(tenant, question));
          }
          for (const one of questions) await compare(tenant, questionOf(tenant, one));
          await new CallCounts(orm).run();
          for (const one of questions) await compare(tenant, questionOf(tenant, one));
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false },
    );
    t.ok(rows > 100, `${rows} rows were compared`);

    async function compare(tenant: Counting, question: ReportQuestion): Promise<void> {
      const found = await reports.calls(tenant.id, question);
      const direct = await directReport(client, tenant.id, question);
      rows += direct.length;
      const nameless = (list: readonly Counted[]) => list.map((row) => ({ ...row, name: null }));
      if (!t.same(nameless(found.rows), nameless(direct), JSON.stringify(question)))
        throw new Error('not the same');
      const [total] = await directReport(client, tenant.id, question, true);
      if (total !== undefined && !t.match({ ...found.total, key: 'all' }, total))
        throw new Error('not the same total');
    }
  },
);
