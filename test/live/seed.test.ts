import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeWav } from '../../ops/switch-simulator/wav-file.ts';
import { stepsOf } from '../e2e/call-row.ts';
import { live } from './find-freeswitch.ts';
import { freePort } from './free-ports.ts';
import { did, went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

void t.test('the seed as it is, on a real FreeSWITCH', { skip: live.skip }, async (t) => {
  const carrierPort = await freePort();
  const house = await openWholeHouse(t, { gateways: { 'test-trunk': `127.0.0.1:${carrierPort}` } });
  const { sipPort, soundsFolder } = house.freeswitch;
  const folder = join(soundsFolder, 'ivr', '8000');

  await t.test('without its sound file the menu says what is wrong', async (t) => {
    const caller = await placeCall('caller-stays', sipPort, did);
    await went(t, caller, 'the caller was hung up on by the fallback');
    const rows = await house.written(did);
    t.same(rows.map(stepsOf), [['menu:error']]);
    t.match(rows[0]?.trace[0]?.reason, /prompt could not be played/);
  });

  await t.test('menu, line, and the buyer’s telephone after his SIP address', async (t) => {
    mkdirSync(folder, { recursive: true });
    writeWav(join(folder, 'ivr-welcome.wav'), { ms: 1500, channels: 1, silences: [] });
    const telephone = await awaitCalls('callee-hangs-up', { port: carrierPort, values: { talkMs: 1500 } });
    const caller = await placeCall('caller-keys-rfc2833', sipPort, did, { values: { beforeKeysMs: 800 } });
    await went(t, telephone, 'the callee talked and hung up');
    await went(t, caller, 'the caller was hung up on');
    const rows = await house.written(did, 2, 40_000);
    const row = rows[1];
    t.match(row, { outcome: 'connected', hung_up_by: 'callee', source: 'session' });
    t.same(rows.slice(1).map(stepsOf), [['menu:key:1', 'line:ready', 'buyers:connectedEnded']]);
    t.same(
      row?.attempts.map(({ destination }) => destination),
      ['sip:buyer@127.0.0.1:5070', '+15555550123'],
    );
    t.equal(row?.cdrs.length, 3, 'a CDR a leg');
    const pressed = (row?.trace[0]?.duration_ms ?? 0) / 1000;
    t.ok(pressed > 0.5, `the caller heard the menu before the key: ${pressed} s`);
    t.match((await telephone.done).messages, /^X-CallFabric-Hops: 1\r?$/m, 'what we send out is marked');
  });

  await t.test('a call that came from us is marked once more', async (t) => {
    const telephone = await awaitCalls('callee-hangs-up', { port: carrierPort, values: { talkMs: 500 } });
    const caller = await placeCall('caller-keys-rfc2833', sipPort, did, {
      values: { headers: '      X-CallFabric-Hops: 1\n', beforeKeysMs: 800 },
    });
    await went(t, telephone, 'the callee talked and hung up');
    await went(t, caller, 'the caller was hung up on');
    t.match((await telephone.done).messages, /^X-CallFabric-Hops: 2\r?$/m, 'and it comes back no more');
  });
});
