import { once } from 'node:events';
import t, { type Test } from 'tap';
import { answer, preAnswer } from '../../../daemon/esl/channel-command.ts';
import { EslReplyError, UnsafeText } from '../../../daemon/esl/esl-error.ts';
import { OutboundServer, type OutboundServerOptions } from '../../../daemon/esl/outbound-server.ts';
import { type OutboundSocket, type SocketEnd, SocketEnded } from '../../../daemon/esl/outbound-socket.ts';
import { bytesFromSwitch } from './recordings.ts';
import {
  completion,
  disconnectNotice,
  eventFrame,
  headerOf,
  okReply,
  recordedChannelData,
  ScriptedSwitch,
} from './scripted-switch.ts';

interface Listening {
  readonly server: OutboundServer;
  readonly port: number;
  readonly warnings: object[];
  /** The next call that came in. */
  call(): Promise<OutboundSocket>;
}

async function listening(t: Test, options: Partial<OutboundServerOptions> = {}): Promise<Listening> {
  const warnings: object[] = [];
  const log = { debug() {}, info() {}, warn: (facts: object) => void warnings.push(facts) };
  const server = new OutboundServer({ host: '127.0.0.1', port: 0, log, ...options });
  const arrived: OutboundSocket[] = [];
  let wake: (() => void) | undefined;
  server.onCall((socket) => {
    arrived.push(socket);
    wake?.();
  });
  const { port } = await server.start();
  t.teardown(async () => {
    await server.stop();
    server.closeSockets();
    if (server.openSockets > 0) throw new Error(`${server.openSockets} sockets are left`);
  });
  const call = async (): Promise<OutboundSocket> => {
    for (;;) {
      const socket = arrived.shift();
      if (socket !== undefined) return socket;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { server, port, warnings, call };
}

/** How the socket ended, when it has. */
async function endOf(socket: OutboundSocket): Promise<SocketEnd> {
  if (!socket.ended.aborted) await once(socket.ended, 'abort');
  const reason: unknown = socket.ended.reason;
  if (reason instanceof SocketEnded) return reason.end;
  throw new Error(`ended by ${String(reason)}`);
}

void t.test('the channel is asked for first, its events in the packet of the first command', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  t.same(peer.packets, ['connect\n\n']);
  const socket = await call();
  t.equal(socket.channelData.name, 'CHANNEL_DATA');
  t.equal(socket.channelData.header('Caller-Caller-ID-Number'), '+15125550100');
  t.equal(socket.remoteAddress, '127.0.0.1');
  socket.tell([answer]);
  await peer.commands(1);
  t.equal(peer.packets.length, 2);
  t.same(peer.subscriptions, [
    `filter Unique-ID ${socket.channelData.header('Unique-ID')}`,
    'event CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP',
  ]);
  socket.forgetChannelData();
  t.throws(() => socket.channelData, { message: 'the channel data is forgotten by now' });
});

void t.test('several applications go in one packet and the last one completes them', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  const running = socket.execute([answer, { app: 'set', arg: 'a=1' }, { app: 'playback', arg: 'a.wav' }]);
  const commands = await peer.commands(3);
  t.equal(peer.packets.length, 2);
  t.same(
    commands.map((command) => headerOf(command, 'execute-app-name')),
    ['answer', 'set', 'playback'],
  );
  const uuid = headerOf(commands[2], 'event-uuid') ?? '';
  peer.send(okReply, okReply, okReply, completion('other-1'), completion('other-2'));
  peer.send(completion(uuid, { 'Application-Response': 'FILE PLAYED' }));
  t.equal((await running).header('Application-Response'), 'FILE PLAYED');
});

void t.test('a refused application rejects its own execute only', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  const refused = socket.execute([preAnswer]);
  const fine = socket.execute([preAnswer]);
  const commands = await peer.commands(2);
  const verdict = t.rejects(refused, EslReplyError);
  peer.send('Content-Type: command/reply\nReply-Text: -ERR no\n\n', okReply);
  peer.send(completion(headerOf(commands[1], 'event-uuid') ?? ''));
  await verdict;
  t.equal((await fine).name, 'CHANNEL_EXECUTE_COMPLETE');
  await t.rejects(socket.execute([{ app: 'x y', arg: '' }]), UnsafeText);
  await t.rejects(socket.execute([]), RangeError);
});

