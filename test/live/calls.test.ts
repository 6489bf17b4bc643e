import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import t from 'tap';
import { type CdrRow, stepsOf } from '../e2e/call-row.ts';
import { flowOf } from '../e2e/flow-plan.ts';
import { live } from './find-freeswitch.ts';
import { went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

/** IVR → Queue → Buyer, as the seed has it, with a prompt that needs no sound files. */
const seeded = () =>
  flowOf(
    [
      [
        'menu',
        'ivr',
        { prompt: { kind: 'tone', tone: '%(1000,0,440)' }, keys: ['1'], firstDigitTimeoutSeconds: 3 },
      ],
      ['line', 'queue', {}],
      ['buyers', 'buyer', { ringTimeoutSeconds: 2 }],
    ],
    ['menu key:1 line', 'line ready buyers'],
  );

/** Told by CHANNEL_HANGUP_COMPLETE or by mod_json_cdr, whichever came first; never our own estimate. */
const byTheSwitch = ({ source }: CdrRow): boolean => source === 'event' || source === 'json_cdr';

void t.test('calls through a real FreeSWITCH', { skip: live.skip }, async (t) => {
  const house = await openWholeHouse(t);
  const sip = house.freeswitch.sipPort;

  for (const [how, scenario] of [
    ['RFC 2833', 'caller-keys-rfc2833'],
    ['SIP INFO', 'caller-keys-info'],
  ] as const)
    await t.test(`menu (${how}), queue, buyer: bridged, recorded, written`, async (t) => {
      const callee = await awaitCalls('callee-hangs-up', { values: { talkMs: 2000 } });
      const { did } = await house.flow(seeded(), {
        buyers: [{ name: `Buyer ${how}`, users: [`1000@127.0.0.1:${callee.port}`] }],
        record: 'stereo',
      });
      const caller = await placeCall(scenario, sip, did, { values: { key1: '1', key2: '#' } });
      await went(t, callee, 'the callee talked and hung up');
      await went(t, caller, 'the caller was hung up on');
      const row = await house.writtenWithRecording(did);
      t.match(row, { outcome: 'connected', hung_up_by: 'callee', takeovers: 0, source: 'session' });
      t.same(stepsOf(row), ['menu:key:1', 'line:ready', 'buyers:connectedEnded']);
      t.same(
        row.cdrs.map(({ side, cause }) => `${side} ${cause}`),
        ['A NORMAL_CLEARING', 'B NORMAL_CLEARING'],
      );
      t.ok(row.cdrs.every(byTheSwitch), 'by FreeSWITCH’s own word');
      t.match(row.attempts, [{ number: 1, outcome: 'connected', cap_decision: 'granted' }]);
      const [a, b] = row.cdrs;
      t.ok((b?.bill_ms ?? 0) >= 1900 && (b?.bill_ms ?? 0) < 4000, `the buyer's leg: ${b?.bill_ms} ms`);
      t.ok((a?.bill_ms ?? 0) > (b?.bill_ms ?? 0), `the caller was answered first: ${a?.bill_ms} ms`);
      const [recording] = row.recordings;
      t.equal(recording?.status, 'stored');
      const path = recording?.path ?? '';
      t.equal((await stat(path)).size, recording?.bytes);
      t.equal(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
        recording?.sha256,
      );
      const ms = recording?.duration_ms ?? 0;
      t.ok(ms >= 1500 && ms < 4000, `the conversation alone was recorded: ${ms} ms`);
    });

  await t.test('busy, rejected, no answer, then the buyer who answers', async (t) => {
    const busy = await awaitCalls('callee-rejects', { values: { code: 486, reason: 'Busy Here' } });
    const rejects = await awaitCalls('callee-rejects', { values: { code: 603, reason: 'Decline' } });
    const silent = await awaitCalls('callee-rings');
    const answers = await awaitCalls('callee-hangs-up', { values: { talkMs: 1000 } });
    const users = [busy, rejects, silent, answers].map(({ port }, index) => `100${index}@127.0.0.1:${port}`);
    const { did } = await house.flow(seeded(), {
      buyers: users.map((user, index) => ({ name: `Failover ${index}`, users: [user], priority: index })),
    });
    const caller = await placeCall('caller-keys-rfc2833', sip, did);
    await went(t, caller, 'the caller reached somebody');
    await went(t, answers, 'the last buyer talked');
    const [row] = await house.written(did);
    t.equal(row?.outcome, 'connected');
    t.same(
      row?.attempts.map(({ outcome }) => outcome),
      ['busy', 'rejected', 'no_answer', 'connected'],
    );
    t.equal(row?.cdrs.length, 5, 'a CDR for every leg');
    await silent.stop();
  });

  await t.test('the caller gives up while it rings', async (t) => {
    const silent = await awaitCalls('callee-rings');
    const { did } = await house.flow(flowOf([['buyers', 'buyer', { ringTimeoutSeconds: 20 }]]), {
      buyers: [{ name: 'Silent', users: [`1000@127.0.0.1:${silent.port}`] }],
    });
    const caller = await placeCall('caller-cancels', sip, did, {
      values: { ringing: 183, cancelAfterMs: 1500 },
    });
    await went(t, caller, 'the CANCEL was answered');
    const [row] = await house.written(did);
    t.match(row, { outcome: 'abandoned_ringing', hung_up_by: 'caller', cause: 'ORIGINATOR_CANCEL' });
    t.match(row?.attempts, [{ outcome: 'cancelled' }]);
    t.equal(row?.cdrs.length, 2);
    await silent.stop();
  });

  await t.test('the caller hangs up in the menu', async (t) => {
    const { did } = await house.flow(seeded(), { buyers: [] });
    const caller = await placeCall('caller-hangs-up', sip, did, { values: { talkMs: 800 } });
    await went(t, caller, 'the BYE was answered');
    const [row] = await house.written(did);
    t.match(row, { outcome: 'abandoned', hung_up_by: 'caller', trace: [{ exit: 'hangup' }] });
    t.match(row?.cdrs, [{ side: 'A', cause: 'NORMAL_CLEARING', source: /event|json_cdr/ }]);
  });

  await t.test('hostile names: invalid UTF-8, and what FreeSWITCH would run', async (t) => {
    const marker = `${house.freeswitch.folder}/owned`;
    const { did } = await house.flow(
      flowOf(
        [
          ['menu', 'ivr', { prompt: { kind: 'tone', tone: '%(200,0,440)' }, keys: ['1'] }],
          ['end', 'hangup', {}],
        ],
        ['menu key:1 end'],
      ),
    );
    const names = ['caf\xff\xfe', `\${system(touch ${marker})}`, `$\${system(touch ${marker})} %{y}`];
    for (const name of names) {
      const caller = await placeCall('caller-keys-rfc2833', sip, did, { values: { name } });
      await went(t, caller, 'the call ran to its end');
    }
    const rows = await house.written(did, 3);
    t.same(
      rows.map(({ outcome }) => outcome),
      ['finished', 'finished', 'finished'],
    );
    t.same(
      rows.map(({ caller_name }) => caller_name),
      ['caf%FF%FE', ...names.slice(1).map((name) => name.replace('${', '%{'))],
      'kept as FreeSWITCH tells it: bytes that are no UTF-8 escaped, and `${` made harmless',
    );
    await t.rejects(stat(marker), 'no command was run');
  });

  await t.test('50 calls at once all end with all their rows', async (t) => {
    const callee = await awaitCalls('callee-hangs-up', { calls: 50, values: { talkMs: 3000 } });
    const { did } = await house.flow(flowOf([['buyers', 'buyer', {}]]), {
      buyers: [{ name: 'Fifty', users: [`1000@127.0.0.1:${callee.port}`] }],
    });
    const caller = await placeCall('caller-stays', sip, did, { calls: 50, perSecond: 25 });
    await went(t, callee, 'every callee was reached');
    await went(t, caller, 'every caller was served');
    const rows = await house.written(did, 50, 30_000);
    t.equal(rows.length, 50);
    const told = rows.map(({ outcome, attempts, cdrs, reason }) => ({
      outcome,
      attempts: attempts.map(({ cause }) => cause),
      cdrs: cdrs.map(({ side, cause }) => `${side} ${cause}`),
      reason: outcome === 'connected' ? '' : reason,
    }));
    const good = {
      outcome: 'connected',
      attempts: ['NORMAL_CLEARING'],
      cdrs: ['A NORMAL_CLEARING', 'B NORMAL_CLEARING'],
      reason: '',
    };
    t.same(
      told.filter((one) => JSON.stringify(one) !== JSON.stringify(good)),
      [],
      'all fifty talked',
    );
    t.ok(
      rows.every(({ cdrs }) => cdrs.every(byTheSwitch)),
      'by FreeSWITCH’s own word',
    );
  });
});
