import t from 'tap';
import { type SignPost, SignsOfLife } from '../../../daemon/call/signs-of-life.ts';
import type { DaemonId } from '../../../daemon/telephony/ids.ts';

const other = 'other' as DaemonId;

class Post implements SignPost {
  connected = true;
  given = 0;
  tell: ((daemonId: DaemonId) => void) | undefined;
  async giveSign(): Promise<void> {
    this.given += 1;
  }
  onSign(listener: (daemonId: DaemonId) => void): void {
    this.tell = listener;
  }
}

function scene() {
  const posts = [new Post(), new Post()] as const;
  const clock = { nowMs: 0, unheardMs: 0 };
  const unheardMs = () => clock.unheardMs;
  const signs = new SignsOfLife({ posts, unheardMs, giveAfterMs: 1000, now: () => clock.nowMs });
  signs.start();
  return { posts, clock, signs };
}

void t.test('while Redis hears it a daemon gives no sign', async (t) => {
  const { posts, clock, signs } = scene();
  clock.unheardMs = 999;
  await signs.run();
  t.equal(posts[0].given + posts[1].given, 0);
});

void t.test('while Redis does not, one each round at every switch it reaches', async (t) => {
  const { posts, clock, signs } = scene();
  clock.unheardMs = 1000;
  posts[1].connected = false;
  await signs.run();
  t.same([posts[0].given, posts[1].given], [1, 0]);
  posts[1].connected = true;
  await signs.run();
  t.same([posts[0].given, posts[1].given], [2, 1]);
  clock.unheardMs = 0;
  await signs.run();
  t.same([posts[0].given, posts[1].given], [2, 1]);
});

void t.test('another lives as long as it is heard of', (t) => {
  const { posts, clock, signs } = scene();
  t.equal(signs.lives(other), false, 'a crash gives no sign and is seen at once');
  for (const post of posts) {
    post.tell?.(other);
    clock.nowMs += 4999;
    t.equal(signs.lives(other), true);
  }
  clock.nowMs += 1;
  t.equal(signs.lives(other), false, 'silent for 5 s');
  posts[1].tell?.(other);
  t.equal(signs.lives(other), true, 'and back');
  t.end();
});
