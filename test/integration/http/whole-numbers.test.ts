import t from 'tap';
import { PostgresCallReader } from '../../../daemon/http/call-reader.ts';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { PostgresRecordStore } from '../../../daemon/records/record-store.ts';
import type { BuyerId, PublisherId, TenantId } from '../../../daemon/telephony/ids.ts';
import { FakeBus, feedOn } from '../../unit/http/live/fake-bus.ts';
import { sampleRecord } from '../../unit/records/sample-record.ts';
import { until } from '../../until.ts';
import { accessApi, Browser } from './access/access-api.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

const caller = '+15125550100';
const masked = '+*******0100';

void t.test(
  'publishers and buyers see masked numbers until the admin of their tenant says otherwise',
  async (t) => {
    const live = feedOn(new FakeBus());
    const { app, orm, sql } = await accessApi(t, (orm) => {
      const reader = new PostgresCallReader(orm);
      return { calls: reader, callRows: reader, live };
    });
    const [tenant] = await sql<{ id: TenantId }>('select id from tenant');
    const [publisher] = await sql<{ id: PublisherId }>('select id from publisher');
    const [buyer] = await sql<{ id: BuyerId }>('select id from buyer');
    if (tenant === undefined || publisher === undefined || buyer === undefined) throw new Error('no seed');
    const sample = sampleRecord(tenant.id, { caller, publisherId: publisher.id, buyerId: buyer.id });
    const record = {
      ...sample,
      attempts: sample.attempts.map((one) => ({ ...one, buyerId: buyer.id, destination: caller })),
    };
    await new PostgresRecordStore(orm).write([encodeRecord(record)]);

    const admin = new Browser(app);
    await admin.signIn();
    const { roles } = (await admin.send('GET', '/roles')).json<{ roles: Named[] }>();
    const personOf = async (role: string, whose: object): Promise<Browser> => {
      const email = `${role}@test.example`;
      const roleId = roles.find(({ name }) => name === role)?.id;
      const person = { email, name: role, roleId, password: 'given by the admin', ...whose };
      t.equal((await admin.send('POST', '/users', person)).statusCode, 201);
      const browser = new Browser(app);
      await browser.settle(email, person.password);
      return browser;
    };
    const people = [
      await personOf('publisher', { publisherId: publisher.id }),
      await personOf('buyer', { buyerId: buyer.id }),
    ];
    const end = {
      kind: 'call.ended',
      tenantId: tenant.id,
      callId: record.callId,
      publisherId: publisher.id,
      campaignId: undefined,
      caller,
      did: record.did,
      outcome: 'connected',
      refusal: undefined,
      cause: 'NORMAL_CLEARING',
      durationMs: 1,
      buyerId: buyer.id,
    } as const;
    const read = async (who: Browser, url: string): Promise<string> => {
      const answer = await who.send('GET', url);
      t.equal(answer.statusCode, 200, url);
      return answer.body;
    };
    /** Everything that names the caller, as somebody is told it. */
    const seenBy = async (who: Browser): Promise<Record<string, string>> => {
      const stream = read(who, '/live');
      await until('the stream to be open', () => live.readers === 1);
      live.tell(end);
      live.endAll();
      return {
        list: await read(who, '/calls'),
        export: await read(who, '/calls/export'),
        timeline: await read(who, `/calls/${record.callId}`),
        live: await stream,
      };
    };
    const all = async (shown: string, hidden: string): Promise<void> => {
      for (const who of people)
        for (const [where, text] of Object.entries(await seenBy(who))) {
          t.match(text, shown, where);
          t.notOk(text.includes(hidden), where);
        }
    };

    await all(masked, caller);
    const before = await admin.send('GET', '/tenant');
    t.match(before.json(), { slug: 'test-org', name: 'Test Organization', wholeNumbers: false });
    for (const who of people) {
      t.equal((await who.send('GET', '/tenant')).statusCode, 403);
      t.equal((await who.send('PATCH', '/tenant', { wholeNumbers: true })).statusCode, 403);
    }
    const stream = people.map((who) => read(who, '/live'));
    await until('both streams to be open', () => live.readers === 2);
    const headers = { 'if-match': String(before.headers['etag']) };
    const whole = await admin.send('PATCH', '/tenant', { wholeNumbers: true }, { headers });
    t.match(whole.json(), { id: tenant.id, name: 'Test Organization', wholeNumbers: true });
    t.equal((await admin.send('PATCH', '/tenant', { wholeNumbers: false }, { headers })).statusCode, 412);
    await until('the streams that were open to end', async () => {
      await live.check();
      return live.readers === 0;
    });
    await Promise.all(stream);

    await all(caller, masked);
    t.equal((await admin.send('PATCH', '/tenant', { wholeNumbers: false })).statusCode, 200);
    await all(masked, caller);
    for (const body of [{ slug: 'x' }, { maxCalls: 5 }, { enabled: false }, {}])
      t.equal((await admin.send('PATCH', '/tenant', body)).statusCode, 422, JSON.stringify(body));
    t.match((await admin.send('PATCH', '/tenant', { name: 'Renamed' })).json(), { name: 'Renamed' });
    t.same(await sql("select action, tenant_id from audit_log where subject = 'tenant' order by id"), [
      { action: 'tenant.update', tenant_id: tenant.id },
      { action: 'tenant.update', tenant_id: tenant.id },
      { action: 'tenant.update', tenant_id: tenant.id },
    ]);
  },
);
