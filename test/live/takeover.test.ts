import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { until } from '../until.ts';
import { eventName, startScriptedDaemon } from './event-socket.ts';
import { live } from './find-freeswitch.ts';
import { freePort } from './free-ports.ts';
import { startFreeSwitch } from './freeswitch-process.ts';
import { did, hangup, house, went } from './house.ts';
import { awaitCalls, placeCall } from './sipp.ts';

void t.test('a daemon that dies in mid-call', { skip: live.skip }, async (t) => {
  const second = await startScriptedDaemon();
  t.teardown(() => second.kill());
  const first = await startScriptedDaemon();
  t.teardown(() => first.kill());
  const { freeswitch } = await house(t, `127.0.0.1:${first.port}|127.0.0.1:${second.port}`);

  const caller = await placeCall('caller-stays', freeswitch.sipPort, did);
  const { socket } = await first.nextCall();
  await socket.run('set', 'callfabric_state=c1.walk');
  await socket.run('answer');
  const callee = await awaitCalls('callee-hangs-up', { values: { talkMs: 1500 } });
  socket.execute(['bridge', `sofia/external/sip:1000@127.0.0.1:${callee.port}`]);
  await socket.next((frame) => eventName(frame) === 'CHANNEL_EXECUTE', 5000, 'the bridge began');
  const inbound = await freeswitch.inbound();
  inbound.send('event plain CHANNEL_BRIDGE\n\n');
  await inbound.event('CHANNEL_BRIDGE');
  inbound.close();
  await first.kill();

  await went(t, callee, 'the conversation went on');
  const taken = await second.nextCall();
  const variable = (name: string) => taken.channelData.event.get(`variable_${name}`);
  t.equal(variable('callfabric_entry'), 'takeover');
  t.equal(variable('callfabric_state'), 'c1.walk', 'the state came along');
  t.equal(variable('endpoint_disposition'), 'ANSWER');
  taken.socket.send(hangup('NORMAL_CLEARING'));
  await went(t, caller, 'the second daemon ended the call');
});

void t.test(
  'an answered caller waits for a daemon that restarts, and is told when none comes',
  { skip: live.skip },
  async (t) => {
    const port = await freePort();
    const freeswitch = await startFreeSwitch({ daemons: `127.0.0.1:${port}` });
    t.teardown(() => freeswitch.stop());
    const before = await startScriptedDaemon({ port });
    const caller = await placeCall('caller-stays', freeswitch.sipPort, did);
    const { socket } = await before.nextCall();
    await socket.run('answer');
    await before.kill();
    await until('the wait of an answered caller', () =>
      freeswitch.log().includes('playback(silence_stream://1000,1400)') ? true : undefined,
    );

    const after = await startScriptedDaemon({ port });
    const taken = await after.nextCall();
    t.equal(taken.channelData.event.get('variable_callfabric_entry'), 'takeover');
    await after.kill();

    await went(t, caller, 'with no daemon left the caller was hung up in the end');
    t.match(freeswitch.log(), 'playback(tone_stream://%(330,0,950)', 'after the announcement');
  },
);

void t.test('with no daemon at all', { skip: live.skip }, async (t) => {
  const freeswitch = await startFreeSwitch({ daemons: `127.0.0.1:${await freePort()}` });
  t.teardown(() => freeswitch.stop());

  const caller = await placeCall('caller-refused', freeswitch.sipPort, did, { values: { code: 503 } });
  await went(t, caller, 'the carrier got 503 and may go on');

  const text = await until('the record nobody took, on disk', () => {
    const [path] = globSync(join(freeswitch.cdrFolder, 'a_*.cdr.json'));
    const written = path === undefined ? '' : readFileSync(path, 'utf8');
    return written.endsWith('\n') ? written : undefined;
  });
  const record = JSON.parse(text) as { variables: Record<string, string> };
  t.equal(record.variables['hangup_cause'], 'NORMAL_TEMPORARY_FAILURE');
  t.equal(record.variables['callfabric_entry'], 'takeover');
});
