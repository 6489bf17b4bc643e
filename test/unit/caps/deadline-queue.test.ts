import t from 'tap';
import { DeadlineQueue } from '../../../daemon/caps/deadline-queue.ts';

void t.test('what is not answered in time expires, in order; what is answered never does', async (t) => {
  const queue = new DeadlineQueue(20);
  const expired: string[] = [];
  const last = await new Promise<string>((resolve) => {
    queue.watch(() => expired.push('first'));
    queue.watch(() => expired.push('answered'))();
    queue.watch(() => {
      expired.push('last');
      resolve('last');
    });
    t.equal(queue.size, 3, 'the answered one waits behind the first');
  });
  t.equal(last, 'last');
  t.same(expired, ['first', 'last']);
  t.equal(queue.size, 0);
});

void t.test('thousands of answers leave nothing behind, in whatever order they come', async (t) => {
  const queue = new DeadlineQueue(60_000);
  const answers = Array.from({ length: 5_000 }, () => queue.watch(() => t.fail('expired')));
  for (const [index, answer] of answers.entries()) if (index % 2 === 1) answer();
  t.equal(queue.size, 5_000);
  for (const answer of answers) answer();
  t.equal(queue.size, 0);
});

void t.test('a deadline set while another expires is kept', async (t) => {
  const queue = new DeadlineQueue(5);
  await new Promise<void>((resolve) => {
    queue.watch(() => queue.watch(resolve));
  });
  t.equal(queue.size, 0);
});
