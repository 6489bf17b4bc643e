import t from 'tap';
import { Check } from 'typebox/schema';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { CallDetailSchema, type CallSummary } from '../../../daemon/http/call-schemas.ts';
import { instantOfUs } from '../../../daemon/http/schemas.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import type { FlowVersionId } from '../../../daemon/telephony/ids.ts';
import { openOrm } from '../../../orm/config.ts';
import { Tenant } from '../../../orm/index.ts';
import { ask, checkedApp, fakePorts } from '../../unit/http/test-api.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { seededDatabase } from '../seeded-database.ts';

const startUs = Date.UTC(2026, 6, 17, 10) * 1000;

void t.test('calls out of PostgreSQL through the API', async (t) => {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const app = checkedApp({ ports: fakePorts({ calls: new PostgresCallReader(orm) }) });
  t.teardown(async () => {
    await app.close();
    await orm.close(true);
    await database.drop();
  });
  const tenant = await orm.em.fork().findOneOrFail(Tenant, { slug: 'test-org' });
  // Three in the same microsecond, two a microsecond apart: what a Date would mix up.
  const [version] = await orm.em
    .getConnection()
    .execute<{ id: string; flow: string; number: number }[]>(
      'select id, flow_id as flow, number from flow_version where tenant_id = ? limit 1',
      [tenant.id],
    );
  const offsets = [0, 0, 0, 1, 2, 3_600_000_000];
  const records = offsets.map((offset, at) =>
    sampleRecord(tenant.id, {
      startedAtUs: startUs + offset,
      endedAtUs: startUs + offset + 60_000_000,
      ...(at === 0 ? { flowVersionId: version?.id as FlowVersionId } : {}),
    }),
  );
  await new PostgresRecordStore(orm).write(records.map(encodeRecord));
  const [sample] = records;
  if (sample === undefined) throw new Error('no sample');

  const ids = async (query: string): Promise<string[]> => {
    const { status, body } = await ask(app, { url: `/calls?${query}` });
    t.equal(status, 200, query);
    return (body['calls'] as CallSummary[]).map((call) => call.id);
  };
  const newestFirst = records
    .toSorted((a, b) => b.startedAtUs - a.startedAtUs || (a.callId < b.callId ? 1 : -1))
    .map((record) => String(record.callId));

  await t.test('newest first, over pages that end within one microsecond', async (t) => {
    t.same(await ids(''), newestFirst);
    const seen: string[] = [];
    let next: unknown = '';
    while (next !== null && seen.length < 20) {
      const { body } = await ask(app, {
        url: `/calls?limit=2${next === '' ? '' : `&cursor=${String(next)}`}`,
      });
      seen.push(...(body['calls'] as CallSummary[]).map((call) => call.id));
      next = body['next'];
    }
    t.same(seen, newestFirst);
  });

  await t.test('each filter holds', async (t) => {
    const plus = (number: string): string => encodeURIComponent(number);
    t.same(await ids(`tenant=${tenant.id}`), newestFirst);
    t.same(await ids('tenant=01981234-0000-7000-8000-00000000ffff'), []);
    t.same(
      await ids(`caller=${plus(sample.caller)}&did=${plus(sample.did)}&outcome=${sample.outcome}`),
      newestFirst,
    );
    t.same(await ids('caller=%2B19999999999'), []);
    t.same(await ids('did=%2B19999999999'), []);
    t.same(await ids(`outcome=${sample.outcome === 'busy' ? 'rejected' : 'busy'}`), []);
    t.same((await ids('from=2026-07-17T10:00:00.000001Z&to=2026-07-17T10:00:00.000002Z')).length, 1);
    t.same((await ids('to=2026-07-17T11:00:00Z')).length, 5);
    t.same((await ids('from=2026-07-17T12:59:00%2B02:00')).length, 1);
    t.same(await ids("caller=' or 1=1 --"), []);
    t.same(await ids(`caller=${sample.caller.slice(-4)}&did=${sample.did.slice(-7)}`), newestFirst);
    t.same(await ids('caller=0000'), []);
    t.same(await ids(`caller=${sample.caller.slice(1)}9`), []);
    t.same(await ids(`tag=${sample.tags[0]}&tenant=${tenant.id}`), newestFirst);
    t.same(await ids('tag=other'), []);
    const [one] = records;
    t.same(await ids(`campaign=${one?.campaignId}`), [one?.callId]);
    t.same(await ids(`buyer=${one?.buyerId}&tenant=${tenant.id}`), [one?.callId]);
    t.same(await ids(`publisher=${tenant.id}`), []);
    for (const nul of ['caller', 'did', 'tag'])
      t.equal((await ask(app, { url: `/calls?${nul}=%00` })).status, 400, nul);
  });

  await t.test('one call with all that was written of it', async (t) => {
    const { status, body } = await ask(app, { url: `/calls/${sample.callId}` });
    t.equal(status, 200);
    t.ok(Check(CallDetailSchema, body), 'as the description says');
    t.match(body, {
      call: {
        id: sample.callId,
        state: 'ended',
        tenantId: tenant.id,
        caller: sample.caller,
        did: sample.did,
        startedAt: '2026-07-17T10:00:00.000000Z',
        campaignId: sample.campaignId,
        phoneNumberId: sample.phoneNumberId,
        publisherId: null,
        buyerId: sample.buyerId,
        flowVersionId: version?.id,
        flowId: version?.flow,
        flowNumber: version?.number,
        switchName: sample.switchName,
        source: sample.source,
        callerName: sample.callerName,
        variables: sample.variables,
        outcome: sample.outcome,
        hungUpBy: sample.hungUpBy,
        tags: [...sample.tags],
      },
      legs: sample.legs.map((leg) => ({ id: leg.legId, channelUuid: leg.channelUuid })),
      attempts: sample.attempts.map((attempt) => ({ id: attempt.attemptId, cause: attempt.cause })),
      trace: sample.trace.map(({ step, nodeId, exit, durationMs }) => ({ step, nodeId, exit, durationMs })),
      recordings: sample.recordings.map((recording) => ({
        id: recording.recordingId,
        state: 'pending',
        sha256: null,
      })),
    });
    for (const name of ['legs', 'attempts', 'trace', 'recordings'] as const) {
      t.ok(sample[name].length > 0, `the sample has ${name}`);
      t.equal((body[name] as unknown[]).length, sample[name].length);
    }
    const cdr = sample.legs.find((leg) => leg.cdr !== undefined)?.cdr;
    t.match((body['legs'] as { cdr: unknown }[]).find((leg) => leg.cdr !== null)?.cdr, {
      billMs: cdr?.billMs,
      q850: cdr?.q850,
      source: cdr?.source,
      progressAt: instantOfUs(cdr?.times.progressUs ?? 0),
      progressMediaAt: null,
      bridgedAt: instantOfUs(cdr?.times.bridgeUs ?? 0),
    });
    const [, gone] = records;
    t.match(
      (await ask(app, { url: `/calls/${gone?.callId}` })).body,
      { call: { flowVersionId: gone?.flowVersionId, flowId: null, flowNumber: null } },
      'the version is named even where it is no more',
    );
  });

  await t.test('a list tells of each whose it was and how it came', async (t) => {
    const fields = 'publisherId,buyerId,phoneNumberId,flowVersionId,switchName,source,callerName';
    const { body } = await ask(app, { url: `/calls?campaign=${sample.campaignId}&fields=${fields}` });
    const { buyerId, phoneNumberId, switchName, source, callerName } = sample;
    const known = { buyerId, phoneNumberId, switchName, source, callerName };
    t.same(body['calls'], [{ ...known, publisherId: null, flowVersionId: version?.id }]);
    t.equal((await ask(app, { url: '/calls?fields=variables' })).status, 400, 'too much for a list');
  });

  await t.test('what nobody knows is not found', async (t) => {
    t.equal((await ask(app, { url: '/calls/01981234-0000-7000-8000-00000000ffff' })).status, 404);
  });
});

void t.test('with PostgreSQL away the answer is a problem without its address', async (t) => {
  const orm = openOrm('postgres://callfabric:hunter2@127.0.0.1:1/callfabric');
  const app = checkedApp({ ports: fakePorts({ calls: new PostgresCallReader(orm) }) });
  t.teardown(async () => {
    await app.close();
    await orm.close(true);
  });
  const { status, body } = await ask(app, { url: '/calls' });
  t.equal(status, 503);
  t.notMatch(JSON.stringify(body), /hunter2|127\.0\.0\.1/);
  t.match(
    await ask(app, { url: '/calls?state=live' }),
    { status: 200, body: { calls: [] } },
    'live calls need no database',
  );
});
