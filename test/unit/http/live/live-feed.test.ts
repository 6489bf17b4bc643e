import { once } from 'node:events';
import t from 'tap';
import type { View } from '../../../../daemon/http/access.ts';
import type { LiveFeed } from '../../../../daemon/http/live/live-feed.ts';
import type { LiveReader } from '../../../../daemon/http/live/live-reader.ts';
import { Problem } from '../../../../daemon/http/problem.ts';
import type { BuyerId } from '../../../../daemon/telephony/ids.ts';
import { tenantId } from '../test-api.ts';
import { FakeBus, feedOn } from './fake-bus.ts';
import { happened, publisherId, started } from './news.ts';

const whole: View = { of: 'tenant' };
const buyerId = '01981234-0000-7000-8000-0000000000d1' as BuyerId;

function read(feed: LiveFeed, of: Partial<Parameters<LiveFeed['read']>[0]> = {}): LiveReader {
  return feed.read({ tenantId, view: whole, masked: true, principal: 'one', lastEventId: undefined, ...of });
}

/** What the reader was sent, taken from its buffer. */
function taken(reader: LiveReader): { id: string; event: string; data: Record<string, unknown> }[] {
  reader.flush();
  const text = String(reader.read() ?? '');
  return text.split('\n\n').flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
    if (field('event') === '') return [];
    return [
      { id: field('id'), event: field('event'), data: JSON.parse(field('data')) as Record<string, unknown> },
    ];
  });
}
function problemOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error instanceof Problem ? error.problem : error;
  }
}
const kinds = (reader: LiveReader) => taken(reader).map(({ event }) => event);

const bridged = happened({ kind: 'call.bridged', buyerId, buyer: 'Acme' } as never);
const entered = happened({ kind: 'node.entered', nodeId: 'menu', flowVersionId: 'v' } as never);
const ended = happened({
  kind: 'call.ended',
  outcome: 'connected',
  refusal: undefined,
  cause: 'NORMAL_CLEARING',
  durationMs: 12,
  buyerId,
} as never);

void t.test('nothing is wanted of a tenant whom nobody watches', async (t) => {
  const bus = new FakeBus();
  let nowMs = 0;
  const feed = feedOn(bus, { now: () => nowMs, lingerMs: 1000 });
  t.notOk(feed.wants(tenantId));
  const reader = read(feed);
  t.ok(feed.wants(tenantId));
  t.notOk(feed.wants('another'));
  reader.destroy();
  await new Promise((closed) => reader.once('close', closed));
  feed.beat();
  t.ok(feed.wants(tenantId), 'it may come back');
  nowMs = 1000;
  feed.beat();
  t.notOk(feed.wants(tenantId));
});

void t.test('events come in order, each with its id, and a reader goes on where it was', async (t) => {
  const feed = feedOn(new FakeBus(), { keep: 3 });
  const reader = read(feed);
  for (const news of [started(), entered, bridged, ended]) feed.tell(news);
  feed.tell({ kind: 'caps.changed', tenantId, scope: 'buyer:b', holders: 1, limit: undefined });
  const events = taken(reader);
  t.same(
    events.map(({ event }) => event),
    ['call.started', 'node.entered', 'call.bridged', 'call.ended', 'caps.changed'],
  );
  t.match(events, [
    { data: { caller: '+15125550100', did: '+15551234567', publisherId } },
    { data: { nodeId: 'menu' } },
    { data: { buyerId, buyer: 'Acme' } },
    { data: { outcome: 'connected', cause: 'NORMAL_CLEARING', durationMs: 12, refusal: null } },
    { data: { scope: 'buyer:b', holders: 1, limit: null } },
  ]);
  const from = (at: number) => kinds(read(feed, { lastEventId: events[at]?.id ?? '', principal: `p${at}` }));
  t.same(from(4), []);
  t.same(from(2), ['call.ended', 'caps.changed']);
  t.same(from(1), ['call.bridged', 'call.ended', 'caps.changed']);
  t.same(from(0), ['gap'], 'more was missed than is kept');
  t.same(
    kinds(read(feed, { lastEventId: 'feedfacade-7', principal: 'x' })),
    ['gap'],
    'an id of another daemon',
  );
});

