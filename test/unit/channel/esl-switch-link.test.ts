import t from 'tap';
import { EslSwitchLink } from '../../../daemon/channel/esl-switch-link.ts';
import type { LegFact } from '../../../daemon/channel/leg-fact.ts';
import { InboundClient } from '../../../daemon/esl/inbound-client.ts';
import type { ChannelUuid, DaemonId, SwitchName } from '../../../daemon/telephony/ids.ts';
import { apiAnswer, InboundSwitch } from '../esl/inbound-switch.ts';
import { eventFrame } from '../esl/scripted-switch.ts';

const a = 'leg-a' as ChannelUuid;
const b = 'leg-b' as ChannelUuid;

async function linked() {
  const peer = new InboundSwitch();
  await peer.start();
  const warnings: object[] = [];
  const log = { debug() {}, info() {}, warn: (facts: object) => void warnings.push(facts) };
  const client = new InboundClient({
    host: '127.0.0.1',
    port: peer.port,
    password: 'x',
    daemonId: 'd',
    log,
    minRetryMs: 1,
  });
  const link = new EslSwitchLink('fs1' as SwitchName, client, log);
  client.start();
  const socket = await peer.admitted();
  await client.untilConnected(5000);
  const stop = async () => {
    await client.stop();
    await peer.stop();
  };
  return { link, socket, warnings, stop };
}

function answered(uuid: string): string {
  return eventFrame({ 'Event-Name': 'CHANNEL_ANSWER', 'Unique-ID': uuid, 'Event-Date-Timestamp': '7' });
}

void t.test('facts go to the legs they are about, until nobody listens', async (t) => {
  const { link, socket, warnings, stop } = await linked();
  t.teardown(stop);
  const heard: string[] = [];
  const told = (listener: string) => (fact: LegFact) => void heard.push(`${listener} ${fact.kind}`);
  const first = link.onLeg(a, told('first'));
  const broken = link.onLeg(a, () => {
    throw new Error('listener broke');
  });
  const second = link.onLeg(a, told('second'));
  const bHeard = new Promise<void>((resolve) => {
    link.onLeg(b, () => resolve());
  });
  socket.send(answered('leg-of-nobody'), answered(a), answered(b));
  await bHeard;
  t.same(heard, ['first answered', 'second answered']);
  t.match(warnings, [{ fact: 'answered', error: /listener broke/ }]);
  for (const listener of [first, broken, second, first]) listener.off();
  t.equal(link.watchedLegs, 1, 'b alone is still watched');
});

void t.test('interruptions say whether they arrived', async (t) => {
  const { link, socket, stop } = await linked();
  t.teardown(stop);
  t.equal(link.connected, true);
  t.equal(link.interruptions, 0);
  const asked = Promise.all([
    link.breakApplication(a),
    link.breakApplication(b),
    link.kill(a, 'MANAGER_REQUEST'),
    link.exists(a),
    link.exists(b),
  ]);
  const commands = await socket.commands(5);
  t.same(
    commands.map(({ command }) => command),
    [
      'api uuid_break leg-a all',
      'api uuid_break leg-b all',
      'api uuid_kill leg-a MANAGER_REQUEST',
      'api uuid_exists leg-a',
      'api uuid_exists leg-b',
    ],
  );
  const answers = ['+OK\n', '-ERR No such channel!\n', '+OK\n', 'true', 'false'];
  socket.send(...answers.map(apiAnswer));
  t.same(await asked, [true, false, true, true, false]);
});

void t.test('what a leg does is told by its own variables', async (t) => {
  const { link, socket, stop } = await linked();
  t.teardown(stop);
  const asked = Promise.all([link.current(a), link.current(b), link.current('leg-c' as ChannelUuid)]);
  t.same((await socket.commands(6)).map(({ command }) => command).slice(0, 2), [
    'api uuid_getvar leg-a current_application',
    'api uuid_getvar leg-a callfabric_daemon',
  ]);
  const gone = '-ERR No such channel!\n';
  socket.send(...['playback', 'd-1', '_undef_', '_undef_', gone, gone].map(apiAnswer));
  t.same(await asked, [
    { application: 'playback', daemonId: 'd-1' },
    { application: undefined, daemonId: undefined },
    'gone',
  ]);
});

void t.test('signs of life go out and come in as events of their own', async (t) => {
  const { link, socket, stop } = await linked();
  t.teardown(stop);
  const heard: DaemonId[] = [];
  link.onSign((daemonId) => heard.push(daemonId));
  const given = link.giveSign();
  const [command] = await socket.commands(1);
  t.equal(command?.command, 'sendevent CUSTOM');
  t.same(command?.headers, [
    ['Event-Subclass', 'callfabric::sign'],
    ['Callfabric-Daemon', 'd'],
  ]);
  const sign = { 'Event-Name': 'CUSTOM', 'Event-Subclass': 'callfabric::sign' };
  socket.send(eventFrame({ ...sign, 'Callfabric-Daemon': 'd-2' }), eventFrame(sign));
  socket.send('Content-Type: command/reply\nReply-Text: +OK 1\n\n');
  await given;
  t.same(heard, ['d-2']);
});

void t.test('without a connection interruptions are not delivered, and nothing throws', async (t) => {
  const { link, stop } = await linked();
  await stop();
  t.equal(link.connected, false);
  t.equal(await link.breakApplication(a), false);
  t.equal(await link.kill(a, 'NORMAL_CLEARING'), false);
  t.equal(await link.kill(a, 'not a cause'), false);
  t.equal(await link.exists(a), undefined);
  t.equal(await link.current(a), undefined);
  await link.giveSign();
});
