import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { key } from '../../../unit/http/test-api.ts';
import { until } from '../../../until.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type ResourceHouse, resourceHouse } from './resource-house.ts';

// Over TCP, where Node closes a request as soon as its body was read; `inject` does not.
let house: ResourceHouse;
let address: string;
const [one, two, three] = [newId(), newId(), newId()];
const lists = new Map<string, string>();

t.before(async () => {
  house = resourceHouse(await seededDatabase(), one);
  for (const tenant of [one, two, three]) {
    await house.sql('insert into tenant (id, slug, name) values (?, ?, ?)', [tenant, tenant, tenant]);
    lists.set(tenant, (await house.make('/dnc-lists', { name: 'All' }, tenant)).id);
  }
  address = await house.app.listen({ port: 0, host: '127.0.0.1' });
});
t.teardown(() => house.close());

/** An import under way: `sent` is all it has sent until `end`. */
function upload(tenant: string, sent: string, mode = 'all-or-nothing') {
  const url = `${address}/dnc-lists/${lists.get(tenant)}/import?mode=${mode}`;
  const headers = {
    authorization: `Bearer ${key}`,
    'x-callfabric-tenant': tenant,
    'content-type': 'text/csv',
  };
  const sending = request(url, { method: 'POST', headers });
  const answered = once(sending, 'response').then(async ([response]: IncomingMessage[]) => ({
    status: response?.statusCode,
    retryAfter: response?.headers['retry-after'],
    body: response === undefined ? '' : await text(response),
  }));
  sending.write(sent);
  return { sending, answered };
}

const rowsOf = (count: number, of: (n: number) => string): string =>
  `e164\n${Array.from({ length: count }, (_, n) => of(n)).join('\n')}\n`;
const numbered = (n: number): string => `+1556${String(n).padStart(7, '0')}`;

void t.test('what takes longer to import than to send is imported', async (t) => {
  const rows = 8000;
  for (const mode of ['all-or-nothing', 'report-and-continue']) {
    await house.sql('delete from dnc_entry');
    const { sending, answered } = upload(one, rowsOf(rows, numbered), mode);
    sending.end();
    const { status, body } = await answered;
    t.equal(status, 200, body);
    t.match(JSON.parse(body), { rows, imported: rows, failed: 0 }, mode);
  }
});

void t.test('a client that takes its time holds a place, and no transaction', async (t) => {
  await house.sql('delete from dnc_entry');
  const slow = [one, one, two, two].map((tenant, at) =>
    upload(
      tenant,
      rowsOf(2000, (n) => numbered(at * 2000 + n)),
    ),
  );
  await until('all four are under way', async () => {
    const others = upload(three, 'e164\n');
    others.sending.end();
    const { status } = await others.answered;
    return status === 503;
  });
  // What only looked is over in a moment; what waits for the client would stay, for these files never end by themselves.
  await until('no transaction to be open', async () => {
    const open = await house.sql(
      "select query from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
    );
    return open.length === 0;
  });
  const third = upload(one, 'e164\n');
  third.sending.end();
  t.match(await third.answered, { status: 429, retryAfter: /^\d+$/, body: /2 imports are under way/ });
  // One goes away, the others go on.
  const [gone, ...others] = slow;
  gone?.answered.catch(() => {});
  gone?.sending.destroy();
  for (const { sending } of others) sending.end();
  for (const { answered } of others) t.match(await answered, { status: 200 });
  t.match(await house.sql('select count(*)::int as n from dnc_entry'), [{ n: 3 * 2000 }]);
  await until('the places are free', async () => {
    const again = upload(one, 'e164\n');
    again.sending.end();
    return (await again.answered).status === 200;
  });
});

void t.test('a file of bad rows stops nobody else, and is given up', async (t) => {
  let turns = 0;
  let reading = true;
  const turn = (): void => {
    turns += 1;
    if (reading) setImmediate(turn);
  };
  setImmediate(turn);
  const many = upload(
    one,
    rowsOf(20_000, () => 'no number'),
    'report-and-continue',
  );
  many.sending.end();
  const { body } = await many.answered;
  reading = false;
  t.match(JSON.parse(body), { rows: 20_000, imported: 0, failed: 20_000 });
  t.ok(turns >= 200, `others were heard ${turns} times meanwhile`);

  const all = upload(
    one,
    rowsOf(20_000, () => 'no number'),
  );
  all.sending.end();
  t.match(await all.answered, { status: 422, body: /1000 rows are wrong and the rest was not looked at/ });
});
