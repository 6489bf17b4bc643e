import t, { type Test } from 'tap';
import type { CapLease, LeaseHolder } from '../../../daemon/caps/cap-lease.ts';
import { DaemonPresence } from '../../../daemon/caps/daemon-presence.ts';
import type { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { RedisWaitingLines } from '../../../daemon/caps/redis-waiting-lines.ts';
import { newId, type SwitchName } from '../../../daemon/telephony/ids.ts';
import { claim, leaseMs, leaseOf, request, until, type World, world } from '../caps/world.ts';

const quiet = { debug() {}, info() {}, warn() {} };
const here = 'fs1' as SwitchName;
const elsewhere = 'fs2' as SwitchName;
const livesMs = leaseMs * 0.6;

function holderOn(switchName: SwitchName): LeaseHolder {
  return { channelUuid: newId<'ChannelUuid'>(), switchName };
}

interface Living {
  readonly caps: RedisCaps;
  readonly presence: DaemonPresence;
}

/** A daemon with a heartbeat, which beats only when the test renews. */
async function living(it: World, settleMs = 0): Promise<Living> {
  const caps = await it.daemon({ renewMs: 3_600_000 });
  const presence = new DaemonPresence({ caps, log: quiet, livesMs, settleMs });
  presence.start();
  await caps.stop();
  await caps.start();
  it.nowMs += 7_000;
  await caps.renew();
  return { caps, presence };
}

async function taken(caps: RedisCaps, holder?: LeaseHolder, limit = 1): Promise<CapLease> {
  const wanted = { ...request(claim(`buyer:${newId<'BuyerId'>()}`, limit), claim('tenant:t')) };
  return leaseOf(await caps.acquire(holder === undefined ? wanted : { ...wanted, holder }));
}

/** Two daemons, the first of which has just died; it was heard of at the time of its last lease. */
async function afterCrash(t: Test, holders: readonly (LeaseHolder | undefined)[]) {
  const it = await world(t);
  const first = await living(it);
  const second = await living(it);
  const leases: CapLease[] = [];
  for (const holder of holders) leases.push(await taken(first.caps, holder));
  await first.caps.renew();
  await first.caps.stop();
  it.nowMs += livesMs;
  await second.caps.renew();
  return { it, first, second, leases, dead: first.caps.daemonId };
}

void t.test('a daemon that is not heard of is gone while leases of it remain', async (t) => {
  const it = await world(t);
  const first = await living(it);
  const second = await living(it);
  const lease = await taken(first.caps, holderOn(here));
  await first.caps.renew();
  it.nowMs += livesMs - 1;
  await second.caps.renew();
  t.same(await second.presence.absent(), []);
  t.same(await second.presence.orphansOf(first.caps.daemonId), [], 'nobody is an orphan of the living');
  it.nowMs += 1;
  t.same(await second.presence.absent(), [first.caps.daemonId]);
  t.match(await second.presence.orphansOf(first.caps.daemonId), [
    { leaseId: lease.leaseId, callId: lease.callId, fence: lease.fence, claims: lease.claims },
  ]);
  await first.caps.release(lease);
  t.same(await second.presence.absent(), [], 'nothing is left of it');
});

void t.test('one survivor gets each lease of a dead daemon, of the switches it can reach', async (t) => {
  const { it, second, leases, dead } = await afterCrash(t, [holderOn(here), holderOn(elsewhere), undefined]);
  const third = await living(it);
  it.nowMs += 1;
  await second.caps.renew();
  const claims = await Promise.all([
    second.presence.claim(dead, [here]),
    third.presence.claim(dead, [here, elsewhere]),
    second.presence.claim(dead, [here]),
  ]);
  const ids = claims.flat().map(({ leaseId }) => leaseId);
  t.equal(ids.length, 2);
  t.same(new Set(ids), new Set([leases[0]?.leaseId, leases[1]?.leaseId]));
  t.same(await second.presence.claim(dead, [here]), [], 'a lease without a channel is left to expire');
});

void t.test('a claimed lease is kept as long as it is the claimant’s', async (t) => {
  const { it, second, leases, dead } = await afterCrash(t, [holderOn(here), holderOn(here)]);
  const claimed = (await second.presence.claim(dead, [here])).map(({ leaseId }) => leaseId);
  t.equal(claimed.length, 2);
  t.same([...(await second.presence.keep(claimed))], []);
  it.nowMs += leaseMs - 1;
  t.equal((await second.caps.holders('tenant:t')).length, 2, 'it outlives its first time');
  const [one, other] = leases;
  if (one === undefined || other === undefined) throw new Error('two leases were taken');
  await second.caps.release(one);
  t.same([...(await second.presence.keep(claimed))], [one.leaseId], 'a released one is not renewed');
  const third = await living(it);
  third.caps.adopt(other);
  await third.caps.renew();
  t.same((await second.presence.keep(claimed)).has(other.leaseId), true, 'a session elsewhere has it');
  t.match(await second.caps.holders('tenant:t'), [{ leaseId: other.leaseId, daemonId: third.caps.daemonId }]);
  t.equal((await second.caps.holders('tenant:t')).length, 1);
});

void t.test('who claims and dies leaves its claims to the next', async (t) => {
  const { it, second, leases, dead } = await afterCrash(t, [holderOn(here)]);
  t.equal((await second.presence.claim(dead, [here])).length, 1);
  const third = await living(it);
  it.nowMs += livesMs - 7_000;
  await third.caps.renew();
  t.same(await third.presence.absent(), [second.caps.daemonId]);
  t.match(await third.presence.claim(second.caps.daemonId, [here]), [{ leaseId: leases[0]?.leaseId }]);
});

void t.test(
  'who was only not heard for a while answers for its leases again: its later death is seen',
  async (t) => {
    const it = await world(t);
    const [first, second] = [await living(it), await living(it)];
    const lease = await taken(first.caps, holderOn(here));
    await first.caps.renew();
    it.nowMs += livesMs;
    await second.caps.renew();
    const [claimed] = await second.presence.claim(first.caps.daemonId, [here]);
    t.equal(claimed?.leaseId, lease.leaseId);
    await second.presence.keep([lease.leaseId]);
    await first.caps.renew();
    t.match(await second.caps.holders('tenant:t'), [{ daemonId: first.caps.daemonId }]);
    t.same([...(await second.presence.keep([lease.leaseId]))], [lease.leaseId], 'its own again');
    await first.caps.stop();
    it.nowMs += livesMs;
    await second.caps.renew();
    t.same(await second.presence.absent(), [first.caps.daemonId]);
    t.match(await second.presence.claim(first.caps.daemonId, [here]), [{ leaseId: lease.leaseId }]);
  },
);

void t.test('a daemon that stops is gone at once, and one that held nothing is forgotten', async (t) => {
  const it = await world(t);
  const [first, second] = [await living(it), await living(it)];
  await taken(first.caps, holderOn(here));
  await first.presence.stop();
  await first.caps.renew();
  t.same(await second.presence.absent(), [first.caps.daemonId]);
  await second.presence.stop();
  t.same(await it.redis('ZRANGE', `${it.prefix}daemons`, '0', '-1'), [first.caps.daemonId]);
});

void t.test('nobody counts as gone before the others could come back to Redis', async (t) => {
  const it = await world(t);
  const [first, second] = [await living(it), await living(it, 3_600_000)];
  await taken(first.caps, holderOn(here));
  await first.presence.stop();
  t.same(await second.presence.absent(), []);
});

void t.test('a lease out of a waiting line names its channel too, and so does an adopted one', async (t) => {
  const it = await world(t);
  const [first, second] = [await living(it), await living(it)];
  const lines = new RedisWaitingLines({ caps: first.caps, log: quiet });
  lines.start();
  const holder = holderOn(here);
  const joined = await lines.join({
    line: 'sales',
    callId: newId<'CallId'>(),
    priority: 0,
    maxSize: 9,
    options: [[claim('buyer:full', 0)], [claim('buyer:b', 1), claim('tenant:t')]],
    holder,
  });
  if (joined.joined !== true) throw new Error('not joined');
  await until(() => joined.place.ready.aborted);
  await first.presence.stop();
  t.match(await second.presence.orphansOf(first.caps.daemonId), [
    { ...holder, claims: [claim('buyer:b', 1), claim('tenant:t')] },
  ]);
  const lease = joined.place.grant?.lease;
  if (lease === undefined) throw new Error('nothing was granted');
  second.caps.adopt(lease);
  await second.caps.renew();
  await second.presence.stop();
  t.match(await first.presence.orphansOf(second.caps.daemonId), [{ ...holder, leaseId: lease.leaseId }]);
});
