import { mock } from 'node:test';
import t from 'tap';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { queue } from '../../../daemon/nodes/queue.ts';
import type { FakeChannelScript } from '../fake-channel.ts';
import {
  digit,
  type FakeContext,
  FakePlace,
  FakeQueues,
  fakeContext,
  faultsOf,
  file,
  runNode,
} from './fakes.ts';

function waiting(script: FakeChannelScript = {}) {
  const place = new FakePlace();
  const queues = new FakeQueues({ joined: true, place });
  const ctx = fakeContext({ script, queues });
  return { place, queues, ctx };
}
/** Time that passes while something plays. */
const passing = (of: { ctx?: FakeContext }, ms: number) => () => {
  if (of.ctx !== undefined) of.ctx.clockMs += ms;
  return { end: 'interrupted' as const };
};

void t.test('its turn ends the music, and the held slot is kept', async (t) => {
  const { place, queues, ctx } = waiting({ answered: false });
  const running = runNode(queue, { buyer: 'Test Buyer', priority: 2 }, ctx);
  await ctx.channel.called('play');
  place.turn();
  t.equal(await running, 'ready');
  t.same(ctx.channel.verbs, ['answer', 'play']);
  t.equal(place.left, 0, 'the slot is for the next buyer node');
  t.same(queues.requests, [
    { queue: 'main', priority: 2, maxSize: 100, source: { from: 'buyer', buyer: 'Test Buyer' } },
  ]);
  t.equal(ctx.variables.get('queue.waitedSeconds'), '0');
});

void t.test('a free slot at once: no answer, no music', async (t) => {
  const { place, queues, ctx } = waiting({ answered: false });
  place.turn();
  t.equal(await runNode(queue, {}, ctx), 'ready');
  t.same(ctx.channel.verbs, []);
  t.same(queues.requests[0]?.source, { from: 'campaign' });
});

void t.test('a lost line lets the call go on, and says so', async (t) => {
  const { place, ctx } = waiting();
  place.lost = true;
  place.turn();
  t.equal(await runNode(queue, {}, ctx), 'ready');
  t.match(ctx.explained, [/lost/]);
});

void t.test('a full line and a plan without anybody have their exits', async (t) => {
  const full = fakeContext({ queues: new FakeQueues({ joined: false, reason: 'full' }) });
  t.equal(await runNode(queue, {}, full), 'full');
  const nobody = fakeContext({ queues: new FakeQueues({ joined: false, reason: 'noCandidates' }) });
  t.equal(await runNode(queue, {}, nobody), 'noAgents');
});

void t.test('the longest wait ends the music by itself, and the place is given up', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const { place, ctx } = waiting();
  const running = runNode(queue, { maxWaitSeconds: 20 }, ctx);
  await ctx.channel.called('play');
  ctx.clockMs += 20_000;
  mock.timers.tick(20_000);
  t.equal(await running, 'timeout');
  t.equal(place.left, 1);
  t.equal(ctx.variables.get('queue.waitedSeconds'), '20');
});

void t.test('exit keys and the callback key leave the line', async (t) => {
  for (const [key, exit] of [
    ['0', 'exitKey:0'],
    ['7', 'callback'],
  ] as const) {
    const { place, ctx } = waiting({ plays: [digit(key)] });
    t.equal(await runNode(queue, { exitKeys: '09', callbackKey: '7' }, ctx), exit);
    t.equal(place.left, 1);
    t.match(ctx.channel.calls[0]?.args[1], { terminators: '097' });
  }
  t.same(queue.namedExits?.({ exitKeys: '09' } as never), ['exitKey:0', 'exitKey:9']);
});

void t.test('a key in the same instant as the turn loses to the turn', async (t) => {
  const place = new FakePlace();
  const ctx = fakeContext({
    queues: new FakeQueues({ joined: true, place }),
    script: {
      plays: [
        () => {
          place.turn();
          return digit('0');
        },
      ],
    },
  });
  t.equal(await runNode(queue, { exitKeys: '0' }, ctx), 'ready');
  t.equal(place.left, 0);
});

void t.test(
  'announcements come at their interval with position and wait, then the music goes on',
  async (t) => {
    const of: { ctx?: FakeContext } = {};
    const heard = { end: 'finished' as const };
    const { place, ctx } = waiting({
      plays: [passing(of, 30_000), heard, heard, heard, heard, passing(of, 300_000)],
    });
    of.ctx = ctx;
    place.place = 23;
    place.waitMs = 61_000;
    const announcement = [file('you-are.wav'), { kind: 'position' }, { kind: 'expectedWait' }];
    t.equal(await runNode(queue, { announceEverySeconds: 30, announcement }, ctx), 'timeout');
    t.same(ctx.channel.argumentsOf('play'), [
      { kind: 'music' },
      file('you-are.wav'),
      file('digits/20.wav'),
      file('digits/3.wav'),
      file('digits/2.wav'),
      { kind: 'music' },
    ]);
  },
);

void t.test('a key during an announcement counts; one that knows no number is cut short', async (t) => {
  const of: { ctx?: FakeContext } = {};
  const keyed = waiting({ plays: [passing(of, 30_000), digit('0')] });
  of.ctx = keyed.ctx;
  const announcement = [file('you-are.wav')];
  const params = { announceEverySeconds: 30, announcement, exitKeys: '0' };
  t.equal(await runNode(queue, params, keyed.ctx), 'exitKey:0');

  const silent = waiting({ plays: [passing(of, 30_000), passing(of, 300_000)] });
  of.ctx = silent.ctx;
  const wait = { announceEverySeconds: 30, announcement: [{ kind: 'expectedWait' }, file('minutes.wav')] };
  t.equal(await runNode(queue, wait, silent.ctx), 'timeout');
  t.same(silent.ctx.channel.argumentsOf('play'), [{ kind: 'music' }, { kind: 'music' }]);
});

void t.test('music that cannot be played becomes silence, and silence that cannot is a fault', async (t) => {
  const { place, ctx } = waiting({ plays: [{ end: 'failed', detail: 'FILE NOT FOUND' }, 'held'] });
  const running = runNode(queue, { music: 'gone.wav', maxWaitSeconds: 60 }, ctx);
  while (ctx.channel.calls.length < 2) await ctx.channel.called('play');
  place.turn();
  t.equal(await running, 'ready');
  t.same(ctx.channel.argumentsOf('play'), [
    { kind: 'music', source: 'gone.wav' },
    { kind: 'silence', durationMs: 60_000 },
  ]);
  t.equal(ctx.warned.length, 1);

  const deaf = waiting({ plays: [{ end: 'finished' }, { end: 'finished' }] });
  await t.rejects(runNode(queue, {}, deaf.ctx), /nothing plays/);
  t.equal(deaf.place.left, 1);
});

void t.test('the caller who hangs up leaves the line', async (t) => {
  for (const verb of ['answer', 'play'] as const) {
    const { place, ctx } = waiting({ answered: false, goneDuring: verb });
    await t.rejects(runNode(queue, {}, ctx), ChannelGone, verb);
    t.equal(place.left, 1, verb);
  }
});

void t.test('publishing refuses queues that cannot work', async (t) => {
  t.same(faultsOf(queue, {}), []);
  t.same(faultsOf(queue, { exitKeys: '01', callbackKey: '1' }), ['/callbackKey']);
  t.same(faultsOf(queue, { announceEverySeconds: 30 }), ['/announcement']);
  t.same(faultsOf(queue, { music: '../../etc/passwd' }), ['/music']);
});
