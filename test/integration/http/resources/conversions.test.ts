import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { buyerId, headersOf, peopleAccess, publisherId } from '../../../unit/http/access/people.ts';
import { tenantId } from '../../../unit/http/test-api.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { resourceHouse } from './resource-house.ts';

void t.test('what a call was worth is said anew, and each side is told its own part', async (t) => {
  const house = resourceHouse(await seededDatabase(), tenantId, false, () => ({ access: peopleAccess }));
  t.teardown(() => house.close());
  await house.sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenantId]);
  const callId = newId();
  await house.sql(
    `insert into call (id, tenant_id, switch_name, daemon_id, caller, caller_name, did, started_at, ended_at, outcome, cause, hung_up_by, variables, tags, takeovers, source, buyer_id, publisher_id)
     values (?, ?, 'fs1', 'd', '+15550001111', '', '+15551234567', now(), now(), 'connected', 'NORMAL_CLEARING', 'caller', '{}', '{}', 0, 'session', ?, ?)`,
    [callId, tenantId, buyerId, publisherId],
  );
  const body = {
    callId,
    status: 'converted',
    currency: 'USD',
    priceMicros: '9000000',
    payoutMicros: '5000000',
  };
  const first = await house.make('/conversions', body);
  t.match(first, { version: 1, rule: 'correction', buyerId, publisherId });
  t.match(await house.make('/conversions', { ...body, status: 'withdrawn', reason: 'fraud' }), {
    version: 2,
    buyerId,
    publisherId,
  });
  t.match(await house.ask('POST', '/conversions', { body: { ...body, callId: newId() } }), {
    status: 422,
    body: { faults: [{ field: '/callId' }] },
  });

  const seen = async (person: 'publisher' | 'buyer', url: string) => {
    const answer = await house.app.inject({ url, headers: headersOf(person) });
    return { status: answer.statusCode, text: answer.body };
  };
  for (const [person, own, others] of [
    ['publisher', '5000000', ['9000000', buyerId]],
    ['buyer', '9000000', ['5000000', publisherId]],
  ] as const) {
    for (const url of ['/conversions', `/conversions/${first.id}`, '/conversions/export']) {
      const { status, text } = await seen(person, url);
      t.equal(status, 200);
      t.match(text, own, `${person} ${url}`);
      for (const other of [...others, 'fraud']) t.notMatch(text, other, `${person} ${url}`);
    }
    const field = person === 'publisher' ? 'buyerId' : 'publisherId';
    t.equal((await seen(person, `/conversions?${field}=${newId()}`)).status, 403, 'nor by seeking it');
  }
});
