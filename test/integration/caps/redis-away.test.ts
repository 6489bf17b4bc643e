import t from 'tap';
import { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { RedisWaitingLines } from '../../../daemon/caps/redis-waiting-lines.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { startRedis } from '../../../ops/dev-services/redis.ts';
import { freePort } from '../../../ops/dev-services/tether.ts';
import { claim, leaseOf, request, until, world } from './world.ts';

const quiet = { debug() {}, info() {}, warn() {} };

void t.test('without Redis every answer is unavailable and nothing rejects', async (t) => {
  const it = await world(t);
  const caps = await it.daemon({ url: `redis://127.0.0.1:${await freePort()}`, startDeadlineMs: 1 });
  const wanted = request(claim('buyer:b', 1));
  t.match(await caps.acquire(wanted), { granted: 'unavailable' });
  await t.resolves(caps.release(wanted));
  await t.resolves(caps.renew());
  await t.rejects(caps.holders('buyer:b'), { name: 'RedisAway' });
  t.equal(caps.health.connected, false);
  const lines = new RedisWaitingLines({ caps, log: quiet });
  lines.start();
  const joined = await lines.join({
    line: 'sales',
    callId: newId<'CallId'>(),
    priority: 0,
    maxSize: 1,
    options: [[claim('buyer:b', 1)]],
  });
  t.equal(joined.joined, 'unavailable');
  await lines.stop();
});

void t.test('Redis that restarts empty gets the leases back before anybody acquires', async (t) => {
  const port = await freePort();
  const first = await startRedis({ own: true, port });
  t.teardown(() => first.stop());
  const it = await world(t, first);
  const caps = await it.daemon();
  const lease = leaseOf(await caps.acquire(request(claim('buyer:b', 1))));
  await first.stop();
  await until(() => !caps.health.connected);
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: 'unavailable' });
  const second = await startRedis({ own: true, port });
  t.teardown(() => second.stop());
  await until(() => caps.health.connected);
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: 'unavailable', reason: 'restoring' });
  await caps.renew();
  t.match(await caps.holders('buyer:b'), [{ leaseId: lease.leaseId, fence: lease.fence }]);
  it.nowMs += 7_000;
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: false, refusedBy: 'buyer:b' });
  await caps.release(lease);
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: true });
});

void t.test('another Redis process with the old memory opens the restoring window too', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  await it.redis('HSET', `${it.prefix}epoch`, 'run', 'another');
  await caps.stop();
  await caps.start();
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: 'unavailable', reason: 'restoring' });
});

void t.test('a grant that comes after its deadline is given back', async (t) => {
  const it = await world(t);
  const caps = await it.daemon({ deadlineMs: 500, renewMs: 3_600_000 });
  const before = caps.health.timeouts;
  await it.redis('CLIENT', 'PAUSE', '60000', 'WRITE');
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: 'unavailable' });
  t.equal(caps.health.timeouts, before + 1);
  await it.redis('CLIENT', 'UNPAUSE');
  await until(async () => (await it.redis('GET', `${it.prefix}fence`)) !== null);
  await until(async () => (await caps.acquire(request(claim('buyer:b', 1)))).granted === true);
  // Whatever else was granted too late on a busy machine is given back as well.
  await until(async () => (await caps.holders('buyer:b').catch(() => [])).length === 1);
  t.pass('one holder is left');
});

void t.test('scripts that Redis has forgotten are sent again', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  await it.redis('SCRIPT', 'FLUSH');
  t.match(await caps.acquire(request(claim('buyer:b', 1))), { granted: true });
});

void t.test('a killed connection comes back by itself, and waiting calls hear again', async (t) => {
  const it = await world(t);
  const caps = await it.daemon();
  const lines = new RedisWaitingLines({ caps, log: quiet });
  lines.start();
  const lease = leaseOf(await caps.acquire(request(claim('buyer:b', 1))));
  const joined = await lines.join({
    line: 'sales',
    callId: newId<'CallId'>(),
    priority: 0,
    maxSize: 9,
    options: [[claim('buyer:b', 1)]],
  });
  if (joined.joined !== true) throw new Error('not joined');
  const lost = new Promise<void>((resolve) => {
    caps.link.onDown('test', resolve);
  });
  await it.redis('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await lost;
  await until(() => caps.health.connected);
  t.equal(await joined.place.position(), 1);
  await caps.release(lease);
  await until(() => joined.place.ready.aborted);
  t.ok(joined.place.grant);
});

void t.test('a line that Redis has not heard of for the lease time is lost', async (t) => {
  const server = await startRedis({ own: true });
  t.teardown(() => server.stop());
  const it = await world(t, server);
  const caps = await it.daemon({ leaseMs: 50 });
  const lines = new RedisWaitingLines({ caps, log: quiet });
  lines.start();
  const joined = await lines.join({
    line: 'sales',
    callId: newId<'CallId'>(),
    priority: 0,
    maxSize: 9,
    options: [[claim('buyer:b', 0)]],
  });
  if (joined.joined !== true) throw new Error('not joined');
  await server.stop();
  await until(() => joined.place.ready.aborted);
  t.equal(joined.place.grant, undefined);
  t.equal(lines.waiting, 0);
});

void t.test('stopping ends the wait for a new Redis to open', async (t) => {
  const it = await world(t);
  const restoring = { url: it.url, prefix: it.prefix, daemonId: newId<'DaemonId'>(), log: quiet };
  const caps = new RedisCaps({ ...restoring, restoringMs: 3_600_000 });
  const started = caps.start();
  await until(() => caps.health.connected);
  await caps.stop();
  await caps.stop();
  await t.resolves(started);
});

void t.test('a daemon that starts on an empty Redis may acquire as soon as it has started', async (t) => {
  const it = await world(t);
  const shared = { url: it.url, prefix: it.prefix, daemonId: newId<'DaemonId'>(), log: quiet };
  const caps = new RedisCaps({ ...shared, deadlineMs: 10_000, startDeadlineMs: 10_000, restoringMs: 50 });
  t.teardown(() => caps.stop());
  await caps.start();
  await until(async () => (await caps.acquire(request(claim('buyer:b', 1)))).granted === true);
  t.equal(caps.health.leases, 1);
});
