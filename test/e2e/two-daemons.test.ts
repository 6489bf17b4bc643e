import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import { flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = { stays: { kind: 'answer', answerAfterMs: 20 } };

interface Summary {
  readonly id: string;
  readonly state: string;
  readonly daemonId: string;
}

void t.test('two daemons', async (t) => {
  const house = await openHouse(t, { simulator: { callees }, daemons: 2 });
  const [a, b] = [await house.startDaemon(0), await house.startDaemon(1)];

  await t.test('a call of the other daemon is found, listed and ended', async (t) => {
    const { did, campaignId, buyerIds } = await house.flow(flowOf([['sell', 'buyer']]), {
      buyers: [{ name: 'stays', maxCalls: 3 }],
    });
    const call = house.call(did);
    await until('the call to be bridged', () => call.leg.phase === 'bridged');
    const [live] = a.registry.list();
    if (live === undefined) throw new Error('the first daemon runs no call');
    const ask = async (path: string): Promise<unknown> => (await house.api(path, { daemon: 1 })).json();
    t.match(await ask(`/calls/${live.callId}`), {
      call: { state: 'live', daemonId: a.id, tenantId: live.tenantId, campaignId, buyer: buyerIds['stays'] },
      timeline: [{ kind: 'call' }],
    });
    const listed = (await ask('/calls?state=live')) as { calls: Summary[]; complete: boolean };
    t.match(listed, { complete: true, calls: [{ id: live.callId, daemonId: a.id }] });
    t.equal(listed.calls.length, 1);
    const ended = await house.api(`/calls/${live.callId}/hangup`, { method: 'POST', body: '{}', daemon: 1 });
    t.equal(ended.status, 202);
    t.equal((await call.ended).cause, 'MANAGER_REQUEST');
    await house.calls.row(call.uuid);
    t.match(await ask(`/calls/${live.callId}`), { call: { state: 'ended', daemonId: a.id } });
    t.not(a.id, b.id);
    await house.leaks(t);
  });

  await t.test('what is published at one is walked at the other', async (t) => {
    const old = ['old', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }] as const;
    const { did, flowId } = await house.flow(flowOf([old]));
    house.route.offers = [1];
    const causeOf = async (): Promise<string> => (await house.call(did).ended).cause;
    t.equal(await causeOf(), 'NORMAL_UNSPECIFIED', 'the second daemon knows the flow');
    const body = JSON.stringify(flowOf([['busy', 'hangup', { cause: 'USER_BUSY' }]]));
    const added = await house.api(`/flows/${flowId}/versions`, { method: 'POST', body });
    const { version } = (await added.json()) as { version: number };
    const path = `/flows/${flowId}/versions/${version}/publish`;
    const published = await house.api(path, { method: 'POST' });
    const publishedAtMs = performance.now();
    t.equal(published.status, 200);
    await until('the second daemon to walk it', async () => (await causeOf()) === 'USER_BUSY');
    t.comment(`walked by a call that ended ${Math.round(performance.now() - publishedAtMs)} ms after`);
    t.match(b.registry.list(), []);
    await house.leaks(t);
  });
});
