import t from 'tap';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import type { AttemptResult } from '../../../daemon/flow/node-context.ts';
import { buyer } from '../../../daemon/nodes/buyer.ts';
import { candidate, connected, FakeDialing, fakeContext, faultsOf, file, runNode } from './fakes.ts';

async function outcome(results: readonly Partial<AttemptResult>[], params = {}, names = ['a', 'b', 'c']) {
  const dialing = new FakeDialing(
    names.map((name) => candidate(name)),
    results,
  );
  const ctx = fakeContext({ dialing });
  const exit = await runNode(buyer, params, ctx);
  return { exit, ctx, dialled: dialing.attempts.map((attempt) => attempt.candidate.label), dialing };
}

void t.test('the first who talks ends the tries', async (t) => {
  const { exit, dialled, ctx } = await outcome([{ outcome: 'busy' }, connected]);
  t.equal(exit, 'connectedEnded');
  t.same(dialled, ['a', 'b']);
  t.same(ctx.explained, ['Buyer b, b: NORMAL_CLEARING']);
});

void t.test('nobody talked: the last try names the exit', async (t) => {
  const exits = {
    no_answer: 'noAnswer',
    busy: 'busy',
    rejected: 'rejected',
    failed: 'failed',
    not_accepted: 'notAccepted',
    capped: 'allCapped',
  } as const;
  for (const [last, exit] of Object.entries(exits)) {
    const ended = await outcome([{ outcome: last as 'busy' }], {}, ['a']);
    t.equal(ended.exit, exit, last);
  }
});

void t.test('a try that was really made names the exit before later ones that were capped', async (t) => {
  const capped = { outcome: 'capped' as const, cappedBy: 'buyer:b' };
  t.equal((await outcome([{ outcome: 'busy' }, capped, capped])).exit, 'busy');
  const all = await outcome([capped, capped, capped]);
  t.equal(all.exit, 'allCapped');
  t.match(all.ctx.explained, [/0 dialled; capped by buyer:b/]);
});

void t.test('rejected candidates are passed over, and told', async (t) => {
  const dialing = new FakeDialing([candidate('a', 'tried'), candidate('b')], [connected]);
  const ctx = fakeContext({ dialing });
  t.equal(await runNode(buyer, { buyer: 'Test Buyer' }, ctx), 'connectedEnded');
  t.same(dialing.attempts[0]?.candidate.label, 'b');
  t.same(dialing.sources, [{ from: 'buyer', buyer: 'Test Buyer' }]);

  const nobody = fakeContext({ dialing: new FakeDialing([candidate('a', 'tried')], []) });
  t.equal(await runNode(buyer, {}, nobody), 'failed');
  t.match(nobody.explained, [/rejected: tried/]);
  const full = fakeContext({ dialing: new FakeDialing([candidate('a', 'capped:buyer:a')], []) });
  t.equal(await runNode(buyer, {}, full), 'allCapped');
});

void t.test('an empty plan fails and says why', async (t) => {
  const { exit, ctx } = await outcome([], {}, []);
  t.equal(exit, 'failed');
  t.same(ctx.explained, ['there is nobody to dial']);
});

void t.test('a cause that stops is the last, one that skips passes over the same endpoint', async (t) => {
  const stopped = await outcome([{ outcome: 'rejected', next: 'stop' }, connected]);
  t.equal(stopped.exit, 'rejected');
  t.same(stopped.dialled, ['a']);
  const skipped = await outcome([{ outcome: 'busy', next: 'skipEndpoint' }, connected], {}, ['a', 'a', 'b']);
  t.same(skipped.dialled, ['a', 'b']);
  const again = await outcome([{ outcome: 'failed', next: 'next' }, connected], {}, ['a', 'a', 'b']);
  t.same(again.dialled, ['a', 'a']);
});

