import t from 'tap';
import { stepsOf } from '../e2e/call-row.ts';
import { flowOf } from '../e2e/flow-plan.ts';
import { until } from '../until.ts';
import { live } from './find-freeswitch.ts';
import { went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

/** The survivor notices after 12 s, and the caller hears the 30 s of music again, from their beginning. */
const deadlineS = 90;
const bridging = flowOf([['buyers', 'buyer', {}]]);
const playing = flowOf(
  [
    ['music', 'play', { prompt: { kind: 'tone', tone: '%(30000,0,440)' } }],
    ['buyers', 'buyer', {}],
  ],
  ['music done buyers'],
);

void t.test('a daemon is killed and another lives', { skip: live.skip }, async (t) => {
  for (const [during, graph, stage] of [
    ['a bridge', bridging, 'bridged'],
    ['a playback', playing, 'music'],
  ] as const)
    await t.test(`during ${during}: the call goes on and ends with one complete record`, async (t) => {
      const house = await openWholeHouse(t, { daemons: 2 });
      const callee = await awaitCalls('callee-hangs-up', { values: { talkMs: 5000 }, deadlineS });
      const { did } = await house.flow(graph, {
        buyers: [{ name: 'Survivor', users: [`1000@127.0.0.1:${callee.port}`] }],
        record: 'mono',
      });
      const caller = await placeCall('caller-stays', house.freeswitch.sipPort, did, { deadlineS });
      await until(
        `the call in ${stage}`,
        async () =>
          (await house.live(0)).some((call) => call.did === did && call.stage === stage) || undefined,
      );
      await house.daemons[0]?.kill();
      if (during === 'a playback') {
        await until(
          'the survivor to have the call',
          async () => (await house.live(1)).length > 0 || undefined,
          20_000,
        );
        const inbound = await house.freeswitch.inbound();
        const channels = await inbound.api('show channels count');
        inbound.close();
        t.match(channels, /[12] total/, 'the caller was never hung up on');
      }
      await went(t, callee, 'the conversation went to its own end');
      await went(t, caller, 'the caller stayed to the end');
      const row = await house.writtenWithRecording(did);
      t.match(row, { outcome: 'connected', takeovers: 1, source: 'session' });
      t.equal(row.attempts.length, 1, 'nobody was dialled twice');
      t.match(row.attempts[0], { outcome: 'connected', number: 1 });
      t.equal(row.cdrs.length, 2, 'one CDR a leg');
      t.ok(row.cdrs.every(({ source }) => source === 'event' || source === 'json_cdr'));
      t.ok(
        row.cdrs.every(({ bill_ms }) => bill_ms >= 4900),
        'billed for the whole conversation',
      );
      t.match(row.recordings, [{ status: 'stored' }]);
      t.equal(stepsOf(row).at(-1), 'buyers:connectedEnded');
    });
});
