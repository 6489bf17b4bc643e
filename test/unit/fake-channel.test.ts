import t from 'tap';
import { ChannelGone } from '../../daemon/channel/channel.ts';
import { FakeChannel } from './fake-channel.ts';

const file = { kind: 'file', path: 'a.wav' } as const;
const entry = {
  minDigits: 1,
  maxDigits: 1,
  firstDigitTimeoutMs: 1000,
  interDigitTimeoutMs: 1000,
  terminator: '',
  bargeIn: true,
};

void t.test('scripted results come in order, then the defaults', async (t) => {
  const channel = new FakeChannel({ digits: ['1', ''], plays: [{ end: 'digit', digit: '2' }] });
  t.same(await channel.collectDigits(entry), { end: 'digits', digits: '1', terminator: '' });
  t.same(await channel.collectDigits(entry), { end: 'timeout' });
  t.same(await channel.collectDigits(entry), { end: 'timeout' });
  t.same(await channel.play(file), { end: 'digit', digit: '2' });
  t.same(await channel.play(file), { end: 'finished' });
  t.same(channel.verbs, ['collectDigits', 'collectDigits', 'collectDigits', 'play', 'play']);
});

void t.test('music is held until it is interrupted', async (t) => {
  const channel = new FakeChannel();
  const stop = new AbortController();
  const playing = channel.play({ kind: 'music' }, { until: stop.signal });
  await channel.called('play');
  stop.abort();
  t.same(await playing, { end: 'interrupted' });
});

void t.test('a channel that goes during a verb rejects it and all that follow', async (t) => {
  const channel = new FakeChannel({ goneDuring: 2 });
  await channel.answer();
  await t.rejects(channel.play(file), ChannelGone);
  await t.rejects(channel.play(file), ChannelGone);
  t.same(channel.verbs, ['answer', 'play']);
  t.ok(channel.hungUp.reason instanceof ChannelGone);
});

void t.test('a held verb is let go when the caller leaves', async (t) => {
  const channel = new FakeChannel();
  const playing = channel.play({ kind: 'music' });
  await channel.called('play');
  channel.goAway({ cause: 'ORIGINATOR_CANCEL', by: 'caller' });
  await t.rejects(playing, { message: 'channel gone: ORIGINATOR_CANCEL (caller)' });
});

void t.test('our own hangup resolves, and the channel is gone by callfabric', async (t) => {
  const channel = new FakeChannel();
  await channel.hangup('USER_BUSY');
  await t.rejects(channel.answer(), { message: 'channel gone: USER_BUSY (callfabric)' });
});
