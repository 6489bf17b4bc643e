import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import { EventStream } from './event-stream.ts';
import { flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = { stays: { kind: 'answer', answerAfterMs: 20 } };

void t.test('the live stream over two daemons', async (t) => {
  const house = await openHouse(t, { daemons: 2, simulator: { callees } });
  await house.startDaemon(0);
  await house.startDaemon(1);
  house.route.offers = [0];
  const { did, flowId, buyerIds } = await house.flow(flowOf([['sell', 'buyer']]), {
    buyers: [{ name: 'stays', maxCalls: 3 }],
  });
  const { tenantId } = (await (await house.api(`/flows/${flowId}`)).json()) as { tenantId: string };
  const scope = `buyer:${buyerIds['stays']}`;
  const address = (index: number) => `http://127.0.0.1:${house.addresses[index]?.apiPort}`;
  const here = await EventStream.open(address(0), tenantId);
  const there = await EventStream.open(address(1), tenantId);
  let resumeAt = '';

  await t.test('a call of one daemon is seen at both, in its order', async (t) => {
    const call = house.call(did);
    await until('the call to be bridged, and its cap told', () =>
      [here, there].every(
        ({ events }) =>
          events.some(({ event }) => event === 'call.bridged') &&
          events.some(({ data }) => data['scope'] === scope && data['holders'] === 1),
      ),
    );
    resumeAt = there.events.find(({ event }) => event === 'call.bridged')?.id ?? '';
    call.hangUp();
    await call.ended;
    await until('the end to be told', () =>
      [here, there].every(
        ({ events }) =>
          events.some(({ event }) => event === 'call.ended') &&
          events.some(({ data }) => data['scope'] === scope && data['holders'] === 0),
      ),
    );
    for (const { events } of [here, there]) {
      const callId = String(events.find(({ event }) => event === 'call.started')?.data['callId']);
      const ofCall = events.filter(({ data }) => data['callId'] === callId);
      t.match(ofCall, [
        { event: 'call.started', data: { did, caller: /^\+1512/ } },
        { event: 'node.entered', data: { nodeId: 'sell' } },
        { event: 'call.bridged', data: { buyer: 'stays', buyerId: buyerIds['stays'] } },
        { event: 'call.ended', data: { outcome: 'connected', buyerId: buyerIds['stays'] } },
      ]);
      t.equal(ofCall.length, 4);
      t.match(
        events.filter(({ data }) => data['scope'] === scope),
        [{ data: { holders: 1, limit: 3 } }, { data: { holders: 0, limit: 3 } }],
      );
    }
    await house.leaks(t);
  });

  await t.test('a reader goes on where it was, at the daemon where it was', async (t) => {
    const missed = there.events.slice(there.events.findIndex(({ id }) => id === resumeAt) + 1);
    there.close();
    t.equal(await there.over, false);
    const again = await EventStream.open(address(1), tenantId, resumeAt);
    await until('what was missed', () => again.events.length >= missed.length);
    t.same(again.events, missed);
    const elsewhere = await EventStream.open(address(0), tenantId, resumeAt);
    await until('the gap to be told', () => elsewhere.events.length > 0);
    t.match(elsewhere.events, [{ event: 'gap' }]);
    for (const stream of [again, elsewhere]) stream.close();
  });

  await t.test('a daemon that stops ends its streams properly', async (t) => {
    await house.daemons[0]?.stop(0);
    t.equal(await here.over, true);
  });
});