void t.test(
  'what is only told goes in the packet of what is said next, and its refusal harms nobody',
  async (t) => {
    const { port, call } = await listening(t);
    const peer = await ScriptedSwitch.answered(port);
    const socket = await call();
    socket.tell([{ app: 'set', arg: 'a=1' }, answer]);
    const running = socket.execute([preAnswer]);
    const commands = await peer.commands(3);
    t.equal(peer.packets.length, 2, 'one packet after that of connect');
    t.same(
      commands.map((command) => headerOf(command, 'execute-app-name')),
      ['set', 'answer', 'pre_answer'],
    );
    peer.send('Content-Type: command/reply\nReply-Text: -ERR no\n\n', okReply, okReply);
    peer.send(completion(headerOf(commands[2], 'event-uuid') ?? ''));
    t.equal((await running).name, 'CHANNEL_EXECUTE_COMPLETE');
    t.equal(socket.ended.aborted, false);
    socket.close();
    socket.tell([answer]);
  },
);

void t.test('a caller who hangs up during an application: it completes, then the socket ends', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  const seen: string[] = [];
  socket.onEvent((event) => seen.push(event.name));
  const running = socket.execute([{ app: 'playback', arg: 'a.wav' }]);
  const [command] = await peer.commands(1);
  peer.send(okReply, eventFrame({ 'Event-Name': 'CHANNEL_HANGUP', 'Hangup-Cause': 'ORIGINATOR_CANCEL' }));
  peer.send(completion(headerOf(command, 'event-uuid') ?? ''), disconnectNotice);
  t.equal((await running).name, 'CHANNEL_EXECUTE_COMPLETE');
  const end = await endOf(socket);
  t.equal(end.kind, 'hangup');
  t.equal(end.hangup?.header('Hangup-Cause'), 'ORIGINATOR_CANCEL');
  t.same(seen, ['CHANNEL_HANGUP']);
  await t.rejects(socket.execute([preAnswer]), SocketEnded);
  await peer.untilClosed();
});

void t.test('what still runs when the socket ends is rejected', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  const running = socket.execute([preAnswer]);
  await peer.commands(1);
  const verdict = t.rejects(running, SocketEnded);
  peer.send(okReply, disconnectNotice);
  await verdict;
  t.same(await endOf(socket), { kind: 'hangup', detail: 'disconnect notice', hangup: undefined });
});

void t.test('our hangup resolves when FreeSWITCH has let go', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  const gone = socket.hangup('USER_BUSY');
  const [command] = await peer.commands(1);
  t.equal(headerOf(command, 'call-command'), 'hangup');
  t.equal(headerOf(command, 'hangup-cause'), 'USER_BUSY');
  peer.send(okReply, disconnectNotice);
  await gone;
  await socket.hangup('USER_BUSY');
  t.equal(socket.ended.aborted, true);
});

void t.test('a reset at any moment harms one call only', async (t) => {
  const { port, call } = await listening(t);
  const steady = await ScriptedSwitch.answered(port);
  const steadySocket = await call();
  const recorded = bytesFromSwitch('sync/answer_play_callerhangup.jsonl');
  for (let step = 0; step < 12; step += 1) {
    const peer = await ScriptedSwitch.call(port);
    await peer.commands(1);
    // The recording is cut inside a head, inside a body, between frames; its answer to connect is whole.
    const told = recordedChannelData.length;
    peer.send(recorded.subarray(0, told + Math.floor(((recorded.length - told - 300) * step) / 12)));
    const socket = await call();
    const running = socket.execute([preAnswer]).then(
      () => 'completed',
      (error: unknown) => (error instanceof SocketEnded ? 'ended' : String(error)),
    );
    peer.reset();
    t.equal(await running, 'ended', `step ${step}`);
    const { kind, hangup } = await endOf(socket);
    t.equal(kind, hangup === undefined ? 'reset' : 'hangup');
  }
  const running = steadySocket.execute([preAnswer]);
  const [command] = await steady.commands(1);
  steady.send(okReply, completion(headerOf(command, 'event-uuid') ?? ''));
  t.equal((await running).name, 'CHANNEL_EXECUTE_COMPLETE');
});

