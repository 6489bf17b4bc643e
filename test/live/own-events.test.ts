import t from 'tap';
import { EslSwitchLink } from '../../daemon/channel/esl-switch-link.ts';
import { channelEventsCommand } from '../../daemon/esl/command.ts';
import { InboundClient } from '../../daemon/esl/inbound-client.ts';
import type { DaemonId, SwitchName } from '../../daemon/telephony/ids.ts';
import { completed, type EventSocket, eventName, startScriptedDaemon } from './event-socket.ts';
import { live } from './find-freeswitch.ts';
import { startFreeSwitch } from './freeswitch-process.ts';
import { did, went } from './house.ts';
import { placeCall } from './sipp.ts';

void t.test('a call’s socket hears of its own channel alone', { skip: live.skip }, async (t) => {
  const daemon = await startScriptedDaemon({
    subscription: (uuid) => channelEventsCommand(['CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_HANGUP'], uuid),
  });
  const freeswitch = await startFreeSwitch({ daemons: `127.0.0.1:${daemon.port}` });
  t.teardown(async () => {
    await freeswitch.stop();
    await daemon.kill();
  });
  const [first, second] = await Promise.all([
    placeCall('caller-stays', freeswitch.sipPort, did),
    placeCall('caller-hangs-up', freeswitch.sipPort, did, { values: { talkMs: 1500 } }),
  ]);
  const calls = [await daemon.nextCall(), await daemon.nextCall()];
  const heard = new Map<string, readonly string[]>();
  const walk = async (socket: EventSocket, uuid: string): Promise<void> => {
    await socket.run('answer');
    for (let round = 0; round < 3; round += 1) {
      socket.execute(['set', 'callfabric_side=A'], ['playback', 'silence_stream://300']);
      await socket.next(completed('set'), 5000, 'set');
      await socket.next(completed('playback'), 5000, 'playback');
    }
    socket.execute(['playback', 'silence_stream://2000']);
    await socket.next(completed('playback'), 8000, 'the last playback');
    if (!socket.frames.some((frame) => eventName(frame) === 'CHANNEL_HANGUP'))
      socket.send('sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n');
    await socket.closed;
    const events = socket.frames.slice(1).filter(({ event }) => event.has('Event-Name'));
    t.strictSame([...new Set(events.map(({ event }) => event.get('Unique-ID')))], [uuid], 'nobody else’s');
    heard.set(uuid, events.map(eventName));
    const noticed = socket.frames.some(({ head }) => head.get('Content-Type') === 'text/disconnect-notice');
    // FreeSWITCH drops the event of a hangup that comes while nothing runs, or by our own command: then it gives notice.
    t.ok(events.some((event) => eventName(event) === 'CHANNEL_HANGUP') || noticed, 'the end was told');
  };
  await Promise.all(
    calls.map(({ socket, channelData }) => walk(socket, channelData.event.get('Unique-ID') ?? '')),
  );
  await Promise.all([went(t, first, 'was hung up'), went(t, second, 'hung up itself')]);
  t.equal(heard.size, 2);
  for (const names of heard.values())
    t.equal(names.filter((name) => name === 'CHANNEL_EXECUTE_COMPLETE').length, 8, 'every completion');
});

void t.test('daemons hear each other’s signs of life through FreeSWITCH', { skip: live.skip }, async (t) => {
  const freeswitch = await startFreeSwitch({ daemons: '127.0.0.1:8084', ready: 'listening' });
  t.teardown(() => freeswitch.stop());
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const open = (daemonId: string) => {
    const client = new InboundClient({
      host: '127.0.0.1',
      port: freeswitch.eslPort,
      password: freeswitch.eslPassword,
      daemonId,
      log: silent,
    });
    const link = new EslSwitchLink('live' as SwitchName, client, silent);
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    client.onConnected(() => resolve());
    client.start();
    t.teardown(() => client.stop());
    return { link, connected };
  };
  const [one, other] = [open('daemon-one'), open('daemon-other')];
  await Promise.all([one.connected, other.connected]);
  const heard = (link: EslSwitchLink) =>
    new Promise<DaemonId>((resolve, reject) => {
      link.onSign(resolve);
      AbortSignal.timeout(10_000).addEventListener('abort', () => reject(new Error('no sign within 10 s')));
    });
  const signs = [heard(one.link), heard(other.link)];
  await one.link.giveSign();
  t.strictSame(await Promise.all(signs), ['daemon-one', 'daemon-one']);
});
