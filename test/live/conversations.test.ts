import { readFile, rename, writeFile } from 'node:fs/promises';
import t from 'tap';
import { type CallRow, stepsOf } from '../e2e/call-row.ts';
import { flowOf } from '../e2e/flow-plan.ts';
import { live } from './find-freeswitch.ts';
import { freePort } from './free-ports.ts';
import { startFreeSwitch } from './freeswitch-process.ts';
import { went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

const selling = flowOf([['buyers', 'buyer', {}]]);

/** How long the audio in a WAV file is by its own header, ms; read here by other code than the daemon's. */
async function wavMs(path: string): Promise<number> {
  const wav = await readFile(path);
  const bytesPerSecond = wav.readUInt32LE(28);
  const at = wav.indexOf('data', 12, 'latin1');
  return (wav.readUInt32LE(at + 4) / bytesPerSecond) * 1000;
}

const ofSide = (row: CallRow | undefined, side: 'A' | 'B') => row?.cdrs.find((cdr) => cdr.side === side);

void t.test('conversations on a real FreeSWITCH', { skip: live.skip }, async (t) => {
  const carrierPort = await freePort();
  const house = await openWholeHouse(t, { gateways: { 'test-trunk': `127.0.0.1:${carrierPort}` } });
  const sip = house.freeswitch.sipPort;

  await t.test(
    'the caller hangs up while they talk: the callee gets a BYE, and there is one record',
    async (t) => {
      const callee = await awaitCalls('callee-answers');
      const { did } = await house.flow(selling, {
        buyers: [{ name: 'Left alone', users: [`1000@127.0.0.1:${callee.port}`] }],
        record: 'stereo',
      });
      const caller = await placeCall('caller-hangs-up', sip, did, { values: { talkMs: 2000 } });
      await went(t, caller, 'the caller’s BYE was answered');
      await went(t, callee, 'the callee got a BYE');
      const row = await house.writtenWithRecording(did);
      t.match(row, {
        outcome: 'connected',
        hung_up_by: 'caller',
        cause: 'NORMAL_CLEARING',
        source: 'session',
      });
      t.same(stepsOf(row), ['buyers:hangup']);
      t.match(row.attempts, [{ outcome: 'connected' }]);
      t.equal(row.cdrs.length, 2, 'a CDR a leg');
      for (const side of ['A', 'B'] as const)
        t.match(ofSide(row, side), {
          cause: 'NORMAL_CLEARING',
          hung_up_by: 'caller',
          source: /event|json_cdr/,
        });
      t.equal((await house.written(did)).length, 1);

      const [recording] = row.recordings;
      t.equal(recording?.status, 'stored');
      const [inFile, told] = [await wavMs(recording?.path ?? ''), recording?.duration_ms ?? 0];
      t.ok(Math.abs(told - inFile) <= 200, `recorded: ${told} ms in the row, ${inFile} ms in the file`);
      const talked = ofSide(row, 'B')?.bill_ms ?? 0;
      t.ok(Math.abs(talked - inFile) <= 1000, `the conversation took ${talked} ms`);
    },
  );

  await t.test('the caller hangs up in the music of the queue', async (t) => {
    const { did } = await house.flow(flowOf([['line', 'queue']]), {
      buyers: [{ name: 'Never free', users: ['1000@127.0.0.1:1'], maxCalls: 0 }],
    });
    const caller = await placeCall('caller-hangs-up', sip, did, { values: { talkMs: 1500 } });
    await went(t, caller, 'the caller’s BYE was answered');
    const [row] = await house.written(did);
    t.match(row, { outcome: 'abandoned_in_queue', hung_up_by: 'caller', cause: 'NORMAL_CLEARING' });
    t.same(row === undefined ? [] : stepsOf(row), ['line:hangup']);
    t.match(row?.cdrs, [{ side: 'A', source: /event|json_cdr/ }]);
    const ms = ofSide(row, 'A')?.bill_ms ?? 0;
    t.ok(ms >= 1400 && ms < 4000, `the caller waited ${ms} ms`);
  });

  await t.test('a number is reached through the carrier’s gateway', async (t) => {
    const carrier = await awaitCalls('callee-hangs-up', { port: carrierPort, values: { talkMs: 1000 } });
    const { did } = await house.flow(selling, {
      buyers: [{ name: 'By telephone', users: ['+15125550177'] }],
    });
    const caller = await placeCall('caller-stays', sip, did, { values: { from: '+15125550111' } });
    const { good, messages, errors } = await carrier.done;
    t.ok(good, `the carrier got the call ${errors}`);
    await went(t, caller, 'the caller was served');
    t.match(messages, 'INVITE sip:+15125550177@127.0.0.1', 'the number was dialled in E.164');
    t.match(messages, /^From:.*\+15125550111@/m, 'with the caller’s number');
    const [row] = await house.written(did);
    t.match(row, { outcome: 'connected', hung_up_by: 'callee' });
    t.match(row?.attempts, [{ destination: '+15125550177', outcome: 'connected' }]);
    t.equal(row?.cdrs.length, 2);
  });

  await t.test('a recording that FreeSWITCH cannot begin is said, and the call goes on', async (t) => {
    const folder = house.freeswitch.recordingsFolder;
    await rename(folder, `${folder}-good`);
    await writeFile(folder, 'no folder');
    const { did } = await house.flow(
      flowOf(
        [
          ['picked', 'answer'],
          ['tape', 'record'],
          ['on', 'play', { prompt: { kind: 'tone', tone: '%(200,0,440)' } }],
          ['end', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }],
        ],
        ['picked next tape', 'tape storageUnavailable on', 'on done end'],
      ),
    );
    const caller = await placeCall('caller-stays', sip, did);
    await went(t, caller, 'the call went on to its end');
    const [row] = await house.written(did);
    t.same(row === undefined ? [] : stepsOf(row), [
      'picked:next',
      'tape:storageUnavailable',
      'on:done',
      'end:end',
    ]);
    t.same(row?.recordings, [], 'what never began is no recording');
  });
});

void t.test('what is not on the allowlist does not exist', { skip: live.skip }, async (t) => {
  const freeswitch = await startFreeSwitch({ daemons: '127.0.0.1:1' });
  t.teardown(() => freeswitch.stop());
  const inbound = await freeswitch.inbound();
  const known = await inbound.api('interface_allowlist_dump');
  if (known.includes('not found')) {
    t.comment('this FreeSWITCH does not know <interface-allowlist>');
    inbound.close();
    return;
  }
  const mark = `${freeswitch.folder}/ran`;
  for (const command of [`system touch ${mark}`, `bg_system touch ${mark}`, 'load mod_shout', 'fsctl pause'])
    t.match(await inbound.api(command), /not found|Denied|not allowed/i, command);
  await t.rejects(readFile(mark), 'no command was run');
  inbound.close();
});
