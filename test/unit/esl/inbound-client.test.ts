import t, { type Test } from 'tap';
import { api, uuidBreak, uuidExists } from '../../../daemon/esl/command.ts';
import { EslUnavailable, UnsafeText } from '../../../daemon/esl/esl-error.ts';
import { InboundClient, type InboundClientOptions } from '../../../daemon/esl/inbound-client.ts';
import { apiAnswer, InboundSwitch } from './inbound-switch.ts';
import { bytesFromSwitch } from './recordings.ts';
import { eventFrame, headerOf } from './scripted-switch.ts';

interface Connecting {
  readonly client: InboundClient;
  readonly peer: InboundSwitch;
  readonly warnings: object[];
}

async function connecting(
  t: Test,
  options: Partial<InboundClientOptions> = {},
  greeting?: string,
): Promise<Connecting> {
  const peer = new InboundSwitch(greeting);
  await peer.start();
  const warnings: object[] = [];
  const log = { debug() {}, info() {}, warn: (facts: object) => void warnings.push(facts) };
  const client = new InboundClient({
    host: '127.0.0.1',
    port: peer.port,
    password: 'secret',
    daemonId: 'd-1',
    log,
    minRetryMs: 1,
    maxRetryMs: 5,
    ...options,
  });
  client.start();
  t.teardown(async () => {
    await client.stop();
    await peer.stop();
    if (client.connected) throw new Error('still connected');
  });
  return { client, peer, warnings };
}

void t.test('it signs in, filters first and subscribes after, in one packet', async (t) => {
  const { client, peer } = await connecting(t);
  const socket = await peer.connection();
  t.equal((await socket.commands(1))[0]?.command, 'auth secret');
  t.equal(client.connected, false);
  socket.send('Content-Type: command/reply\nReply-Text: +OK accepted\n\n');
  t.same(
    (await socket.commands(4)).map(({ command }) => command),
    [
      'filter variable_callfabric_daemon d-1',
      'filter Event-Name BACKGROUND_JOB',
      'filter Event-Subclass callfabric::sign',
      'event plain CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP_COMPLETE RECORD_STOP BACKGROUND_JOB CUSTOM callfabric::sign',
    ],
  );
  t.equal(socket.packets.length, 2);
  for (let n = 0; n < 4; n += 1) socket.send('Content-Type: command/reply\nReply-Text: +OK\n\n');
  await client.untilConnected(5000);
  t.match(client.health, { connected: true, connections: 1, interruptions: 0, lastFault: undefined });
});

void t.test('commands are answered in order, in their own words', async (t) => {
  const { client, peer } = await connecting(t);
  const socket = await peer.admitted();
  await client.untilConnected(5000);
  const answers = Promise.all([
    client.api(uuidExists('u-1')),
    client.api(uuidBreak('u-2')),
    client.api(api('x')),
  ]);
  t.same(
    (await socket.commands(3)).map(({ command }) => command),
    ['api uuid_exists u-1', 'api uuid_break u-2 all', 'api x'],
  );
  socket.send(
    apiAnswer('true'),
    apiAnswer('-ERR No such channel!\n'),
    apiAnswer('-ERR x Command not found!\n'),
  );
  t.same(await answers, ['true', '-ERR No such channel!\n', '-ERR x Command not found!\n']);
  t.throws(() => client.api({ name: 'status', arg: 'a\nb' }), UnsafeText);
});

void t.test('a command that is not answered in time does not shift the answers of others', async (t) => {
  const { client, peer } = await connecting(t);
  const socket = await peer.admitted();
  await client.untilConnected(5000);
  await t.rejects(client.api(api('slow'), 1), EslUnavailable);
  const quick = client.api(api('quick'));
  await socket.commands(2);
  socket.send(apiAnswer('of slow'), apiAnswer('of quick'));
  t.equal(await quick, 'of quick');
});