void t.test('a reader that takes nothing is cut off, and the others get everything', async (t) => {
  const told: string[] = [];
  const log = { info: (_facts: object, message: string) => void told.push(message) };
  const feed = feedOn(new FakeBus(), { mostBytes: 2_000, log });
  const slow = read(feed);
  const quick = read(feed);
  let got = 0;
  for (let n = 0; n < 50; n += 1) {
    feed.tell(started(n));
    got += taken(quick).length;
  }
  t.equal(got, 50);
  t.ok(slow.destroyed);
  t.ok(slow.readableLength <= 2_000);
  await new Promise((closed) => setImmediate(closed));
  t.equal(feed.readers, 1);
  t.same(told, ['a reader of the live stream was too slow and was cut off']);
  t.notOk(quick.destroyed);
});

void t.test('a publisher and a buyer see their own, without what is not theirs', async (t) => {
  const feed = feedOn(new FakeBus());
  const views: Record<string, View> = {
    publisher: { of: 'publisher', publisherId },
    buyer: { of: 'buyer', buyerId },
    other: { of: 'publisher', publisherId: 'someone' },
    stranger: { of: 'buyer', buyerId: 'someone' },
  };
  const readers = Object.entries(views).map(
    ([name, view]) => [name, read(feed, { view, principal: name })] as const,
  );
  for (const news of [started(), entered, bridged, ended]) feed.tell(news);
  const seen = Object.fromEntries(readers.map(([name, reader]) => [name, taken(reader)]));
  const kindsOf = (name: string) => seen[name]?.map(({ event }) => event);
  t.same(kindsOf('publisher'), ['call.started', 'call.bridged', 'call.ended']);
  t.same(kindsOf('buyer'), ['call.bridged', 'call.ended']);
  t.same(kindsOf('other'), []);
  t.same(kindsOf('stranger'), []);
  const text = JSON.stringify([seen['publisher'], seen['buyer']]);
  for (const secret of ['+15125550100', 'Acme', buyerId, publisherId, 'menu']) t.notMatch(text, secret);
  t.match(seen['publisher']?.[0], { data: { caller: '+*******0100', did: '+15551234567' } });
  t.notMatch(JSON.stringify(seen['buyer']), /5551234567/, "a publisher's number");
  const whole = read(feed, { view: { of: 'buyer', buyerId }, masked: false, principal: 'whole' });
  feed.tell(bridged);
  t.match(taken(whole)[0], { data: { caller: '+15125550100', did: '+15551234567' } }, 'as the tenant set');
  for (const [, reader] of readers) taken(reader);
  for (const [name, scope] of [
    ['publisher', `publisher:${publisherId}`],
    ['buyer', `buyer:${buyerId}`],
  ] as const)
    feed.tell({ kind: 'caps.changed', tenantId, scope, holders: name.length, limit: 5 });
  t.same(
    readers.map(([, reader]) => taken(reader).map(({ data }) => data['holders'])),
    [[9], [5], [], []],
  );
});

void t.test('one principal may have so many streams, and all together so many', async (t) => {
  const feed = feedOn(new FakeBus(), { mostOfOne: 2, mostOfAll: 3 });
  const first = read(feed);
  read(feed);
  t.equal(
    problemOf(() => read(feed)),
    'too-many-requests',
  );
  read(feed, { principal: 'two' });
  t.equal(
    problemOf(() => read(feed, { principal: 'two' })),
    'unavailable',
  );
  first.destroy();
  await new Promise((closed) => first.once('close', closed));
  read(feed);
  feed.stop();
  t.equal(
    problemOf(() => read(feed, { principal: 'three' })),
    'unavailable',
  );
});

