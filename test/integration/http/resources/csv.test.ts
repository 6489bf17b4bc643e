import { Readable } from 'node:stream';
import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type ResourceHouse, resourceHouse } from './resource-house.ts';

let house: ResourceHouse;
const tenant = newId();

t.before(async () => {
  house = resourceHouse(await seededDatabase(), tenant);
  await house.sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenant]);
});
t.teardown(() => house.close());

const send = (url: string, file: string | Buffer | Readable, type = 'text/csv') =>
  house.ask('POST', url, { body: file, headers: { 'content-type': type } });
const count = async (table: string): Promise<number> => {
  const [row] = await house.sql<{ n: number }>(
    `select count(*)::int as n from ${table} where tenant_id = ?`,
    [tenant],
  );
  return row?.n ?? 0;
};

void t.test('numbers come out of a file as they went in, and a list can be sent back', async (t) => {
  const { id: campaign } = await house.make('/campaigns', { name: 'Filed' });
  const file = [
    '\ufeffe164,campaignId,tags,enabled,maxCalls',
    `+15557000001,${campaign},"a;b ""c"", d",no,5`,
    '15557000002,,,,',
    "'+15557000003,,=1+1,TRUE,",
    '',
  ].join('\r\n');
  t.match(await send('/numbers/import', file), {
    status: 200,
    body: { rows: 3, imported: 3, failed: 0, errors: [] },
  });
  const { numbers } = (await house.ask('GET', '/numbers?sort=e164')).body;
  t.match(numbers, [
    { e164: '+15557000001', campaignId: campaign, tags: ['a', 'b "c", d'], enabled: false, maxCalls: 5 },
    { e164: '+15557000002', campaignId: null, tags: [], enabled: true, maxCalls: null },
    { e164: '+15557000003', tags: ['=1+1'] },
  ]);
  const out = await house.ask('GET', '/numbers/export?e164Prefix=%2B15557');
  t.match(out.headers, {
    'content-type': /^text\/csv/,
    'content-disposition': 'attachment; filename="numbers.csv"',
  });
  const [header, ...lines] = out.text.trimEnd().split('\r\n');
  t.equal(header, 'id,e164,campaignId,publisherId,enabled,maxCalls,tags,createdAt,updatedAt');
  t.equal(lines.length, 3);
  t.match(lines[0], /^[0-9a-f-]+,\+15557000001,[0-9a-f-]+,,false,5,"a;b ""c"", d",/);
  t.match(lines[2], /,'=1\+1,/, 'a formula is none any more, a number stays a number');
  await house.sql('delete from phone_number where tenant_id = ?', [tenant]);
  t.match(await send('/numbers/import', out.text), { status: 200, body: { imported: 3 } });
  const again = (await house.ask('GET', '/numbers?sort=e164')).body['numbers'] as Record<string, unknown>[];
  const bare = (rows: unknown) =>
    (rows as Record<string, unknown>[]).map(({ e164, campaignId, tags, enabled, maxCalls }) => ({
      e164,
      campaignId,
      tags,
      enabled,
      maxCalls,
    }));
  t.same(bare(again), bare(numbers), 'nothing was lost on the way');
  t.match(
    await house.sql(
      "select after->>'imported' as n, subject from audit_log where action = 'phone_number.import' order by id limit 1",
    ),
    [{ n: '3', subject: 'phone_number' }],
  );
});

void t.test(
  'all or nothing: one wrong row, nothing is kept, and all that is wrong is told with its line',
  async (t) => {
    const { id: list } = await house.make('/dnc-lists', { name: 'Wrong' });
    const file =
      'e164,reason,expiresAt\n+15558000001,ok,\n555,bad,\n+15558000001,twice,\n"+15558000002","over\ntwo lines",\n+15558000003,x,tomorrow\n+1,2\n';
    const answer = await send(`/dnc-lists/${list}/import`, file);
    t.equal(answer.status, 422);
    t.match(answer.body['detail'], /^4 of 6 rows are wrong, so none was imported/);
    t.same(
      (answer.body['faults'] as { line: number; field: string }[])
        .map(({ line, field }) => `${line} ${field}`)
        .toSorted(),
      ['3 /e164', '4 /e164', '7 /expiresAt', '8 '],
    );
    t.equal(await count('dnc_entry'), 0);
    const good = await send(`/dnc-lists/${list}/import?mode=report-and-continue`, file);
    t.match(good, { status: 200, body: { rows: 6, imported: 2, failed: 4 } });
    t.equal(await count('dnc_entry'), 2);
    t.equal((await send(`/dnc-lists/${newId()}/import`, file)).status, 404);
  },
);

void t.test('what the database alone can tell is told of its row, and the others are kept', async (t) => {
  const file = `e164,campaignId\n+15557100001,\n+15557100002,${newId()}\n+15557100003,\n`;
  const answer = await send('/numbers/import?mode=report-and-continue', file);
  t.match(answer, {
    status: 200,
    body: { imported: 2, failed: 1, errors: [{ line: 3, field: '/campaignId', message: /names nothing/ }] },
  });
  const { id: card } = await house.make('/rate-cards', { name: 'Filed', kind: 'cost', currency: 'USD' });
  const rates =
    'prefix,pricePerMinuteMicros,validFrom\n1,1000,2026-01-01T00:00:00Z\n,5000,2026-01-01T00:00:00Z\n1,2000,2026-05-01T00:00:00Z\n44,-1,2026-01-01T00:00:00Z\n';
  t.match(await send(`/rate-cards/${card}/import?mode=report-and-continue`, rates), {
    body: {
      imported: 2,
      errors: [
        { line: 5, field: '/pricePerMinuteMicros' },
        { line: 4, field: '/prefix', message: /overlaps/ },
      ],
    },
  });
});

void t.test('a file that cannot be read says why, and where', async (t) => {
  const cases: readonly (readonly [string | Buffer, number, RegExp])[] = [
    ['', 422, /first line names the columns/],
    [
      'number,campaignId\n+1,\n',
      422,
      /has the column 'number'; there are id, e164.*lacks the column 'e164'/s,
    ],
    ['e164;campaignId\n', 422, /has the column 'e164;campaignId'.*with commas between/],
    ['e164,e164\n', 422, /has 'e164' twice/],
    [
      `e164,tags\n+15557200001,"never closed\n${'x'.repeat(200_000)}`,
      422,
      /"line":2.*|quote that is not closed/,
    ],
    ['e164,tags\n+15557200001,"a"b\n', 422, /text after a closing quote/],
    ['e164,tags\n+15557200001,a\0b\n', 422, /\/tags/],
  ];
  for (const [file, status, said] of cases) {
    const answer = await send('/numbers/import', file);
    t.equal(answer.status, status, said.source);
    t.match(answer.text, said);
  }
  const utf16 = Buffer.from('\ufeffe164\n+15557200001\n', 'utf16le');
  t.match(
    await send('/numbers/import', utf16),
    { status: 200, body: { imported: 1 } },
    'by its byte order mark',
  );
  t.equal((await send('/numbers/import', 'x', 'application/octet-stream')).status, 415);
  t.equal((await send('/numbers/import', '{}', 'application/json')).status, 415);
  t.equal((await send('/numbers/import?mode=maybe', 'e164\n')).status, 400);
  t.equal((await send('/publishers', 'name\nx\n')).status, 415, 'files are for imports alone');
  t.match(await send('/numbers/import', 'e164\n\n'), { status: 200, body: { rows: 0 } });
});

void t.test('errors are told up to a bound, and counted beyond it', async (t) => {
  const { id: list } = await house.make('/dnc-lists', { name: 'Many' });
  const file = Readable.from(
    (function* () {
      yield 'e164\n';
      for (let n = 0; n < 3000; n += 1)
        yield n % 3 === 0 ? `no number ${n}\n` : `+1556${String(n).padStart(7, '0')}\n`;
    })(),
  );
  const answer = await send(`/dnc-lists/${list}/import?mode=report-and-continue`, file);
  t.match(answer.body, { rows: 3000, imported: 2000, failed: 1000 });
  t.equal((answer.body['errors'] as unknown[]).length, 100);
});

void t.test('a file larger than allowed is refused while it comes', async (t) => {
  const { id: list } = await house.make('/dnc-lists', { name: 'Large' });
  const chunk = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(1024));
  let chunks = 0;
  const file = Readable.from(
    (function* () {
      yield 'e164\n';
      for (; chunks < 200; chunks += 1) yield chunk;
    })(),
  );
  t.equal((await send(`/dnc-lists/${list}/import?mode=report-and-continue`, file)).status, 413);
});
