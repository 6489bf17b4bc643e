import t from 'tap';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import type { CallSummary } from '../../../daemon/http/call-schemas.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { key } from '../../unit/http/test-api.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { accessApi } from './access/access-api.ts';

void t.test('an ended call is tagged anew, is found by its new tags, and it is written down', async (t) => {
  const { app, orm, sql } = await accessApi(t, (orm) => ({
    calls: new PostgresCallReader(orm),
    resources: { orm, privateWebhooks: false },
  }));
  const [tenant] = await sql<{ id: string }>("select id from tenant where slug = 'test-org'");
  const record = sampleRecord(tenant?.id ?? '', { tags: ['web', 'vip'] });
  await new PostgresRecordStore(orm).write([encodeRecord(record)]);
  const id = record.callId;
  const headers = (of: string | undefined) => ({
    authorization: `Bearer ${key}`,
    ...(of === undefined ? {} : { 'x-callfabric-tenant': of }),
  });
  const put = async (tags: unknown, one: string = id, of = tenant?.id) =>
    app.inject({ method: 'PUT', url: `/calls/${one}/tags`, headers: headers(of), payload: { tags } });
  const found = async (tag: string): Promise<string[]> => {
    const answer = await app.inject({ url: `/calls?tag=${tag}`, headers: headers(tenant?.id) });
    return answer.json<{ calls: CallSummary[] }>().calls.map((call) => call.id);
  };
  const sums = () =>
    sql('select sum(incoming) as calls, sum(connected) as connected from call_count_delta where did = $1', [
      record.did,
    ]);
  const counted = await sums();

  t.same(await found('vip'), [id]);
  t.match(await put(['web', 'sold, "twice"']), { statusCode: 200 });
  t.same([await found('vip'), await found('web')], [[], [id]]);
  t.same(await found(encodeURIComponent('sold, "twice"')), [id]);
  t.same(await sql('select tag from call_tag where call_id = $1 order by tag', [id]), [
    { tag: 'sold, "twice"' },
    { tag: 'web' },
  ]);
  t.same(await sums(), counted, 'it is counted once as before');
  t.match(
    await sql("select actor_kind, subject_id, before, after from audit_log where action = 'call.tags'"),
    [
      {
        actor_kind: 'operator',
        subject_id: id,
        before: { tags: ['web', 'vip'] },
        after: { tags: ['web', 'sold, "twice"'] },
      },
    ],
  );
  t.equal((await put([], id, undefined)).statusCode, 200, 'an operator in no tenant');
  t.same(await found('web'), []);

  for (const [tags, one, of, status] of [
    [['x'], newId(), tenant?.id, 404],
    [['x'], id, newId(), 404],
    [['x', 'x'], id, tenant?.id, 422],
    [[''], id, tenant?.id, 422],
    [['x'.repeat(65)], id, tenant?.id, 422],
    [undefined, id, tenant?.id, 422],
  ] as const)
    t.equal((await put(tags, one, of)).statusCode, status);
  t.same(await sql('select tags from call where id = $1', [id]), [{ tags: [] }], 'nothing came of those');
});
