import t from 'tap';
import { claim, leaseMs, leaseOf, request, restoringMs, world } from './world.ts';

void t.test('all scopes are taken or none, and the one that refused is named', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  const first = await caps.acquire(request(claim('tenant:a', 5), claim('buyer:b', 1), claim('campaign:c')));
  t.equal(first.granted, true);
  const second = await caps.acquire(request(claim('tenant:a', 5), claim('buyer:b', 1), claim('campaign:c')));
  t.match(second, { granted: false, refusedBy: 'buyer:b', retryAfterMs: leaseMs });
  t.equal((await caps.holders('tenant:a')).length, 1);
  t.equal((await caps.holders('campaign:c')).length, 1);
  t.match(await caps.acquire(request(claim('number:n', 0))), { granted: false, refusedBy: 'number:n' });
  t.equal(caps.highWater.of('tenant:a'), 1);
});

void t.test(
  'the same lease twice is one lease with one fence; a later lease has a greater one',
  async (t) => {
    const it = await world(t);
    const caps = await it.daemon();
    const wanted = request(claim('buyer:b', 1));
    const once = leaseOf(await caps.acquire(wanted));
    const twice = leaseOf(await caps.acquire(wanted));
    t.equal(once.fence, twice.fence);
    t.equal((await caps.holders('buyer:b')).length, 1);
    await caps.release(once);
    await caps.release(once);
    t.same(await caps.holders('buyer:b'), []);
    const later = leaseOf(await caps.acquire(request(claim('buyer:b', 1))));
    t.ok(later.fence > once.fence);
  },
);

void t.test('holders tell call, daemon, since when and until when', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  const wanted = request(claim('buyer:b', 3));
  const lease = leaseOf(await caps.acquire(wanted));
  const since = it.nowMs;
  it.nowMs += 1_500;
  t.same(await caps.holders('buyer:b'), [
    {
      leaseId: wanted.leaseId,
      callId: wanted.callId,
      daemonId: caps.daemonId,
      sinceMs: since,
      expiresInMs: leaseMs - 1_500,
      fence: lease.fence,
    },
  ]);
});

void t.test('a lease nobody renews ends with its time; a renewed one goes on', async (t) => {
  const it = await world(t);
  const [alive, crashed] = [await it.daemon(), await it.daemon()];
  await alive.acquire(request(claim('buyer:b', 2)));
  await crashed.acquire(request(claim('buyer:b', 2)));
  await crashed.stop();
  it.nowMs += leaseMs - 1;
  await alive.renew();
  t.match(await alive.acquire(request(claim('buyer:b', 2))), { granted: false, retryAfterMs: 1 });
  it.nowMs += 1;
  t.match(await alive.acquire(request(claim('buyer:b', 2))), { granted: true });
  t.equal((await alive.holders('buyer:b')).length, 2);
});

void t.test('renewing leases by the thousand confirms every one', async (t) => {
  const it = await world(t);
  const caps = await it.daemon({ renewMs: 3_600_000 });
  const wanted = Array.from({ length: 1_050 }, () => request(claim('tenant:a', 2_000), claim('trunk:t')));
  const decisions = await Promise.all(wanted.map((one) => caps.acquire(one)));
  t.ok(decisions.every((decision) => decision.granted === true));
  const { link } = caps;
  const run = link.run.bind(link);
  const renewals = { sent: 0, open: 0, most: 0 };
  link.run = (script, ...rest) => {
    const answer = run(script, ...rest);
    if (script.name !== 'renew') return answer;
    renewals.sent += 1;
    renewals.most = Math.max(renewals.most, ++renewals.open);
    return answer.finally(() => {
      renewals.open -= 1;
    });
  };
  for (let step = 0; step < 4; step += 1) {
    it.nowMs += leaseMs - 1;
    await caps.renew();
  }
  t.same(renewals, { sent: 4 * 11, open: 0, most: 4 }, 'several on their way together, each lease once');
  t.equal((await caps.holders('tenant:a')).length, 1_050);
  t.equal(caps.health.lostClaims, 0);
});

void t.test(
  'after Redis lost its memory nobody acquires until leases are back, and no fence repeats',
  async (t) => {
    const it = await world(t);
    const [one, two] = [await it.daemon(), await it.daemon()];
    const a = leaseOf(await one.acquire(request(claim('buyer:b', 2))));
    const b = leaseOf(await two.acquire(request(claim('buyer:b', 2))));
    await it.redis('FLUSHALL');
    t.match(await one.acquire(request(claim('buyer:b', 2))), { granted: 'unavailable', reason: 'restoring' });
    await one.renew();
    it.nowMs += restoringMs - 1;
    await two.renew();
    t.match(await one.acquire(request(claim('other:x' as 'buyer:x', 2))), { granted: 'unavailable' });
    it.nowMs += 1;
    t.match(await one.acquire(request(claim('buyer:b', 2))), { granted: false, refusedBy: 'buyer:b' });
    t.equal((await one.holders('buyer:b')).length, 2);
    await one.release(a);
    const c = leaseOf(await one.acquire(request(claim('buyer:b', 2))));
    t.ok(c.fence > Math.max(a.fence, b.fence));
  },
);

void t.test(
  'a lease that had expired before the memory was lost gives way to the one that took its place',
  async (t) => {
    for (const staleFirst of [true, false]) {
      const it = await world(t);
      const [stale, valid] = [await it.daemon(), await it.daemon()];
      await stale.acquire(request(claim('buyer:b', 1)));
      it.nowMs += leaseMs;
      const taken = leaseOf(await valid.acquire(request(claim('buyer:b', 1))));
      await it.redis('FLUSHALL');
      for (let round = 0; round < 3; round += 1) {
        for (const daemon of staleFirst ? [stale, valid] : [valid, stale]) await daemon.renew();
        const holders = await valid.holders('buyer:b');
        t.same(
          holders.map((holder) => holder.leaseId),
          [taken.leaseId],
        );
      }
      t.equal(stale.health.lostClaims, 1);
      it.nowMs += restoringMs;
      await valid.release(taken);
      await stale.renew();
      t.equal(stale.health.lostClaims, 0, 'it is counted again as soon as there is room');
    }
  },
);

void t.test(
  'an adopted lease names its new daemon and is renewed by it; a disowned one no more',
  async (t) => {
    const it = await world(t);
    const [old, heir] = [await it.daemon(), await it.daemon()];
    const lease = leaseOf(await old.acquire(request(claim('buyer:b', 1))));
    const since = it.nowMs;
    old.disown(lease);
    heir.adopt(lease);
    it.nowMs += leaseMs - 1;
    await old.renew();
    await heir.renew();
    it.nowMs += leaseMs - 1;
    t.match(await heir.holders('buyer:b'), [
      { leaseId: lease.leaseId, daemonId: heir.daemonId, sinceMs: since, fence: lease.fence },
    ]);
    t.equal(old.health.leases, 0);
  },
);

void t.test('nothing stays in Redis for ever', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  await caps.acquire(request(claim('buyer:b', 1), claim('tenant:a')));
  await caps.renew();
  const keys = await it.redis('KEYS', `${it.prefix}*`);
  const lasting: string[] = [];
  for (const key of Array.isArray(keys) ? keys.map(String) : []) {
    if ((await it.redis('PTTL', key)) === -1) lasting.push(key.slice(it.prefix.length));
  }
  t.same(lasting.sort(), ['epoch', 'fence']);
});
