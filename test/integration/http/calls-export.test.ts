import { parse } from 'csv-parse/sync';
import t from 'tap';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm } from '../../../orm/config.ts';
import { buyerId, headersOf, type Person, peopleAccess, publisherId } from '../../unit/http/access/people.ts';
import { checkedApp, fakePorts, tenantId } from '../../unit/http/test-api.ts';
import { seededDatabase } from '../seeded-database.ts';

interface Call {
  readonly id: string;
  readonly caller: string;
  readonly did: string;
  readonly outcome: string;
  readonly started_at: string;
  readonly tags: readonly string[];
  readonly campaign_id?: string;
  readonly publisher_id?: string;
  readonly buyer_id?: string;
}

const campaign = newId();
const calls: readonly Call[] = [
  {
    id: newId(),
    caller: '+15550001111',
    did: '+15551230001',
    outcome: 'connected',
    started_at: '2026-07-17T10:00:00.000001Z',
    tags: ['web'],
    campaign_id: campaign,
    publisher_id: publisherId,
    buyer_id: buyerId,
  },
  {
    id: newId(),
    caller: '+15550002222',
    did: '+15551230002',
    outcome: 'busy',
    started_at: '2026-07-17T11:00:00Z',
    tags: ['vip', 'web'],
  },
];
const [first, second] = calls.map(({ id }) => id);

void t.test('the file of calls holds what the list of calls would show', async (t) => {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const reader = new PostgresCallReader(orm);
  const app = checkedApp({ ports: fakePorts({ access: peopleAccess, calls: reader }) });
  t.teardown(async () => {
    await app.close();
    await closeOrm(orm);
    await database.drop();
  });
  const sql = (query: string, values: unknown[]) => orm.em.getConnection().execute(query, values);
  await sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenantId]);
  for (const { tags, ...call } of calls) {
    const row = {
      ...call,
      tenant_id: tenantId,
      switch_name: 'fs1',
      daemon_id: 'd',
      caller_name: 'John Doe',
      ended_at: '2026-07-17T12:00:00Z',
      cause: 'NORMAL_CLEARING',
      hung_up_by: 'caller',
      reason: 'the block list of Smith',
      variables: {},
      tags,
      takeovers: 0,
      source: 'session',
    };
    const columns = Object.keys(row).join();
    await sql(
      `insert into call (${columns}) select ${columns} from jsonb_populate_record(null::call, ?::jsonb)`,
      [JSON.stringify(row)],
    );
    await sql(
      'insert into call_tag (tenant_id, call_id, started_at, tag) select ?, ?, ?, unnest(?::text[]) on conflict do nothing',
      [tenantId, call.id, call.started_at, `{${tags.join()}}`],
    );
  }
  const get = (person: Person, query = '') =>
    app.inject({ url: `/calls/export?${query}`, headers: headersOf(person) });
  const rows = async (person: Person, query = ''): Promise<Record<string, string>[]> => {
    const answer = await get(person, query);
    t.equal(answer.statusCode, 200, `${query} ${answer.body.slice(0, 300)}`);
    return parse(answer.body, { columns: true });
  };

  await t.test('each filter holds, and is that of the list', async (t) => {
    for (const [query, found] of [
      ['', [second, first]],
      [`tenant=${tenantId}`, [second, first]],
      [`tenant=${newId()}`, []],
      ['caller=%2B15550001111', [first]],
      ['caller=2222', [second]],
      ['did=%2B15551230002', [second]],
      ['did=230001', [first]],
      [`campaign=${campaign}`, [first]],
      [`publisher=${publisherId}`, [first]],
      [`buyer=${buyerId}`, [first]],
      ['tag=vip', [second]],
      ['tag=web', [second, first]],
      ['outcome=busy', [second]],
      ['from=2026-07-17T10:00:00.000002Z', [second]],
      ['to=2026-07-17T11:00:00Z', [first]],
    ] as const) {
      t.same(
        (await rows('admin', query)).map(({ id }) => id),
        found,
        query,
      );
      const list = await app.inject({ url: `/calls?${query}`, headers: headersOf('admin') });
      t.same(
        list.json<{ calls: { id: string }[] }>().calls.map(({ id }) => id),
        found,
        'as the list',
      );
    }
    t.equal((await get('admin', 'limit=1')).statusCode, 400, 'a file is whole');
  });

  await t.test('a publisher and a buyer take home what they see', async (t) => {
    t.match(await rows('admin', 'caller=1111'), [
      { caller: '+15550001111', callerName: 'John Doe', reason: /Smith/, tags: 'web', buyerId },
    ]);
    const publisher = await rows('publisher');
    t.match(publisher, [
      { id: first, caller: '+*******1111', did: '+15551230001', callerName: '', reason: '', buyerId: '' },
    ]);
    const buyer = await rows('buyer');
    t.match(buyer, [{ id: first, caller: '+*******1111', did: '+*******0001', publisherId: '', tags: '' }]);
    for (const seen of [publisher, buyer]) {
      t.equal(seen.length, 1);
      t.notMatch(JSON.stringify(seen), /0001111|Smith|John/);
    }
    t.equal((await get('publisher', 'caller=1111')).statusCode, 400);
    t.equal((await get('publisher', `buyer=${buyerId}`)).statusCode, 403);
    t.equal((await get('buyer', 'tag=web')).statusCode, 403);
  });
});