void t.test('a peer that never answers connect is let go', async (t) => {
  const { port, server, warnings } = await listening(t, { connectDeadlineMs: 20 });
  const peer = await ScriptedSwitch.call(port);
  await peer.untilClosed();
  t.equal(server.openSockets, 0);
  t.match(warnings, [{ end: 'timeout' }]);
});

void t.test('nonsense, floods and refusals end their own socket, named in the log', async (t) => {
  const { port, warnings } = await listening(t);
  const answers = [
    'Content-Length: 99999999\n\n',
    `X: ${'x'.repeat(70_000)}`,
    'Content-Type: command/reply\nReply-Text: -ERR no\n\n',
    'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
  ];
  for (const text of answers) {
    const peer = await ScriptedSwitch.call(port);
    await peer.commands(1);
    peer.send(text);
    await peer.untilClosed();
  }
  t.match(warnings, [
    { end: 'refused', detail: /body/ },
    { end: 'refused', detail: /head/ },
    { end: 'refused', detail: /-ERR no/ },
    { end: 'refused', detail: /rejected/ },
  ]);
});

void t.test('a refused filter ends the call, because it could not be followed', async (t) => {
  const { port, call } = await listening(t);
  const peer = await ScriptedSwitch.call(port);
  await peer.commands(1);
  peer.subscriptionReply = 'Content-Type: command/reply\nReply-Text: -ERR invalid syntax\n\n';
  peer.send(recordedChannelData);
  const socket = await call();
  socket.tell([answer]);
  t.equal((await endOf(socket)).kind, 'refused');
});

void t.test('sockets are bounded, in all and for one address', async (t) => {
  for (const bounds of [{ maxSockets: 1 }, { maxSocketsPerAddress: 1 }]) {
    const { port, call, server, warnings } = await listening(t, bounds);
    const first = await ScriptedSwitch.answered(port);
    const socket = await call();
    const second = await ScriptedSwitch.call(port);
    await second.untilClosed();
    t.equal(second.packets.length, 0);
    t.match(warnings, [{ bound: /at most 1/ }]);
    first.end();
    await endOf(socket);
    t.equal(server.openSockets, 0);
    await ScriptedSwitch.answered(port);
    t.ok(await call(), 'there is room again');
  }
});

void t.test('stop accepts no more and leaves the calls alone; both may be asked twice', async (t) => {
  const { port, call, server } = await listening(t);
  t.same(await server.start(), { host: '127.0.0.1', port });
  const peer = await ScriptedSwitch.answered(port);
  const socket = await call();
  await Promise.all([server.stop(), server.stop()]);
  await t.rejects(ScriptedSwitch.call(port), { code: 'ECONNREFUSED' });
  const running = socket.execute([preAnswer]);
  const [command] = await peer.commands(1);
  peer.send(okReply, completion(headerOf(command, 'event-uuid') ?? ''));
  t.ok(await running);
  t.same((await server.start()).host, '127.0.0.1', 'it can begin again');
});

void t.test('a port that is taken rejects start', async (t) => {
  const { port } = await listening(t);
  const log = { debug() {}, info() {}, warn() {} };
  const second = new OutboundServer({ host: '127.0.0.1', port, log });
  await t.rejects(second.start(), { code: 'EADDRINUSE' });
  await second.stop();
});

void t.test('a handler that fails loses its own call only', async (t) => {
  const { port, server, warnings } = await listening(t);
  server.onCall((socket) => {
    if (socket.channelData.header('never') === undefined) throw new Error('handler broke');
  });
  const thrown = await ScriptedSwitch.answered(port);
  await thrown.untilClosed();
  server.onCall(() => Promise.reject(new Error('handler broke later')));
  const rejected = await ScriptedSwitch.answered(port);
  await rejected.untilClosed();
  t.match(warnings, [{ error: /broke/ }, { error: /later/ }]);
});
