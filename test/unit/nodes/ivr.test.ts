import t from 'tap';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { ivr } from '../../../daemon/nodes/ivr.ts';
import { fakeContext, faultsOf, file, runNode } from './fakes.ts';

const menu = { prompt: file('menu.wav'), keys: ['1', '2'] };

void t.test('a key of the menu is its exit, and the call is answered first', async (t) => {
  const ctx = fakeContext({ script: { answered: false, digits: ['1'] } });
  t.equal(await runNode(ivr, menu, ctx), 'key:1');
  t.same(ctx.channel.verbs, ['answer', 'collectDigits']);
});

void t.test(
  'timeouts and digits reach the channel in milliseconds, with the defaults of the schema',
  async (t) => {
    const ctx = fakeContext({ script: { digits: ['2'] } });
    await runNode(ivr, { ...menu, firstDigitTimeoutSeconds: 7.5 }, ctx);
    t.same(ctx.channel.argumentsOf('collectDigits'), [
      {
        prompt: file('menu.wav'),
        minDigits: 1,
        maxDigits: 1,
        firstDigitTimeoutMs: 7500,
        interDigitTimeoutMs: 3000,
        terminator: '',
        bargeIn: true,
      },
    ]);
  },
);

void t.test('a direct dial pattern is tried after the keys and keeps the digits', async (t) => {
  const ctx = fakeContext({ script: { digits: ['4711'] } });
  const matches = [{ name: 'extension', pattern: '4\\d{3}' }];
  const exit = await runNode(ivr, { ...menu, maxDigits: 4, matches, variable: 'extension' }, ctx);
  t.equal(exit, 'match:extension');
  t.equal(ctx.variables.get('extension'), '4711');
});

void t.test('no key: the timeout prompt before every further try, then the exit', async (t) => {
  const ctx = fakeContext();
  const exit = await runNode(ivr, { ...menu, maxTimeouts: 2, timeoutPrompt: file('hello.wav') }, ctx);
  t.equal(exit, 'timeout');
  t.same(ctx.channel.verbs, ['collectDigits', 'play', 'collectDigits']);
  t.same(ctx.explained, ['no key in 2 tries']);
});

void t.test('wrong keys: the invalid prompt before every further try, then the exit', async (t) => {
  const ctx = fakeContext({ script: { digits: ['9', '8'] } });
  const exit = await runNode(ivr, { ...menu, maxInvalid: 2, invalidPrompt: file('wrong.wav') }, ctx);
  t.equal(exit, 'invalid');
  t.same(ctx.channel.verbs, ['collectDigits', 'play', 'collectDigits']);
});

void t.test('timeouts and wrong keys are counted apart, and a later right key counts', async (t) => {
  const ctx = fakeContext({ script: { digits: ['', '9', '', '9', '2'] } });
  t.equal(await runNode(ivr, { ...menu, maxTimeouts: 3, maxInvalid: 3 }, ctx), 'key:2');
});

void t.test('the caller who hangs up in any verb ends the node with ChannelGone', async (t) => {
  for (const verb of ['answer', 'collectDigits', 'play'] as const) {
    const ctx = fakeContext({ script: { answered: false, goneDuring: verb } });
    const run = runNode(ivr, { ...menu, timeoutPrompt: file('hello.wav') }, ctx);
    await t.rejects(run, ChannelGone, verb);
  }
});

void t.test('publishing refuses menus that cannot work', async (t) => {
  t.same(faultsOf(ivr, menu), []);
  t.same(faultsOf(ivr, { prompt: menu.prompt }), ['/keys']);
  t.same(faultsOf(ivr, { ...menu, keys: ['12'] }), ['/keys/0'], 'longer than maxDigits');
  t.same(faultsOf(ivr, { ...menu, terminator: '1' }), ['/keys/0'], 'the terminator is no key');
  t.same(faultsOf(ivr, { ...menu, matches: [{ name: 'x', pattern: '(' }] }), ['/matches/0/pattern']);
  t.same(faultsOf(ivr, { ...menu, minDigits: 3, maxDigits: 2, keys: ['123'] }), ['/maxDigits', '/keys/0']);
  t.same(faultsOf(ivr, { ...menu, color: 'red' }), ['/color']);
});

void t.test('its exits are known from its params', async (t) => {
  const params = { ...menu, matches: [{ name: 'ext', pattern: '.*' }] };
  t.same(ivr.namedExits?.(params as never), ['key:1', 'key:2', 'match:ext']);
});
