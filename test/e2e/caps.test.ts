import { Pool } from 'pg';
import t from 'tap';
import { newId } from '../../daemon/telephony/ids.ts';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import type { CallRow } from './call-row.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 20 },
  talks: { kind: 'answer', answerAfterMs: 20, talkMs: 300 },
};
const throughTheLine = flowOf(
  [
    ['line', 'queue'],
    ['sell', 'buyer'],
  ],
  ['line ready sell'],
);

/** The B-legs' times must not overlap, in this order of calls. */
function oneAfterTheOther(rows: readonly CallRow[]): boolean {
  const legs = rows.map(({ cdrs }) => cdrs.find(({ side }) => side === 'B'));
  return legs.every((leg, index) => {
    const before = legs[index - 1];
    if (leg === undefined) return false;
    return index === 0 || (before !== undefined && Date.parse(leg.started_at) >= Date.parse(before.ended_at));
  });
}

void t.test('caps in Redis', async (t) => {
  // Nobody would be asked to look again before the test's end: who waits is woken, or waits for ever.
  const settings = { CALLFABRIC_LEASE_SECONDS: '300' };
  const house = await openHouse(t, { simulator: { callees }, settings, daemons: 2 });
  await house.startDaemon(0);
  await house.startDaemon(1);

  await t.test('a buyer with one line takes waiting callers in their order, one at a time', async (t) => {
    const { did, buyerIds } = await house.flow(throughTheLine, {
      buyers: [{ name: 'plumber', users: ['stays'], maxCalls: 1 }],
    });
    const scope = `buyer:${buyerIds['plumber']}`;
    const first = house.call(did);
    await until('the first to be connected', () => first.leg.phase === 'bridged');
    const waiting = [];
    for (let place = 2; place <= 4; place += 1) {
      const call = house.call(did);
      await until(`caller ${place} to wait`, () => call.leg.phase === 'queue');
      waiting.push(call);
    }
    const { holders } = (await (await house.api(`/caps/${scope}/holders`)).json()) as {
      holders: { callId: string }[];
    };
    const rows = [];
    for (const [place, call] of [first, ...waiting].entries()) {
      await until(`caller ${place + 1} to be connected`, () => call.leg.phase === 'bridged');
      call.hangUp();
      rows.push(await house.calls.row(call.uuid));
    }
    t.same(
      holders.map(({ callId }) => callId),
      [rows[0]?.id],
      'while it lives the call holds the place',
    );
    t.same(
      rows.map(({ outcome }) => outcome),
      ['connected', 'connected', 'connected', 'connected'],
    );
    t.ok(oneAfterTheOther(rows), 'first come first served, never two at once');
    await house.leaks(t);
  });

  await t.test('first come first served over two daemons', async (t) => {
    const { did } = await house.flow(throughTheLine, {
      buyers: [{ name: 'painter', users: ['talks'], maxCalls: 1 }],
    });
    const calls = [];
    for (let place = 0; place < 5; place += 1) {
      house.route.offers = [place % 2];
      const call = house.call(did);
      await until(`caller ${place}`, () => ['bridged', 'queue'].includes(call.leg.phase));
      calls.push(call);
    }
    house.route.offers = [0, 1];
    const rows = [];
    for (const call of calls) rows.push(await house.calls.row(call.uuid));
    t.ok(oneAfterTheOther(rows), 'in the order of their coming, whichever daemon has them');
    const [a, b] = house.daemons.map((daemon) => daemon?.id);
    t.same(
      rows.map((row) => row.daemon_id),
      [a, b, a, b, a],
    );
    await house.leaks(t);
  });

  await t.test('a caller who gives up leaves the place to the next', async (t) => {
    const { did } = await house.flow(throughTheLine, {
      buyers: [{ name: 'tiler', users: ['stays'], maxCalls: 1 }],
    });
    const [first, second, third] = [house.call(did), house.call(did), house.call(did)];
    await until('one to talk and two to wait', () => {
      const phases = [first, second, third].map(({ leg }) => leg.phase).sort();
      return phases.join() === 'bridged,queue,queue';
    });
    const talking = [first, second, third].find(({ leg }) => leg.phase === 'bridged');
    const [one, two] = [first, second, third].filter((call) => call !== talking);
    one?.hangUp();
    await one?.ended;
    talking?.hangUp();
    await until('the other to be connected', () => two?.leg.phase === 'bridged');
    two?.hangUp();
    for (const call of [first, second, third]) {
      const row = await house.calls.row(call.uuid);
      t.equal(row.outcome, call === one ? 'abandoned_in_queue' : 'connected');
    }
    await house.leaks(t);
  });

  await t.test('a full campaign refuses before the answer, and says so in the record', async (t) => {
    const graph = flowOf([['news', 'play', { prompt: file('news-20000ms.wav') }]]);
    const { did, campaignId } = await house.flow(graph, { maxCalls: 1 });
    const first = house.call(did);
    await until('the first to hear the news', () => first.leg.phase === 'playing');
    const second = house.call(did);
    const end = await second.ended;
    t.match(end, { cause: 'NORMAL_CIRCUIT_CONGESTION', answered: false }, 'SIP 503: the carrier goes on');
    const row = await house.calls.row(second.uuid);
    t.match(row, {
      outcome: 'refused',
      refusal: 'capped',
      trace: [],
      attempts: [],
      hung_up_by: 'callfabric',
    });
    t.match(row.reason, new RegExp(`campaign:${campaignId}`));
    t.equal(row.cdrs.length, 1);
    first.hangUp();
    t.equal((await house.calls.row(first.uuid)).outcome, 'abandoned');
    const third = house.call(did);
    await until('the third to be admitted', () => third.leg.phase === 'playing');
    third.hangUp();
    await house.leaks(t);
  });

  await t.test('a publisher that is switched off sends no calls, and one without a place does', async (t) => {
    const { did, campaignId } = await house.flow(
      flowOf([['news', 'play', { prompt: file('news-20000ms.wav') }]]),
    );
    const pool = new Pool({ connectionString: house.databaseUrl, max: 1 });
    t.teardown(() => pool.end());
    const [publisherId, placeId] = [newId(), newId()];
    await pool.query(
      `with made as (
        insert into publisher (id, tenant_id, name) select $1, tenant_id, 'Switched' from campaign where id = $2
        returning id)
      update phone_number set publisher_id = $1 from made where e164 = $3`,
      [publisherId, campaignId, did],
    );
    /** A daemon hears of a change within a second: until then calls go the old way. */
    const next = (what: string, holds: (row: CallRow) => boolean): Promise<CallRow> =>
      until(what, async () => {
        const call = house.call(did);
        await until('it to be heard or to end', () => call.leg.down || call.leg.phase === 'playing');
        call.hangUp();
        const row = await house.calls.row(call.uuid);
        return holds(row) ? row : undefined;
      });
    const admitted = ({ outcome }: CallRow): boolean => outcome === 'abandoned';
    const refused = ({ refusal }: CallRow): boolean => refusal !== null;
    t.match(await next('a call to be taken', admitted), { refusal: null, publisher_id: publisherId });
    await pool.query(
      `insert into campaign_publisher (id, tenant_id, campaign_id, publisher_id, enabled)
       select $1, tenant_id, id, $2, false from campaign where id = $3`,
      [placeId, publisherId, campaignId],
    );
    const here = await next('it to be refused in this campaign', refused);
    t.match(here, {
      outcome: 'refused',
      refusal: 'publisher_disabled',
      reason: "the number's publisher is switched off in this campaign",
      cause: 'CALL_REJECTED',
      hung_up_by: 'callfabric',
      publisher_id: publisherId,
      connected_at: null,
      trace: [],
      attempts: [],
    });
    t.match(here.cdrs, [{ side: 'A', cause: 'CALL_REJECTED' }], 'with a CDR, like every refusal');
    await pool.query('update campaign_publisher set enabled = true where id = $1', [placeId]);
    t.ok(await next('it to be taken again', admitted));
    await pool.query('update publisher set enabled = false where id = $1', [publisherId]);
    t.match(await next('it to be refused everywhere', refused), {
      refusal: 'publisher_disabled',
      reason: "the number's publisher is switched off",
    });
    await house.leaks(t);
  });

  await t.test('a number that is nobody’s is refused with 404, and written nowhere', async (t) => {
    const call = house.call('+15559990000');
    t.equal((await call.ended).cause, 'UNALLOCATED_NUMBER');
    await house.leaks(t);
    t.equal(await house.calls.find(call.uuid), undefined);
  });
});
