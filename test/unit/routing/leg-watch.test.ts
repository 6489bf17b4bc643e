// Alone in its process: its clock is a mock for all that runs there.
import { mock } from 'node:test';
import t from 'tap';
import { LegWatch } from '../../../daemon/routing/leg-watch.ts';
import type { ChannelUuid } from '../../../daemon/telephony/ids.ts';
import { FakeLink } from './fakes.ts';

const legUuid = 'b-leg' as ChannelUuid;
const channelUuid = 'a-leg' as ChannelUuid;
const leg = { channelUuid, legUuid, ringTimeoutMs: 20_000, mustAccept: false, now: () => 7 };

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
t.afterEach(() => mock.timers.reset());

void t.test('a leg that rings two seconds beyond its time is killed', async (t) => {
  const link = new FakeLink();
  const watch = new LegWatch(link, leg);
  watch.start();
  watch.start();
  mock.timers.tick(21_999);
  t.same(link.kills, [], "FreeSWITCH's own timer goes first");
  mock.timers.tick(1);
  t.same(link.kills, [{ uuid: legUuid, cause: 'NO_ANSWER' }]);
  watch.stop();
  watch.stop();
  t.equal(link.listening, 0);
});

void t.test('a leg that answered, was bridged or ended is left alone', async (t) => {
  const facts = [
    { kind: 'answered', channelUuid: legUuid, atUs: 1 },
    { kind: 'bridged', channelUuid: legUuid, otherLegUuid: channelUuid, atUs: 1 },
    { kind: 'bridged', channelUuid, otherLegUuid: legUuid, atUs: 1 },
  ] as const;
  for (const fact of facts) {
    const link = new FakeLink();
    const watch = new LegWatch(link, leg);
    watch.start();
    link.tell(fact);
    mock.timers.tick(60_000);
    t.same(link.kills, [], fact.kind);
    t.equal(watch.talkingSinceMs, 7);
    watch.stop();
  }
});

void t.test('who must press a key talks only from the bridge on', async (t) => {
  const link = new FakeLink();
  const watch = new LegWatch(link, { ...leg, mustAccept: true });
  watch.start();
  link.tell({ kind: 'answered', channelUuid: legUuid, atUs: 1 });
  t.equal(watch.talkingSinceMs, undefined);
  t.equal(watch.answeredAtUs, 1);
  link.tell({ kind: 'bridged', channelUuid, otherLegUuid: legUuid, atUs: 2 });
  t.equal(watch.talkingSinceMs, 7);
  watch.stop();
});

void t.test('without facts nothing is killed: it could be a conversation', async (t) => {
  const away = new FakeLink();
  away.connected = false;
  const lost = new FakeLink();
  const back = new FakeLink();
  for (const link of [away, lost, back]) {
    const watch = new LegWatch(link, leg);
    watch.start();
    if (link === lost) lost.connected = false;
    if (link === back) back.interruptions += 1;
    mock.timers.tick(60_000);
    t.same(link.kills, []);
    watch.stop();
  }
});
