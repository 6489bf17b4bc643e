import t from 'tap';
import type { LeasedCall } from '../../../daemon/caps/leased-calls.ts';
import { RedisAway } from '../../../daemon/caps/redis-link.ts';
import { SharedLeases } from '../../../daemon/caps/shared-leases.ts';
import {
  type CallId,
  type ChannelUuid,
  type DaemonId,
  newId,
  type SwitchName,
} from '../../../daemon/telephony/ids.ts';

function leasedCall(callId: CallId = newId<'CallId'>()): LeasedCall {
  const channelUuid = 'a-leg' as ChannelUuid;
  return {
    callId,
    daemonId: 'd2' as DaemonId,
    channelUuid,
    switchName: 'fs' as SwitchName,
    sinceMs: 0,
    scopes: {},
  };
}

/** Redis with these calls, which counts how often all its leases are read. */
function redis(calls: readonly LeasedCall[], whole = true) {
  const it = { calls: [...calls], reads: 0, searches: 0, whole };
  return Object.assign(it, {
    list: async () => {
      it.reads += 1;
      return { calls: [...it.calls], whole: it.whole };
    },
    find: async (id: CallId) => {
      it.searches += 1;
      return it.calls.find(({ callId }) => callId === id);
    },
  });
}
/** Longer than any test. */
const freshMs = 3_600_000;

void t.test('however many look at calls, their leases are read once', async (t) => {
  const one = leasedCall();
  const leased = redis([one]);
  const shared = new SharedLeases({ leased, freshMs });
  const lists = Array.from({ length: 50 }, () => shared.list());
  const finds = Array.from({ length: 50 }, () => shared.find(one.callId));
  t.same(new Set((await Promise.all(lists)).map(({ calls }) => calls.length)), new Set([1]));
  t.same(new Set(await Promise.all(finds)), new Set([one]));
  await shared.list();
  t.same([leased.reads, leased.searches], [1, 0]);
});

void t.test('a call that began since is found, and one that is none is not', async (t) => {
  const leased = redis([]);
  const shared = new SharedLeases({ leased, freshMs: 5 });
  await shared.list();
  const late = leasedCall();
  leased.calls.push(late);
  t.equal(await shared.find(late.callId), late);
  t.equal(await shared.find(newId<'CallId'>()), undefined);
});

void t.test('among more leases than are read, one call is looked for at a time', async (t) => {
  const last = leasedCall();
  const leased = redis([], false);
  const shared = new SharedLeases({ leased, freshMs: 5 });
  const { promise: found, resolve: tell } = Promise.withResolvers<LeasedCall>();
  leased.find = () => found;
  const first = shared.find(last.callId);
  await t.rejects(shared.find(last.callId), RedisAway);
  tell(last);
  t.equal(await first, last);
  t.equal(await shared.find(last.callId), last, 'and then the next');
});

void t.test('what failed is asked for again', async (t) => {
  const leased = redis([]);
  const { list } = leased;
  leased.list = () => Promise.reject(new RedisAway('redis is not connected'));
  const shared = new SharedLeases({ leased, freshMs });
  await t.rejects(shared.list(), RedisAway);
  leased.list = list;
  t.match(await shared.list(), { calls: [], whole: true });
});
