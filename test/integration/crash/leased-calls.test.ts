import t from 'tap';
import { DaemonPresence } from '../../../daemon/caps/daemon-presence.ts';
import { LeasedCalls } from '../../../daemon/caps/leased-calls.ts';
import type { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { RedisAway } from '../../../daemon/caps/redis-link.ts';
import { newId, type SwitchName } from '../../../daemon/telephony/ids.ts';
import { claim, leaseOf, request, type World, world } from '../caps/world.ts';

const quiet = { debug() {}, info() {}, warn() {} };

async function living(it: World): Promise<{ caps: RedisCaps; leased: LeasedCalls }> {
  const caps = await it.daemon({ renewMs: 3_600_000 });
  const presence = new DaemonPresence({ caps, log: quiet });
  presence.start();
  await caps.stop();
  await caps.start();
  it.nowMs += 7_000;
  await caps.renew();
  return { caps, leased: new LeasedCalls(caps, presence) };
}

const holderOn = (name: string) => ({
  channelUuid: newId<'ChannelUuid'>(),
  switchName: name as SwitchName,
});

void t.test('any daemon finds the call that another one runs, among however many', async (t) => {
  const it = await world(t);
  const first = await living(it);
  const second = await living(it);
  const others = Array.from({ length: 1_000 }, () =>
    first.caps.acquire({ ...request(claim('tenant:t')), holder: holderOn('fs2') }),
  );
  const holder = holderOn('fs1');
  const wanted = { ...request(claim('tenant:t'), claim('campaign:c')), holder };
  const startedAtMs = it.nowMs;
  const lease = leaseOf(await first.caps.acquire(wanted));
  await Promise.all(others);
  it.nowMs += 1_000;
  const { leaseId } = request();
  const buyer = { ...wanted, leaseId, claims: [claim('buyer:b', 5)] };
  const itsBuyer = leaseOf(await first.caps.acquire(buyer));
  await Promise.all([first.caps.renew(), second.caps.renew()]);
  const call = {
    callId: lease.callId,
    daemonId: first.caps.daemonId,
    ...holder,
    sinceMs: startedAtMs,
    scopes: { tenant: 't', campaign: 'c', buyer: 'b' },
  };
  t.same(await second.leased.find(lease.callId), call, 'by all its leases');
  t.same(await first.leased.find(lease.callId), call, 'its own too');
  t.equal(await second.leased.find(newId<'CallId'>()), undefined);

  const all = await second.leased.list(10_000);
  t.equal(all.whole, true);
  t.equal(all.calls.length, 1_001);
  t.same(
    all.calls.find(({ callId }) => callId === lease.callId),
    call,
  );
  const some = await second.leased.list(400);
  t.equal(some.whole, false);
  t.ok(some.calls.length >= 200 && some.calls.length < 1_001, 'no more than was asked for, by some');

  await first.caps.release(itsBuyer);
  await first.caps.release(lease);
  t.equal(await second.leased.find(lease.callId), undefined, 'its call is over');
  await second.caps.stop();
  await t.rejects(second.leased.find(lease.callId), RedisAway);
  await t.rejects(second.leased.list(1), RedisAway);
});
