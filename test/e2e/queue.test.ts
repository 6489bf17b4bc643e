import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import type { SimulatedCall } from '../../ops/switch-simulator/simulated-call.ts';
import { until } from '../until.ts';
import { stepsOf } from './call-row.ts';
import { file, flowOf } from './flow-plan.ts';
import { heardBy } from './heard.ts';
import { openHouse } from './house.ts';

const stays: CalleeScript = { kind: 'answer', answerAfterMs: 20 };
const fromTexas = (value = '512') => ({
  branches: [{ name: 'texas', when: { path: 'caller.areaCode', op: 'eq', value } }],
});

void t.test('waiting in a line', async (t) => {
  const house = await openHouse(t, { simulator: { callees: { stays, other: stays } } });
  const oneLine = (name: string) => ({ buyers: [{ name, users: ['stays'], maxCalls: 1 }] });
  const talks = (call: SimulatedCall) => () => call.leg.phase === 'bridged';
  await house.startDaemon();

  /** Everybody's end. */
  const endAll = async (...calls: readonly SimulatedCall[]): Promise<void> => {
    for (const call of calls) call.hangUp();
    for (const call of calls) await call.ended;
  };

  await t.test('each hears its own place, and the next one as the line moves', async (t) => {
    const announcement = [file('you-are.wav'), { kind: 'position' }];
    const { did } = await house.flow(
      flowOf(
        [
          ['line', 'queue', { announceEverySeconds: 0.2, announcement }],
          ['sell', 'buyer'],
        ],
        ['line ready sell'],
      ),
      oneLine('teller'),
    );
    const first = house.call(did);
    await until('the first to talk', talks(first));
    const second = house.call(did);
    await until('the second to hear its place', () => heardBy(second).includes('digits/1.wav'));
    const third = house.call(did);
    await until('the third to hear its place', () => heardBy(third).includes('digits/2.wav'));
    t.notOk(heardBy(second).includes('digits/2.wav'));
    t.notOk(heardBy(third).includes('digits/1.wav'), 'the second is before it still');
    t.same(heardBy(third).slice(0, 2), ['you-are.wav', 'digits/2.wav'], 'the announcement in its order');
    first.hangUp();
    await until('the second to talk', talks(second));
    await until('the third to hear that it is the next', () => heardBy(third).includes('digits/1.wav'));
    t.same(heardBy(first), [], 'who did not wait heard nothing');
    await endAll(second, third);
    t.equal((await house.calls.row(second.uuid)).outcome, 'connected');
    await house.leaks(t);
  });

  await t.test('priority 0 goes before who came earlier with 5', async (t) => {
    const { did } = await house.flow(
      flowOf(
        [
          ['sort', 'condition', fromTexas()],
          ['fast', 'queue', { priority: 0 }],
          ['slow', 'queue', { priority: 5 }],
          ['sell', 'buyer'],
        ],
        ['sort branch:texas fast', 'sort else slow', 'fast ready sell', 'slow ready sell'],
      ),
      oneLine('cashier'),
    );
    const first = house.call(did);
    await until('the first to talk', talks(first));
    const slow = house.call(did, { from: '+12135550100' });
    await until('the earlier one to wait', () => slow.leg.phase === 'queue');
    const fast = house.call(did, { from: '+15125550100' });
    await until('the later one to wait', () => fast.leg.phase === 'queue');
    await endAll(first);
    await until('one of them to talk', () => talks(fast)() || talks(slow)());
    t.ok(talks(fast)(), 'the later one');
    t.equal(slow.leg.phase, 'queue', 'the earlier one still waits');
    fast.hangUp();
    await until('then the other to talk', talks(slow));
    await endAll(slow);
    t.same(stepsOf(await house.calls.row(slow.uuid)), ['sort:else', 'slow:ready', 'sell:hangup']);
    await house.leaks(t);
  });

  await t.test('music of its own, again when it has ended', async (t) => {
    const { did } = await house.flow(flowOf([['line', 'queue', { music: 'hold/waltz-1100ms.wav' }]]), {
      buyers: [{ name: 'nobody', maxCalls: 0 }],
    });
    const call = house.call(did);
    await until('the music to begin again', () => heardBy(call).length === 2);
    t.same(new Set(heardBy(call)), new Set(['hold/waltz-1100ms.wav']));
    await endAll(call);
    t.equal((await house.calls.row(call.uuid)).outcome, 'abandoned_in_queue');
    await house.leaks(t);
  });

  await t.test(
    'a line of its own name for one buyer does not wait for another, nor hold anybody up',
    async (t) => {
      const { did, buyerIds } = await house.flow(
        flowOf(
          [
            ['sort', 'condition', fromTexas()],
            ['gold', 'queue', { queue: 'gold', buyer: 'Goldsmith' }],
            ['goldsmith', 'buyer', { buyer: 'Goldsmith' }],
            ['any', 'queue'],
            ['sell', 'buyer'],
          ],
          ['sort branch:texas gold', 'gold ready goldsmith', 'sort else any', 'any ready sell'],
        ),
        {
          buyers: [
            { name: 'Goldsmith', users: ['stays'], maxCalls: 1 },
            { name: 'Silversmith', users: ['other'], maxCalls: 1 },
          ],
        },
      );
      const first = house.call(did, { from: '+15125550101' });
      await until('the first to talk with the goldsmith', talks(first));
      const waits = house.call(did, { from: '+15125550102' });
      await until('the next in that line to wait', () => waits.leg.phase === 'queue');
      const passes = house.call(did, { from: '+12135550102' });
      await until('who takes anybody to talk', talks(passes));
      t.equal(waits.leg.phase, 'queue', 'though the silversmith was free');
      await endAll(first);
      await until('the goldsmith to take the next', talks(waits));
      await endAll(waits, passes);
      const buyersOf = async ({ uuid }: SimulatedCall) =>
        (await house.calls.row(uuid)).attempts.map(({ buyer_id }) => buyer_id);
      t.same(await buyersOf(waits), [buyerIds['Goldsmith']]);
      t.same(await buyersOf(passes), [buyerIds['Silversmith']]);
      await house.leaks(t);
    },
  );

  await t.test(
    'an exit key leaves the line while an announcement is heard, and the place goes on',
    async (t) => {
      const { did } = await house.flow(
        flowOf(
          [
            [
              'line',
              'queue',
              { exitKeys: '9', announceEverySeconds: 0.1, announcement: [file('please-wait-9000ms.wav')] },
            ],
            ['sell', 'buyer'],
            ['out', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }],
          ],
          ['line ready sell', 'line exitKey:9 out'],
        ),
        oneLine('clerk'),
      );
      const first = house.call(did);
      await until('the first to talk', talks(first));
      const second = house.call(did);
      await until('the second to hear the announcement', () => heardBy(second).length === 1);
      const third = house.call(did);
      await until('the third to hear it too', () => heardBy(third).length === 1);
      second.press('9');
      t.equal((await second.ended).cause, 'NORMAL_UNSPECIFIED');
      t.same(stepsOf(await house.calls.row(second.uuid)), ['line:exitKey:9', 'out:end']);
      first.hangUp();
      await until('the third to talk', talks(third));
      await endAll(third);
      await house.leaks(t);
    },
  );
});
