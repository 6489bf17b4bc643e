import t, { type Test } from 'tap';
import { Check } from 'typebox/schema';
import { callsReport, questionOf } from '../../../../daemon/http/reports/calls-report.ts';
import type { Counted } from '../../../../daemon/http/reports/ports.ts';
import { type ReportQuery, ReportSchema } from '../../../../daemon/http/reports/report-schemas.ts';
import type { ReportQuestion } from '../../../../daemon/http/reports/report-sql.ts';
import { nobody } from '../../../../orm/call-counts-sql.ts';
import { ask, key, nothingCounted, tenantId, testApi } from '../test-api.ts';

const id = '01981234-0000-7000-8000-0000000000b1';
const counted: Counted = {
  key: id,
  name: 'Roofing',
  incoming: 8,
  answered: 6,
  connected: 4,
  answered_us: 90_000_000,
  connected_us: 50_000_001,
  converted: 2,
  duplicates: 1,
  money: [{ currency: 'USD', revenue: '9007199254740993000', payout: '7', cost: '3' }],
};

function api(t: Test, rows: readonly Counted[]) {
  const asked: { tenant: string; question: ReportQuestion }[] = [];
  const app = testApi(t, {
    reports: {
      calls: async (tenant, question) => {
        asked.push({ tenant, question });
        return { rows, total: rows[0] ?? nothingCounted };
      },
    },
  });
  const get = (query: string, tenant: string | undefined = tenantId) =>
    ask(app, {
      url: `/reports/calls?${query}`,
      headers: {
        authorization: `Bearer ${key}`,
        ...(tenant === undefined ? {} : { 'x-callfabric-tenant': tenant }),
      },
    });
  return { asked, get };
}

const days = 'from=2026-03-01&to=2026-04-01';

void t.test('a report is what was counted, in the shape that is described', async (t) => {
  const { asked, get } = api(t, [counted, { ...counted, key: nobody, name: null }]);
  const { status, body } = await get(
    `by=campaign&${days}&zone=America/New_York&did=%2B15551234567&buyer=${id}`,
  );
  t.equal(status, 200);
  t.ok(Check(ReportSchema, body));
  const figures = {
    incoming: 8,
    answered: 6,
    connected: 4,
    noConnect: 4,
    converted: 2,
    duplicates: 1,
    averageSeconds: 12.5,
    asr: 0.75,
    acd: 15,
    money: [
      {
        currency: 'USD',
        revenueMicros: '9007199254740993000',
        payoutMicros: '7',
        costMicros: '3',
        profitMicros: '9007199254740992990',
      },
    ],
  };
  t.same(body, {
    by: 'campaign',
    zone: 'America/New_York',
    rows: [
      { key: id, name: 'Roofing', ...figures },
      { key: null, name: null, ...figures },
    ],
    total: figures,
    next: null,
  });
  t.match(asked, [
    {
      tenant: tenantId,
      question: { by: 'campaign', zone: 'America/New_York', did: '+15551234567', buyerId: id, limit: 51 },
    },
  ]);
});

void t.test('nothing counted is no division by zero', async (t) => {
  const { get } = api(t, []);
  const { body } = await get(`by=day&${days}`);
  t.match(body, { rows: [], total: { incoming: 0, averageSeconds: null, asr: null, acd: null, money: [] } });
});

void t.test('pages go on behind the last key', async (t) => {
  const row = (did: string) => ({ ...counted, key: did, name: null });
  const { asked, get } = api(t, [row('+1800'), row('+1801'), row('+1802')]);
  const { body } = await get(`by=number&${days}&limit=2`);
  t.match(body, { rows: [{ key: '+1800' }, { key: '+1801' }] });
  t.equal((body['rows'] as unknown[]).length, 2);
  await get(`by=number&${days}&limit=2&cursor=${String(body['next'])}`);
  t.match(asked, [{ question: { after: undefined } }, { question: { after: '+1801', limit: 3 } }]);
});

void t.test('what cannot be answered is said, with the field', async (t) => {
  const { asked, get } = api(t, [counted]);
  for (const [query, field] of [
    ['by=moon&from=2026-03-01&to=2026-04-01', '/by'],
    ['by=day&to=2026-04-01', '/from'],
    ['by=day&from=2026-02-30&to=2026-04-01', '/from'],
    ['by=day&from=2026-13-01&to=2026-04-01', '/from'],
    ['by=day&from=2026-03-01T10:07:00Z&to=2026-04-01', '/from'],
    ['by=day&from=2026-03-01T10:15:30Z&to=2026-04-01', '/from'],
    ['by=day&from=2026-03-01&to=2026-03-01', '/to'],
    ['by=day&from=2026-03-01&to=2025-03-01', '/to'],
    ['by=day&from=2024-03-01&to=2026-03-01', '/to'],
    [`by=day&${days}&zone=Mars/Olympus`, '/zone'],
    [`by=day&${days}&zone=%27;drop`, '/zone'],
    [`by=day&${days}&campaign=1`, '/campaign'],
    [`by=day&${days}&did=%00`, '/did'],
    [`by=day&${days}&cursor=AA`, '/cursor'],
    [`by=day&${days}&limit=201`, '/limit'],
    [`by=day&${days}&tag=x`, '/tag'],
  ] as const) {
    const { status, body } = await get(query);
    t.equal(status, 400, query);
    t.match(body, { type: 'urn:callfabric:problem:invalid-parameters', faults: [{ field }] }, query);
  }
  t.match(await get(`by=day&${days}`, ''), { status: 400 }, 'an operator names the tenant');
  t.same(asked, []);
});

void t.test('publishers and buyers see their own calls, and of the money what is theirs', async (t) => {
  const asked: ReportQuestion[] = [];
  let told = counted;
  const reports = {
    calls: async (_tenant: string, question: ReportQuestion) => {
      asked.push(question);
      return { rows: [told], total: told };
    },
  };
  const query = (of: Partial<ReportQuery>): ReportQuery => ({
    by: 'campaign',
    from: '2026-03-01',
    to: '2026-04-01',
    ...of,
  });
  const none = {
    currency: 'USD',
    revenueMicros: null,
    payoutMicros: null,
    costMicros: null,
    profitMicros: null,
  };
  const publisher = { of: 'publisher', publisherId: id } as const;
  const buyer = { of: 'buyer', buyerId: id } as const;
  const seen = await callsReport(reports, tenantId, query({ publisher: tenantId }), publisher);
  t.same(
    [seen.rows[0]?.money, seen.total.money],
    [[{ ...none, payoutMicros: '7' }], [{ ...none, payoutMicros: '7' }]],
  );
  const bought = await callsReport(reports, tenantId, query({ buyer: tenantId }), buyer);
  t.same(
    bought.total.money,
    [{ ...none, costMicros: '9007199254740993000' }],
    'revenue is what it is charged',
  );
  t.match(asked, [{ publisherId: id }, { buyerId: id }], 'whatever they ask for');
  told = { ...counted, money: [{ currency: 'EUR', revenue: '0', payout: '0', cost: '3' }] };
  for (const view of [publisher, buyer])
    t.same(
      (await callsReport(reports, tenantId, query({}), view)).total.money,
      [],
      "others' money leaves no trace",
    );
  for (const [view, of] of [
    [publisher, { by: 'buyer' }],
    [publisher, { buyer: tenantId }],
    [buyer, { by: 'publisher' }],
    [buyer, { publisher: tenantId }],
    [buyer, { by: 'number' }],
    [buyer, { did: '+15551234567' }],
  ] as const)
    t.throws(() => questionOf(query(of), view), { message: /are not for the role/ });
});
