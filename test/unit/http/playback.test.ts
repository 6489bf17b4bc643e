import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import t from 'tap';
import { playbackOf } from '../../../daemon/http/playback.ts';

const chunks = ['ab', 'cd', 'ef'].map((text) => Buffer.from(text));
const may = async (): Promise<boolean> => true;

void t.test('as many bytes as were announced, or a failure', async (t) => {
  const of = (bytes: number) => playbackOf({ source: Readable.from(chunks), bytes, allowed: may });
  t.equal((await buffer(of(6))).toString(), 'abcdef');
  await t.rejects(buffer(of(7)), /ended after 6 of 7 bytes/);
  await t.rejects(buffer(of(5)), /more audio than 5 bytes/);
});

void t.test('it goes on only as long as whoever listens may', async (t) => {
  let asked = 0;
  const source = Readable.from(chunks);
  const playback = playbackOf({
    source,
    bytes: 6,
    askAgainMs: 0,
    allowed: async () => {
      asked += 1;
      return asked < 3;
    },
  });
  await t.rejects(buffer(playback), /is over/);
  t.ok(source.destroyed);
  t.equal(asked, 3);
  const once = playbackOf({
    source: Readable.from(chunks),
    bytes: 6,
    allowed: () => Promise.reject(new Error('asked though it has only begun')),
  });
  t.equal((await buffer(once)).toString(), 'abcdef');
});

void t.test('its source ends with it, and it with its source', async (t) => {
  const quiet = () => new Readable({ read() {} });
  const first = quiet();
  const playback = playbackOf({ source: first, bytes: 6, allowed: may });
  const closed = new Promise((resolve) => first.once('close', resolve));
  playback.destroy();
  await closed;
  t.ok(first.destroyed);
  const second = quiet();
  const broken = playbackOf({ source: second, bytes: 6, allowed: may });
  second.destroy(new Error('the disk is gone'));
  await t.rejects(buffer(broken), /the disk is gone/);
});