void t.test('a background command ends with its own job', async (t) => {
  const { client, peer } = await connecting(t);
  const socket = await peer.admitted();
  await client.untilConnected(5000);
  const answer = client.background({ name: 'originate', arg: 'x &park()' }, 5000);
  const [command] = await socket.commands(1);
  t.equal(command?.command, 'bgapi originate x &park()');
  const job = headerOf(command, 'Job-UUID') ?? '';
  socket.send(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`);
  socket.send(eventFrame({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': 'of somebody else' }, '-ERR\n'));
  socket.send(eventFrame({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': job }, '+OK 9ee900aa\n'));
  t.equal(await answer, '+OK 9ee900aa\n');
  await t.rejects(client.background({ name: 'originate', arg: 'y' }, 1), EslUnavailable);
});

void t.test('facts come in order, and a listener that throws harms nobody', async (t) => {
  const { client, peer, warnings } = await connecting(t);
  const names: string[] = [];
  client.onEvent(() => {
    throw new Error('listener broke');
  });
  let wake: (() => void) | undefined;
  client.onEvent((event) => {
    names.push(event.name);
    if (names.length === 4) wake?.();
  });
  const all = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const socket = await peer.admitted();
  const bytes = bytesFromSwitch('async/bridge_answered.jsonl');
  const events = ['CHANNEL_ANSWER', 'CHANNEL_BRIDGE', 'CHANNEL_UNBRIDGE', 'CHANNEL_HANGUP_COMPLETE'];
  for (const name of events) {
    const at = bytes.indexOf(`Event-Name: ${name}\n`);
    const event = bytes.subarray(at, bytes.indexOf('\n\n', at) + 2);
    socket.send(`Content-Length: ${event.length}\nContent-Type: text/event-plain\n\n`, event);
  }
  await all;
  t.same(names, events);
  t.match(warnings, [{ error: /listener broke/ }]);
  t.type(client.health.lastEventAtMs, 'number');
});

void t.test('a lost connection comes back subscribed, and nothing is sent twice', async (t) => {
  const { client, peer } = await connecting(t);
  let reconnects = 0;
  client.onConnected(() => {
    reconnects += 1;
  });
  const first = await peer.admitted();
  await client.untilConnected(5000);
  const lost = t.rejects(client.background({ name: 'originate', arg: 'x' }, 5000), EslUnavailable);
  const alsoLost = t.rejects(client.api(uuidBreak('u')), EslUnavailable);
  await first.commands(2);
  first.reset();
  await Promise.all([lost, alsoLost]);
  await t.rejects(client.api(uuidBreak('u')), EslUnavailable, 'while it is away');
  const second = await peer.admitted();
  await client.untilConnected(5000);
  t.match(client.health, { connected: true, connections: 2, interruptions: 1 });
  t.equal(reconnects, 2);
  const asked = client.api(uuidExists('u'));
  t.equal(
    (await second.commands(1))[0]?.command,
    'api uuid_exists u',
    'the first command of the new connection',
  );
  second.send(apiAnswer('false'));
  t.equal(await asked, 'false');
});

void t.test('a wrong password, a closed door and silence are named, and tried again', async (t) => {
  const wrong = await connecting(t);
  for (let n = 0; n < 2; n += 1) {
    const socket = await wrong.peer.connection();
    await socket.commands(1);
    socket.send('Content-Type: command/reply\nReply-Text: -ERR invalid\n\n');
    await socket.untilClosed();
  }
  t.match(wrong.client.health.lastFault, /password refused/);
  t.notMatch(JSON.stringify(wrong.warnings), /secret/);
  const rude = 'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n';
  const rejected = await connecting(t, {}, rude);
  await (await rejected.peer.connection()).untilClosed();
  await rejected.peer.connection();
  t.match(rejected.client.health.lastFault, /rejected this address/);
  const silent = await connecting(t, { connectDeadlineMs: 5 }, '');
  await (await silent.peer.connection()).untilClosed();
  await silent.peer.connection();
  t.match(silent.client.health.lastFault, /no greeting/);
});

void t.test('a connection that gives no sign of life is given up', async (t) => {
  const { client, peer } = await connecting(t, { probeEveryMs: 5, commandDeadlineMs: 3_000 });
  const socket = await peer.admitted();
  t.equal((await socket.commands(1))[0]?.command, 'api uptime');
  await socket.untilClosed();
  await peer.admitted();
  await client.untilConnected(5000);
  t.match(client.health.lastFault, /no sign of life/);
});

void t.test('frames beyond the bounds end the connection, which comes back', async (t) => {
  const { client, peer } = await connecting(t);
  const socket = await peer.admitted();
  await client.untilConnected(5000);
  socket.send('Content-Length: 99999999\n\n');
  await peer.admitted();
  await client.untilConnected(5000);
  t.match(client.health, { interruptions: 1, lastFault: /body/ });
});

void t.test('start and stop may be asked twice, and it begins anew after a stop', async (t) => {
  const { client, peer } = await connecting(t);
  client.start();
  await peer.admitted();
  await client.untilConnected(5000);
  await Promise.all([client.stop(), client.stop()]);
  t.equal(client.connected, false);
  t.equal(peer.connections, 1);
  await t.rejects(client.untilConnected(1), EslUnavailable);
  client.start();
  await peer.admitted();
  await client.untilConnected(5000);
  t.equal(peer.connections, 2);
});
