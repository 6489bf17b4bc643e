import t from 'tap';
import type { CapClaim } from '../../../daemon/caps/cap-lease.ts';
import type { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { RedisWaitingLines } from '../../../daemon/caps/redis-waiting-lines.ts';
import type { WaitingPlace } from '../../../daemon/caps/waiting-line.ts';
import { type CallId, newId } from '../../../daemon/telephony/ids.ts';
import { claim, leaseMs, leaseOf, request, restoringMs, until, type World, world } from './world.ts';

const quiet = { debug() {}, info() {}, warn() {} };
const buyer: CapClaim[] = [claim('buyer:b', 1)];

async function daemonWithLines(it: World): Promise<{ caps: RedisCaps; lines: RedisWaitingLines }> {
  const caps = await it.daemon();
  const lines = new RedisWaitingLines({ caps, log: quiet });
  lines.start();
  return { caps, lines };
}

async function join(
  lines: RedisWaitingLines,
  options: readonly (readonly CapClaim[])[] = [buyer],
  more: { readonly priority?: number; readonly maxSize?: number; readonly line?: string } = {},
): Promise<WaitingPlace> {
  const joined = await lines.join({
    line: more.line ?? 'sales',
    callId: newId<'CallId'>() as CallId,
    priority: more.priority ?? 0,
    maxSize: more.maxSize ?? 100,
    options,
  });
  if (joined.joined !== true) throw new Error(`not joined: ${JSON.stringify(joined)}`);
  return joined.place;
}

void t.test('who joins while a slot is free has it at once', async (t) => {
  const it = await world(t);
  const { caps, lines } = await daemonWithLines(it);
  const place = await join(lines, [[claim('buyer:full', 0)], buyer]);
  await until(() => place.ready.aborted);
  t.equal(place.grant?.option, 1);
  t.equal((await caps.holders('buyer:b'))[0]?.leaseId, place.grant?.lease.leaseId);
  t.equal(await place.position(), 0);
});

void t.test('a freed slot goes to who joined first, over three daemons, one slot one call', async (t) => {
  const it = await world(t);
  const daemons = [await daemonWithLines(it), await daemonWithLines(it), await daemonWithLines(it)];
  const owner = daemons[0]?.caps;
  if (owner === undefined) throw new Error('no daemon');
  let lease = leaseOf(await owner.acquire(request(...buyer)));
  const places: WaitingPlace[] = [];
  for (let index = 0; index < 9; index += 1) {
    const daemon = daemons[index % 3];
    if (daemon !== undefined) places.push(await join(daemon.lines));
  }
  t.same(await Promise.all(places.map((place) => place.position())), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const [index, place] of places.entries()) {
    await owner.release(lease);
    await until(() => place.ready.aborted);
    const ready = places.filter(({ ready }) => ready.aborted).length;
    t.equal(ready, index + 1);
    t.equal((await owner.holders('buyer:b')).length, 1);
    if (place.grant === undefined) throw new Error('no grant');
    lease = place.grant.lease;
  }
});

void t.test('a lower priority number goes first, a full line takes nobody', async (t) => {
  const it = await world(t);
  const { caps, lines } = await daemonWithLines(it);
  const lease = leaseOf(await caps.acquire(request(...buyer)));
  const ordinary = await join(lines, [buyer], { priority: 5 });
  const urgent = await join(lines, [buyer], { priority: -5 });
  t.equal(await urgent.position(), 1);
  t.match(
    await lines.join({ line: 'sales', callId: newId<'CallId'>(), priority: 0, maxSize: 2, options: [buyer] }),
    { joined: false, reason: 'full' },
  );
  await caps.release(lease);
  await until(() => urgent.ready.aborted);
  t.notOk(ordinary.ready.aborted);
  t.equal(await ordinary.position(), 1);
});

void t.test('who leaves lets the next one forward; leaving with a grant releases it', async (t) => {
  const it = await world(t);
  const [a, b] = [await daemonWithLines(it), await daemonWithLines(it)];
  const lease = leaseOf(await a.caps.acquire(request(...buyer)));
  const first = await join(a.lines);
  const second = await join(b.lines);
  await first.leave();
  await first.leave();
  t.equal(await second.position(), 1);
  await a.caps.release(lease);
  await until(() => second.ready.aborted);
  const third = await join(a.lines);
  await second.leave();
  await until(() => third.ready.aborted);
  t.equal((await a.caps.holders('buyer:b')).length, 1);
  t.notOk(first.ready.aborted);
});

void t.test('the waiters of a crashed daemon vanish within the lease time', async (t) => {
  const it = await world(t);
  const [crashed, alive] = [await daemonWithLines(it), await daemonWithLines(it)];
  await crashed.caps.acquire(request(...buyer));
  const ghost = await join(crashed.lines);
  const place = await join(alive.lines);
  t.equal(await place.position(), 2);
  await crashed.caps.stop();
  it.nowMs += leaseMs - 1;
  await alive.caps.renew();
  alive.lines.retry();
  t.equal(await place.position(), 2);
  it.nowMs += 1;
  alive.lines.retry();
  await until(() => place.ready.aborted);
  t.ok(place.grant);
  t.notOk(ghost.grant);
});

void t.test('expected wait follows the recent turns', async (t) => {
  const it = await world(t);
  const { caps, lines } = await daemonWithLines(it);
  let lease = leaseOf(await caps.acquire(request(...buyer)));
  const places = [await join(lines), await join(lines), await join(lines), await join(lines)];
  t.equal(await places[0]?.expectedWaitMs(), undefined);
  for (const place of places.slice(0, 2)) {
    await caps.release(lease);
    await until(() => place.ready.aborted);
    if (place.grant === undefined) throw new Error('no grant');
    lease = place.grant.lease;
    it.nowMs += 4_000;
  }
  t.equal(await places[2]?.expectedWaitMs(), 4_000);
  t.equal(await places[3]?.expectedWaitMs(), 8_000);
});

void t.test('when Redis forgets everything the line keeps its order', async (t) => {
  const it = await world(t);
  const [a, b] = [await daemonWithLines(it), await daemonWithLines(it)];
  const lease = leaseOf(await a.caps.acquire(request(...buyer)));
  const [first, second] = [await join(a.lines), await join(b.lines)];
  it.nowMs += 1_000;
  await it.redis('FLUSHALL');
  await until(async () => {
    await Promise.all([a.caps.renew(), b.caps.renew()]);
    return (await second.position()) === 2;
  });
  const third = await join(b.lines);
  t.same([await first.position(), await second.position(), await third.position()], [1, 2, 3]);
  it.nowMs += restoringMs;
  await a.caps.release(lease);
  await until(() => first.ready.aborted);
  t.ok(first.grant);
  t.notOk(second.ready.aborted);
});

void t.test('stopping ends every wait without a grant and leaves nobody in line', async (t) => {
  const it = await world(t);
  const [a, b] = [await daemonWithLines(it), await daemonWithLines(it)];
  await a.caps.acquire(request(...buyer));
  const place = await join(a.lines);
  await a.lines.stop();
  t.ok(place.ready.aborted);
  t.notOk(place.grant);
  t.equal(a.lines.waiting, 0);
  t.equal(await (await join(b.lines)).position(), 1);
});
