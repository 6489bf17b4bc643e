import t from 'tap';
import { stepsOf } from '../e2e/call-row.ts';
import { flowOf } from '../e2e/flow-plan.ts';
import { until } from '../until.ts';
import { live } from './find-freeswitch.ts';
import { went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

const tone = { kind: 'tone', tone: '%(200,0,440)' };

void t.test('waiting, accepting and being cut, on a real FreeSWITCH', { skip: live.skip }, async (t) => {
  const house = await openWholeHouse(t);
  const sip = house.freeswitch.sipPort;
  const waiting = (did: string, stage: string) =>
    until(
      `a call in ${stage}`,
      async () => (await house.live()).some((call) => call.did === did && call.stage === stage) || undefined,
    );

  await t.test('the second caller hears music until the first one’s buyer is free', async (t) => {
    const callee = await awaitCalls('callee-hangs-up', { calls: 2, values: { talkMs: 2500 } });
    const { did } = await house.flow(
      flowOf(
        [
          ['line', 'queue', {}],
          ['buyers', 'buyer', {}],
        ],
        ['line ready buyers'],
      ),
      { buyers: [{ name: 'One line', users: [`1000@127.0.0.1:${callee.port}`], maxCalls: 1 }] },
    );
    const first = await placeCall('caller-stays', sip, did, { values: { from: '+15125550201' } });
    await waiting(did, 'bridged');
    const second = await placeCall('caller-stays', sip, did, { values: { from: '+15125550202' } });
    await waiting(did, 'line');
    await went(t, first, 'the first was served');
    await went(t, second, 'the second was served after it');
    await went(t, callee, 'both talked');
    const rows = await house.written(did, 2);
    t.same(rows.map(stepsOf), [
      ['line:ready', 'buyers:connectedEnded'],
      ['line:ready', 'buyers:connectedEnded'],
    ]);
    const [earlier, later] = rows.map(({ attempts }) => attempts[0]);
    t.ok(String(later?.dialled_at) >= String(earlier?.ended_at).slice(0, 19), 'never two at once');
  });

  await t.test('a key leaves the line while music plays', async (t) => {
    const callee = await awaitCalls('callee-hangs-up', { values: { talkMs: 6000 } });
    const { did } = await house.flow(
      flowOf(
        [
          ['line', 'queue', { exitKeys: '9' }],
          ['buyers', 'buyer', {}],
        ],
        ['line ready buyers'],
      ),
      { buyers: [{ name: 'Busy line', users: [`1000@127.0.0.1:${callee.port}`], maxCalls: 1 }] },
    );
    const first = await placeCall('caller-stays', sip, did, { values: { from: '+15125550203' } });
    await waiting(did, 'bridged');
    const second = await placeCall('caller-keys-rfc2833', sip, did, {
      values: { from: '+15125550204', keys: '9', beforeKeysMs: 1000 },
    });
    await went(t, second, 'the second left the line');
    await went(t, first, 'the first went on talking');
    const rows = await house.written(did, 2);
    t.same(rows.filter(({ outcome }) => outcome !== 'connected').map(stepsOf), [['line:exitKey:9']]);
  });

  await t.test('press to accept: pressed, and not pressed', async (t) => {
    for (const [pressed, scenario] of [
      [true, 'callee-presses'],
      [false, 'callee-answers'],
    ] as const) {
      const callee = await awaitCalls(scenario, { values: { keys: '1', beforeKeysMs: 1200 } });
      const { did } = await house.flow(
        flowOf(
          [
            ['picked', 'answer'],
            [
              'buyers',
              'buyer',
              { whisper: tone, accept: { digit: '1', timeoutSeconds: 3 }, maxDurationSeconds: 2 },
            ],
          ],
          ['picked next buyers'],
        ),
        { buyers: [{ name: `Accepts ${pressed}`, users: [`1000@127.0.0.1:${callee.port}`] }] },
      );
      const caller = await placeCall('caller-stays', sip, did);
      await went(t, caller, 'the caller was served');
      const [row] = await house.written(did);
      t.match(row?.attempts, [{ outcome: pressed ? 'max_duration' : 'not_accepted' }], scenario);
      t.equal(row?.outcome, pressed ? 'connected' : 'not_accepted');
      await callee.stop();
    }
  });

  await t.test('its length counts from the bridge: whisper and key take nothing of it', async (t) => {
    const callee = await awaitCalls('callee-presses', { values: { keys: '1', beforeKeysMs: 3_000 } });
    const accept = { whisper: tone, accept: { digit: '1', timeoutSeconds: 8 } };
    const { did } = await house.flow(flowOf([['buyers', 'buyer', { ...accept, maxDurationSeconds: 2 }]]), {
      buyers: [{ name: 'Late key', users: [`1000@127.0.0.1:${callee.port}`] }],
    });
    const caller = await placeCall('caller-stays', sip, did);
    await went(t, caller, 'the caller was served and cut');
    const [row] = await house.written(did);
    t.same(row === undefined ? [] : stepsOf(row), ['buyers:maxDuration']);
    const ms = row?.cdrs.find(({ side }) => side === 'B')?.bill_ms ?? 0;
    t.ok(ms >= 4_900 && ms < 7_500, `${ms} ms from the answer: 3 s to the key, then at least 2 s`);
    await callee.stop();
  });

  await t.test('a conversation is cut at its length, by FreeSWITCH itself', async (t) => {
    const callee = await awaitCalls('callee-answers');
    const { did } = await house.flow(flowOf([['buyers', 'buyer', { maxDurationSeconds: 2 }]]), {
      buyers: [{ name: 'Two seconds', users: [`1000@127.0.0.1:${callee.port}`] }],
    });
    const caller = await placeCall('caller-stays', sip, did);
    await went(t, caller, 'the caller was cut');
    const [row] = await house.written(did);
    t.same(row === undefined ? [] : stepsOf(row), ['buyers:maxDuration']);
    const ms = row?.cdrs.find(({ side }) => side === 'B')?.bill_ms ?? 0;
    t.ok(ms >= 1900 && ms < 3600, `${ms} ms`);
    await went(t, callee, 'the callee was hung up on');
  });
});
