import t from 'tap';
import { DiskTurns } from '../../../daemon/records/disk-turns.ts';

const asked = () => Promise.withResolvers<string>();
const here = new AbortController().signal;
const moment = () => new Promise((next) => setImmediate(next));

void t.test(
  'a disk that hangs keeps so many waiting and no more; whoever goes meanwhile leaves nothing behind',
  async (t) => {
    const turns = new DiskTurns(2);
    const begun: string[] = [];
    const ask = (name: string, answer: Promise<string>, signal = here) =>
      turns.take(signal, () => {
        begun.push(name);
        return answer;
      });
    const [hung, slow] = [asked(), asked()];
    const first = ask('hung', hung.promise);
    const second = ask('slow', slow.promise);
    const gone = new AbortController();
    const left = ask('left', Promise.resolve('left'), gone.signal);
    const third = ask('third', Promise.resolve('third'));
    await moment();
    t.same(begun, ['hung', 'slow']);
    gone.abort(new Error('went away'));
    await t.rejects(left, { message: 'went away' });
    slow.resolve('slow');
    t.equal(await second, 'slow');
    t.equal(await third, 'third', 'whoever went away had no turn to keep');
    t.equal(await ask('fourth', Promise.resolve('fourth')), 'fourth');
    t.same(begun, ['hung', 'slow', 'third', 'fourth']);
    hung.resolve('hung');
    t.equal(await first, 'hung');
    const [one, other] = [asked(), asked()];
    const both = [ask('one', one.promise), ask('other', other.promise)];
    await moment();
    t.same(begun.slice(-2), ['one', 'other'], 'both turns are there again');
    one.resolve('');
    other.resolve('');
    await Promise.all(both);
  },
);

void t.test('work that fails ends its turn; who is gone already has none', async (t) => {
  const turns = new DiskTurns(1);
  await t.rejects(
    turns.take(here, () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
  await t.rejects(
    turns.take(AbortSignal.abort(new Error('gone')), () => Promise.resolve()),
    { message: 'gone' },
  );
  t.equal(await turns.take(here, () => Promise.resolve('next')), 'next');
});
