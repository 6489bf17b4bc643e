import t from 'tap';
import { type SignPost, SignsOfLife } from '../../../daemon/call/signs-of-life.ts';
import type { DaemonId, SwitchName } from '../../../daemon/telephony/ids.ts';

const [me, other] = ['me', 'other'] as DaemonId[] as [DaemonId, DaemonId];

class Post implements SignPost {
  readonly switchName: SwitchName;
  connected = true;
  readonly signs = new Map<DaemonId, string>();
  asked = 0;
  constructor(name: string) {
    this.switchName = name as SwitchName;
  }
  async leaveSign(daemonId: DaemonId, sign: string): Promise<void> {
    this.asked += 1;
    if (sign === '') this.signs.delete(daemonId);
    else this.signs.set(daemonId, sign);
  }
  async signOf(daemonId: DaemonId): Promise<string | undefined> {
    return this.signs.get(daemonId);
  }
}

function scene() {
  const posts = [new Post('fs1'), new Post('fs2')] as const;
  const clock = { nowMs: 0, unheardMs: 0 };
  const signs = new SignsOfLife({
    daemonId: me,
    posts,
    unheardMs: () => clock.unheardMs,
    leaveAfterMs: 1000,
    staleMs: 4000,
    now: () => clock.nowMs,
  });
  return { posts, clock, signs };
}

void t.test('while Redis hears it a daemon leaves nothing anywhere', async (t) => {
  const { posts, clock, signs } = scene();
  clock.unheardMs = 999;
  await signs.run();
  await signs.stop();
  t.equal(posts[0].asked + posts[1].asked, 0);
});

void t.test(
  'while Redis does not, a sign that grows, at every switch it reaches; gone when all is well',
  async (t) => {
    const { posts, clock, signs } = scene();
    clock.unheardMs = 1000;
    posts[1].connected = false;
    await signs.run();
    const first = posts[0].signs.get(me);
    t.ok(first);
    t.equal(posts[1].asked, 0);
    posts[1].connected = true;
    await signs.run();
    t.not(posts[0].signs.get(me), first);
    t.equal(posts[1].signs.get(me), posts[0].signs.get(me));
    clock.unheardMs = 0;
    await signs.run();
    t.equal(posts[0].signs.size + posts[1].signs.size, 0);
  },
);

void t.test('stopped, it takes its signs away', async (t) => {
  const { posts, clock, signs } = scene();
  clock.unheardMs = 5000;
  await signs.run();
  await signs.stop();
  t.equal(posts[0].signs.size, 0);
});

void t.test('another lives while its sign changes, and is dead when it does not, or has none', async (t) => {
  const { posts, clock, signs } = scene();
  const [{ signs: left, switchName }] = posts;
  t.equal(await signs.lives(other, switchName), false, 'a crash leaves no sign and is seen at once');
  for (const sign of ['1', '6', '11']) {
    left.set(other, sign);
    t.equal(await signs.lives(other, switchName), true, `sign ${sign}`);
    clock.nowMs += 5000;
  }
  t.equal(await signs.lives(other, switchName), false, 'the last one did not change for 5 s');
  left.set(other, '12');
  t.equal(await signs.lives(other, switchName), true);
  clock.nowMs += 3999;
  t.equal(await signs.lives(other, switchName), true, 'not stale yet');
  t.equal(await signs.lives(other, 'fs3' as SwitchName), false, 'no such switch');
});