void t.test('attempts and total time are bounded; capped ones do not count', async (t) => {
  const two = await outcome([{ outcome: 'capped' }, {}, {}, connected], { maxAttempts: 2 }, [
    'a',
    'b',
    'c',
    'd',
  ]);
  t.same(two.dialled, ['a', 'b', 'c']);
  t.equal(two.exit, 'noAnswer');

  const dialing = new FakeDialing([candidate('a'), candidate('b'), candidate('c')], []);
  const ctx = fakeContext({ dialing });
  dialing.onAttempt = () => {
    ctx.clockMs += 25_000;
  };
  t.equal(await runNode(buyer, { maxTotalSeconds: 45, ringTimeoutSeconds: 25 }, ctx), 'noAnswer');
  t.same(
    dialing.attempts.map(({ options }) => [options.ringTimeoutMs, options.ringAtMostMs]),
    [
      [25_000, 45_000],
      [25_000, 20_000],
    ],
  );
});

void t.test('whisper, acceptance, ringback, longest duration and causes reach the attempt', async (t) => {
  const { dialing } = await outcome([connected], {
    whisper: { kind: 'speech', text: 'A call for {{variables.zip}}' },
    accept: {},
    ringback: { kind: 'passthrough' },
    maxDurationSeconds: 90,
    causes: { USER_BUSY: 'stop', '503': 'next' },
  });
  t.same(dialing.attempts[0]?.options, {
    ringTimeoutMs: undefined,
    ringAtMostMs: 120_000,
    whisper: { kind: 'speech', text: 'A call for ' },
    accept: { digit: '1', timeoutMs: 10_000 },
    ringback: { kind: 'passthrough' },
    maxDurationMs: 90_000,
    causes: { USER_BUSY: 'stop', '503': 'next' },
  });
});

void t.test('the longest duration has its exit', async (t) => {
  t.equal((await outcome([{ ...connected, outcome: 'max_duration' }])).exit, 'maxDuration');
});

void t.test('a buyer who hangs up early is passed over, or has its exit', async (t) => {
  const early = { ...connected, talkedMs: 3000 };
  const next = await outcome([early, connected], { earlyHangup: {} });
  t.equal(next.exit, 'connectedEnded');
  t.same(next.dialled, ['a', 'b']);
  const exit = await outcome([early, connected], { earlyHangup: { recovery: 'exit' } });
  t.equal(exit.exit, 'buyerHungUpEarly');
  t.same(exit.dialled, ['a']);
  t.equal((await outcome([early], { earlyHangup: {} }, ['a'])).exit, 'buyerHungUpEarly');
  t.equal((await outcome([early])).exit, 'connectedEnded', 'only where the flow asks for it');
  const byCaller = await outcome([{ ...early, hungUpBy: 'A' }], { earlyHangup: {} });
  t.equal(byCaller.exit, 'connectedEnded', 'the caller may hang up early');
});

void t.test('the caller who hangs up while it rings ends the node with ChannelGone', async (t) => {
  const dialing = new FakeDialing([candidate('a'), candidate('b')], []);
  const gone = new ChannelGone({ cause: 'ORIGINATOR_CANCEL', by: 'caller' });
  dialing.onAttempt = () => {
    throw gone;
  };
  await t.rejects(runNode(buyer, {}, fakeContext({ dialing })), gone);
  t.equal(dialing.attempts.length, 1);
});

void t.test('publishing refuses what is not built or cannot work', async (t) => {
  t.same(faultsOf(buyer, {}), []);
  t.same(faultsOf(buyer, { strategy: 'simultaneous' }), ['/strategy']);
  t.same(faultsOf(buyer, { strategy: 'progressive' }), ['/strategy']);
  t.same(faultsOf(buyer, { accept: {} }), ['/whisper']);
  t.same(faultsOf(buyer, { accept: {}, whisper: file('accept.wav') }), []);
  t.same(faultsOf(buyer, { causes: { BUSY: 'stop' } }), ['/causes/BUSY']);
  t.same(faultsOf(buyer, { causes: { '486': 'stop', NO_ANSWER: 'next' } }), []);
});
