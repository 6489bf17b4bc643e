import t from 'tap';
import type { CapLease } from '../../../daemon/caps/cap-lease.ts';
import { HighWater } from '../../../daemon/caps/high-water.ts';
import { LeaseBook, limitText } from '../../../daemon/caps/lease-book.ts';
import { RedisKeys } from '../../../daemon/caps/redis-keys.ts';
import { newId } from '../../../daemon/telephony/ids.ts';

function lease(...scopes: string[]): CapLease {
  const claims = scopes.map((id) => ({ scope: `buyer:${id}` as const, limit: 2 }));
  return { leaseId: newId<'LeaseId'>(), callId: newId<'CallId'>(), claims, fence: 7 };
}

void t.test('a lease entered twice is renewed in the scopes of both', async (t) => {
  const book = new LeaseBook(new RedisKeys('p:'));
  const one = lease('a', 'b');
  book.enter(one, 1_000);
  book.enter({ ...one, claims: [{ scope: 'buyer:c', limit: undefined }] }, 2_000);
  const chunk = book.chunk(book.ids());
  t.same(chunk.keys, [`p:lease:${one.leaseId}`, 'p:cap:buyer:a', 'p:cap:buyer:b', 'p:cap:buyer:c']);
  t.same(chunk.args.slice(3), ['1000', '0', '\n', '3', '2', '1000', '2', '1000', '-1', '2000']);
  t.same(book.remove(one.leaseId, []), ['buyer:a', 'buyer:b', 'buyer:c']);
  t.equal(book.size, 0);
});

void t.test('what was released since is not renewed', async (t) => {
  const book = new LeaseBook(new RedisKeys('p:'));
  const [kept, gone] = [lease('a'), lease('a')];
  book.enter(kept, 1);
  book.enter(gone, 1);
  const ids = book.ids();
  book.remove(gone.leaseId, gone.claims);
  t.same(
    book.chunk(ids).leases.map(({ leaseId }) => leaseId),
    [kept.leaseId],
  );
});

void t.test('a missing claim is lost once, and in the restoring window nothing is confirmed', async (t) => {
  const book = new LeaseBook(new RedisKeys('p:'));
  book.enter(lease('a', 'b'), 1_000);
  const chunk = () => book.chunk(book.ids());
  t.equal(book.confirm(chunk(), 2_000, false, [2]), 1);
  t.equal(book.confirm(chunk(), 3_000, true, [2]), 0);
  t.equal(book.lostClaims, 1);
  t.same(
    chunk().claims.map(({ confirmedAtMs, lost }) => [confirmedAtMs, lost]),
    [
      [2_000, false],
      [1_000, true],
    ],
  );
  book.confirm(chunk(), 4_000, false, []);
  t.equal(book.lostClaims, 0);
});

void t.test('an adopted lease is written anew once', async (t) => {
  const book = new LeaseBook(new RedisKeys('p:'));
  book.enter(lease('a'), undefined);
  const chunk = book.chunk(book.ids());
  t.same(chunk.args.slice(3, 5), ['', '1']);
  book.confirm(chunk, 1, false, []);
  t.same(book.chunk(book.ids()).args.slice(3, 5), ['', '0']);
});

void t.test('limits and marks', async (t) => {
  t.same([undefined, 0, 3, -4, 2.9].map(limitText), ['-1', '0', '3', '0', '2']);
  const marks = new HighWater();
  for (const holders of [1, 3, 2]) marks.note('buyer:a', holders);
  t.equal(marks.of('buyer:a'), 3);
  t.equal(marks.of('buyer:b'), 0);
});
