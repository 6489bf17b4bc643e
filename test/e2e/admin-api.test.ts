import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import { stepsOf } from './call-row.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = { stays: { kind: 'answer', answerAfterMs: 20 } };

interface Summary {
  readonly id: string;
  readonly state: string;
  readonly stage: string | null;
  readonly outcome: string | null;
  readonly did: string;
  readonly buyer: string | null;
}

void t.test('the admin API over a running daemon', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  const get = async (path: string): Promise<unknown> => (await house.api(path)).json();
  await house.startDaemon();

  await t.test('ready, alive, and nothing without the key', async (t) => {
    t.equal((await house.api('/health/live')).status, 200);
    t.equal((await house.api('/health/ready')).status, 200);
    const address = `http://127.0.0.1:${house.addresses[0]?.apiPort}`;
    t.equal((await fetch(`${address}/calls`)).status, 401);
    t.equal((await fetch(`${address}/freeswitch/cdr`, { method: 'POST' })).status, 401);
    await house.leaks(t);
  });

  await t.test('a call is seen while it lives, ended from outside, and read afterwards', async (t) => {
    const { did, buyerIds } = await house.flow(flowOf([['sell', 'buyer']]), {
      buyers: [{ name: 'stays', maxCalls: 3 }],
    });
    const call = house.call(did);
    const listed = async (): Promise<Summary | undefined> => {
      const { calls } = (await get('/calls?state=live')) as { calls: Summary[] };
      return calls.find((one) => one.did === did);
    };
    const live = await until('the call to be listed as bridged', async () => {
      const found = await listed();
      return found?.stage === 'bridged' && found;
    });
    t.match(live, { state: 'live', outcome: null, buyer: 'stays' });
    const holders = await get(`/caps/buyer:${buyerIds['stays']}/holders`);
    t.match(holders, { holders: [{ callId: live.id }] });
    const metrics = await house.metrics();
    t.equal(metrics.get('live_calls{state="bridged"}'), 1);
    t.ok((metrics.get('cap_leases') ?? 0) >= 1);
    t.equal(metrics.get('event_sockets'), 1);
    t.equal(metrics.get('switch_connected{switch="simulator"}'), 1);

    const ended = await house.api(`/calls/${live.id}/hangup`, { method: 'POST', body: '{}' });
    t.equal(ended.status, 202);
    t.equal((await call.ended).cause, 'MANAGER_REQUEST');
    const row = await house.calls.row(call.uuid);
    t.match(row, { id: live.id, outcome: 'connected', cause: 'MANAGER_REQUEST' });
    const past = await until('the call to be listed as ended', async () => {
      const found = (await get(`/calls/${live.id}`)) as { call: Summary };
      return found.call.state === 'ended' && found;
    });
    t.match(past, {
      call: { outcome: 'connected' },
      legs: [{ side: 'A' }, { side: 'B' }],
      attempts: [{ number: 1, outcome: 'connected' }],
      trace: [{ nodeId: 'sell' }],
    });
    const { timeline } = past as unknown as { timeline: { at: string; kind: string }[] };
    t.same(
      timeline.map(({ at }) => at),
      timeline.map(({ at }) => at).toSorted(),
      'from top to bottom',
    );
    t.equal(await listed(), undefined);
    t.match(await get(`/caps/buyer:${buyerIds['stays']}/holders`), { holders: [] });
    t.equal((await house.api(`/calls/${live.id}/hangup`, { method: 'POST', body: '{}' })).status, 404);
    const after = await house.metrics();
    t.equal(after.get('calls_ended_total{outcome="connected"}'), 1);
    t.equal(after.get('attempts_total{outcome="connected"}'), 1);
    await house.leaks(t);
  });

  await t.test(
    'a published version is what the next call walks; the running call keeps its own',
    async (t) => {
      const bye = ['bye', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }] as const;
      const busy = ['busy', 'hangup', { cause: 'USER_BUSY' }] as const;
      const news = ['news', 'play', { prompt: file('news-4000ms.wav'), terminators: '1' }] as const;
      const { did, flowId } = await house.flow(flowOf([news, bye], ['news done bye', 'news key:1 bye']));
      const running = house.call(did);
      await until('the news to be heard', () => running.leg.phase === 'playing');
      const body = JSON.stringify(flowOf([busy]));
      const added = await house.api(`/flows/${flowId}/versions`, { method: 'POST', body });
      t.equal(added.status, 201);
      const version = (await added.json()) as { number?: number; version?: number };
      const number = version.number ?? version.version;
      const published = await house.api(`/flows/${flowId}/versions/${number}/publish`, { method: 'POST' });
      t.equal(published.status, 200);
      await until(
        'the new version to be walked',
        async () =>
          (await house.call(did, { script: { hangUp: { delayMs: 100 } } }).ended).cause === 'USER_BUSY',
      );
      running.press('1');
      t.equal((await running.ended).cause, 'NORMAL_UNSPECIFIED');
      t.same(stepsOf(await house.calls.row(running.uuid)), ['news:key:1', 'bye:end']);
      await house.leaks(t);
    },
  );

  await t.test('a graph that cannot be walked is refused with all its faults', async (t) => {
    const { flowId } = await house.flow(flowOf([['hello', 'answer']]));
    const body = JSON.stringify(flowOf([['hello', 'nonsense']], ['hello next nowhere']));
    const refused = await house.api(`/flows/${flowId}/versions`, { method: 'POST', body });
    t.equal(refused.status, 422);
    t.match(refused.headers.get('content-type'), /problem\+json/);
    t.ok(((await refused.json()) as { faults: unknown[] }).faults.length >= 2);
    await house.leaks(t);
  });
});