void t.test("one tenant's readers leave room for those of others", async (t) => {
  const feed = feedOn(new FakeBus(), { mostOfTenant: 2 });
  for (const principal of ['one', 'two']) read(feed, { principal });
  t.equal(
    problemOf(() => read(feed, { principal: 'three' })),
    'too-many-requests',
  );
  read(feed, { principal: 'three', tenantId: 'another' });
  t.equal(feed.readers, 3);
});

void t.test('who may not read any more is cut off, and who cannot be asked about is not', async (t) => {
  const feed = feedOn(new FakeBus());
  let allowed = async (): Promise<boolean> => true;
  const reader = read(feed, { stillAllowed: () => allowed() });
  const other = read(feed, { principal: 'other' });
  let faults = 0;
  reader.on('error', () => {
    faults += 1;
  });
  await feed.check();
  allowed = () => Promise.reject(new Error('PostgreSQL is away'));
  await feed.check();
  feed.tell(started(1));
  t.same(kinds(reader), ['call.started']);
  allowed = async () => false;
  await feed.check();
  const ended = new Promise((end) => reader.once('end', end));
  // Its connection is still being closed: nothing may be written behind its end.
  feed.tell(started(2));
  feed.beat();
  reader.finish();
  t.same(kinds(reader), []);
  reader.resume();
  await ended;
  t.equal(faults, 0);
  t.same(kinds(other), ['call.started', 'call.started']);
});

void t.test('what happens within a moment is one write', async (t) => {
  const feed = feedOn(new FakeBus(), { gatherMs: 1 });
  const reader = read(feed);
  reader.read();
  for (let n = 0; n < 20; n += 1) feed.tell(started(n));
  t.equal(reader.readableLength, 0, 'not yet');
  const [piece] = (await once(reader, 'data')) as [Buffer];
  t.equal(String(piece).split('event: call.started').length - 1, 20);
});

void t.test('a stream shows that it lives, and ends after its time', async (t) => {
  let nowMs = 0;
  const feed = feedOn(new FakeBus(), { now: () => nowMs, longestMs: 500 });
  const reader = read(feed);
  taken(reader);
  feed.beat();
  t.equal(String(reader.read()), ':\n\n');
  nowMs = 501;
  feed.beat();
  reader.resume();
  await new Promise((ended) => reader.once('end', ended));
  t.notOk(reader.dropped);
});

void t.test('what happens at another daemon is heard, from the first reader on', async (t) => {
  const bus = new FakeBus();
  const nowMs = { value: 0 };
  const now = () => nowMs.value;
  const there = feedOn(bus, { daemonId: 'there', now });
  const here = feedOn(bus, { daemonId: 'here', now });
  const heard = async (): Promise<void> => {
    const before = bus.published.length;
    while (bus.published.length === before) await new Promise((next) => setImmediate(next));
  };
  for (const feed of [here, there]) feed.start();
  t.teardown(() => {
    for (const feed of [here, there]) feed.stop();
  });
  t.notOk(there.wants(tenantId));
  const reader = read(here);
  t.ok(there.wants(tenantId), 'the reader’s daemon asked at once');
  there.tell(started());
  there.tell(entered);
  await heard();
  t.same(kinds(reader), ['call.started', 'node.entered'], 'in one batch');
  bus.loses = true;
  there.tell(bridged);
  await heard();
  bus.loses = false;
  there.tell(ended);
  await heard();
  t.same(kinds(reader), ['gap', 'call.ended'], 'a lost batch is said');
  bus.reconnect();
  t.same(kinds(reader), ['gap']);
  nowMs.value = 30_001;
  const before = bus.published.length;
  for (let n = 0; n < 200; n += 1) there.tell(started(n)); // as many as are sent at once
  t.equal(bus.published.length, before, 'nobody asked for a while: nothing is sent');
  t.notOk(there.wants(tenantId));
  here.beat();
  t.ok(there.wants(tenantId));
  bus.publish('nonsense');
});
