import t from 'tap';
import type { ChannelGone } from '../../../daemon/channel/channel.ts';
import { EslChannel } from '../../../daemon/channel/esl-channel.ts';
import type { Application } from '../../../daemon/esl/command.ts';
import type { EslEvent } from '../../../daemon/esl/esl-event.ts';
import { type OutboundSocket, type SocketEnd, SocketEnded } from '../../../daemon/esl/outbound-socket.ts';
import type { ChannelUuid, SwitchName } from '../../../daemon/telephony/ids.ts';
import { FakeLink } from '../routing/fakes.ts';

const uuid = '11111111-1111-4111-8111-111111111111' as ChannelUuid;
const bLeg = '22222222-2222-4222-8222-222222222222' as ChannelUuid;

function event(name: string, variables: Record<string, string> = {}): EslEvent {
  const headers: Record<string, string> = { 'Unique-ID': uuid, 'Hangup-Cause': 'NORMAL_CLEARING' };
  return {
    name,
    header: (header) => headers[header],
    variable: (variable) => variables[variable],
    headers: () => Object.entries(headers)[Symbol.iterator](),
    body: '',
  };
}

/** A command socket on which the test says what FreeSWITCH does. */
class FakeSocket implements OutboundSocket {
  readonly channelData = event('CHANNEL_DATA');
  readonly remoteAddress = '127.0.0.1';
  readonly packets: Application[][] = [];
  readonly #ended = new AbortController();
  readonly #listeners: ((event: EslEvent) => void)[] = [];
  #onEnd: ((end: SocketEnd) => void) | undefined;
  #running: PromiseWithResolvers<EslEvent> | undefined;

  get ended(): AbortSignal {
    return this.#ended.signal;
  }
  execute(applications: readonly Application[]): Promise<EslEvent> {
    this.packets.push([...applications]);
    this.#running = Promise.withResolvers<EslEvent>();
    return this.#running.promise;
  }
  tell(applications: readonly Application[]): void {
    this.packets.push([...applications]);
  }
  onEnd(listener: (end: SocketEnd) => void): void {
    this.#onEnd = listener;
  }
  async hangup(): Promise<void> {}
  forgetChannelData(): void {}
  close(): void {
    this.end('closed');
  }
  onEvent(listener: (event: EslEvent) => void): void {
    this.#listeners.push(listener);
  }
  complete(variables: Record<string, string> = {}): void {
    this.#running?.resolve(event('CHANNEL_EXECUTE_COMPLETE', variables));
  }
  hangUp(variables: Record<string, string>): void {
    for (const listener of this.#listeners) listener(event('CHANNEL_HANGUP', variables));
  }
  end(kind: SocketEnd['kind']): void {
    const end = { kind, detail: '', hangup: undefined };
    const error = new SocketEnded(end);
    this.#running?.reject(error);
    this.#ended.abort(error);
    this.#onEnd?.(end);
  }
}

function channelOn(link = new FakeLink()) {
  const socket = new FakeSocket();
  const switchName = 'fs' as SwitchName;
  return { socket, link, channel: new EslChannel(socket, { switchName, link, onDecision() {} }) };
}
const endOf = ({ hungUp }: EslChannel): unknown => (hungUp.reason as ChannelGone | undefined)?.end;

void t.test('a break that did nothing is sent again until the playback is over', async (t) => {
  const { socket, link, channel } = channelOn();
  let breaks = 0;
  link.breakApplication = async () => {
    breaks += 1;
    // The first comes before the playback begins and is wiped; at the second the connection is away.
    if (breaks === 3) socket.complete();
    return breaks !== 2;
  };
  const turn = new AbortController();
  const playing = channel.play({ kind: 'music' }, { until: turn.signal });
  turn.abort();
  t.same(await playing, { end: 'interrupted' });
  t.equal(breaks, 3);
});

void t.test('a channel that ends says by itself whom it was bridged to', async (t) => {
  const { socket, channel } = channelOn();
  socket.hangUp({ last_bridge_to: bLeg, sip_hangup_disposition: 'recv_bye' });
  t.same(endOf(channel), { cause: 'NORMAL_CLEARING', by: 'caller', bridgedTo: bLeg });
});

void t.test('only what the far side sent is the caller’s hanging up', async (t) => {
  for (const [disposition, by] of [
    ['recv_bye', 'caller'],
    ['recv_cancel', 'caller'],
    ['send_bye', 'callfabric'],
    ['send_refuse', 'callfabric'],
  ] as const) {
    const { socket, channel } = channelOn();
    socket.hangUp({ sip_hangup_disposition: disposition });
    t.match(endOf(channel), { by }, disposition);
  }
  const { socket, channel } = channelOn();
  socket.hangUp({});
  t.match(endOf(channel), { by: 'caller' }, 'no SIP leg');
});

void t.test('an end that was expected is ours, unless it was called off', async (t) => {
  const ours = channelOn();
  ours.channel.expectHangup('MANAGER_REQUEST');
  ours.socket.hangUp({});
  t.match(endOf(ours.channel), { by: 'callfabric' });
  const theirs = channelOn();
  theirs.channel.expectHangup('MANAGER_REQUEST').undo();
  theirs.socket.hangUp({});
  t.match(endOf(theirs.channel), { by: 'caller' });
});

void t.test('a hang-up that never came about leaves the channel lost, not ended by us', async (t) => {
  const { socket, channel } = channelOn();
  await channel.hangup('NORMAL_CLEARING');
  socket.end('timeout');
  t.match(endOf(channel), { by: 'lost' });
});

void t.test('variables that cannot be sent fail one verb, not every one after it', async (t) => {
  const { socket, channel } = channelOn();
  channel.prepare({ sip_h_X: 'two\nlines' });
  await t.rejects(channel.bridge(bridge()));
  const again = channel.bridge(bridge());
  socket.complete({ last_bridge_to: bLeg });
  t.match(await again, { end: 'answered' });
});

void t.test(
  'variables that cannot go with an answer end no process: it is answered, the next verb fails',
  async (t) => {
    const { socket, channel } = channelOn();
    channel.prepare({ sip_h_X: 'two\nlines' });
    await channel.answer();
    await new Promise(setImmediate);
    t.same(
      socket.packets.map((packet) => packet.map(({ app }) => app)),
      [['answer']],
    );
    await t.rejects(channel.bridge(bridge()));
    channel.prepare({ sip_h_X: 'two\nlines' });
    await t.resolves(channel.hangup('NORMAL_CLEARING'), 'and it is hung up all the same');
  },
);

void t.test('what an earlier attempt left is taken off before the next', async (t) => {
  const { socket, channel } = channelOn();
  const failed = channel.bridge(bridge());
  socket.complete({ originate_disposition: 'NO_ANSWER' });
  t.match(await failed, { end: 'notAnswered', sipCode: undefined });
  const set = socket.packets[0]?.[0]?.arg ?? '';
  for (const name of [
    'last_bridge_proto_specific_hangup_cause',
    'bridge_hangup_cause',
    'originate_failed_cause',
  ])
    t.match(set, new RegExp(`\\W${name}=(\\W|$)`), name);
});

function bridge() {
  return {
    legUuid: bLeg,
    destination: { kind: 'sip', uri: 'sip:a@example.com', profile: 'external' },
    ringTimeoutMs: 20_000,
    callerId: { number: '+15550001111', name: 'A' },
    ringback: { kind: 'passthrough' },
  } as const;
}

const menu = {
  prompt: { kind: 'file', path: 'menu.wav' },
  minDigits: 1,
  maxDigits: 1,
  firstDigitTimeoutMs: 1000,
  interDigitTimeoutMs: 1000,
  terminator: '',
} as const;

void t.test('a menu without a key timed out; one whose prompt did not play failed', async (t) => {
  for (const [variables, end] of [
    [{ callfabric_digits: '1', read_result: 'success' }, 'digits'],
    [{ read_result: 'failure' }, 'timeout'],
    [{ read_result: 'timeout' }, 'timeout'],
    [{}, 'failed'],
  ] as const) {
    const { socket, channel } = channelOn();
    const entry = channel.collectDigits({ ...menu, bargeIn: true });
    socket.complete(variables);
    t.equal((await entry).end, end);
  }
});

void t.test(
  'without barge-in the prompt is heard to its end, and keys pressed before do not count',
  async (t) => {
    const { socket, channel } = channelOn();
    const entry = channel.collectDigits({ ...menu, bargeIn: false });
    socket.complete();
    await new Promise(setImmediate);
    socket.complete({ read_result: 'failure' });
    t.same(await entry, { end: 'timeout' });
    const applications = socket.packets.map((packet) => packet.map(({ app }) => app));
    t.same(applications, [
      ['set', 'playback'],
      ['flush_dtmf', 'play_and_get_digits'],
    ]);
  },
);
