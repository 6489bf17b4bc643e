import t from 'tap';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { condition } from '../../../daemon/nodes/condition.ts';
import { dial } from '../../../daemon/nodes/dial.ts';
import { gather } from '../../../daemon/nodes/gather.ts';
import { schedule } from '../../../daemon/nodes/schedule.ts';
import {
  candidate,
  connected,
  FakeDialing,
  fakeContext,
  faultsOf,
  file,
  noAnswer,
  runNode,
} from './fakes.ts';

const ask = { prompt: file('zip.wav'), variable: 'zip' };

void t.test('gather: valid digits go into the variable', async (t) => {
  const ctx = fakeContext({ script: { answered: false, digits: ['78701'] } });
  t.equal(await runNode(gather, { ...ask, validation: { kind: 'zip' } }, ctx), 'valid');
  t.equal(ctx.variables.get('zip'), '78701');
  t.same(ctx.channel.verbs, ['answer', 'collectDigits']);
});

void t.test('gather: what failed last names the exit, with its prompt before each further try', async (t) => {
  const params = {
    ...ask,
    validation: { kind: 'zip' },
    retries: 2,
    invalidPrompt: file('wrong.wav'),
    timeoutPrompt: file('hello.wav'),
  };
  const invalid = fakeContext({ script: { digits: ['1', '', '123'] } });
  t.equal(await runNode(gather, params, invalid), 'invalid');
  t.same(invalid.channel.argumentsOf('play'), [file('wrong.wav'), file('hello.wav')]);
  t.equal(invalid.variables.get('zip'), undefined);
  const silent = fakeContext({ script: { digits: ['1', '', ''] } });
  t.equal(await runNode(gather, params, silent), 'timeout');
});

void t.test('gather: ZIP, pattern and date', async (t) => {
  const entered = async (digits: string, validation: object) => {
    const ctx = fakeContext({ script: { digits: [digits] }, nowMs: Date.UTC(2026, 5, 15) });
    return (await runNode(gather, { ...ask, retries: 0, validation }, ctx)) === 'valid';
  };
  t.ok(await entered('787011234', { kind: 'zip' }));
  t.notOk(await entered('00000', { kind: 'zip' }));
  t.ok(await entered('4711', { kind: 'pattern', pattern: '47\\d+' }));
  t.notOk(await entered('04711', { kind: 'pattern', pattern: '47\\d+' }), 'the whole entry');
  t.ok(await entered('02292024', { kind: 'date' }));
  t.notOk(await entered('02292023', { kind: 'date' }), 'no leap year');
  t.ok(await entered('31121999', { kind: 'date', order: 'DDMMYYYY', when: 'past' }));
  t.notOk(await entered('20260615', { kind: 'date', order: 'YYYYMMDD', when: 'future' }), 'today');
  t.ok(await entered('20260616', { kind: 'date', order: 'YYYYMMDD', when: 'future' }));
  t.notOk(await entered('13012020', { kind: 'date' }), 'no thirteenth month');
});

void t.test('gather: the caller may go, and publishing looks at the pattern', async (t) => {
  for (const verb of ['answer', 'collectDigits'] as const) {
    const ctx = fakeContext({ script: { answered: false, goneDuring: verb } });
    await t.rejects(runNode(gather, ask, ctx), ChannelGone);
  }
  t.same(faultsOf(gather, { ...ask, validation: { kind: 'pattern', pattern: '[' } }), [
    '/validation/pattern',
  ]);
  t.same(faultsOf(gather, { ...ask, minDigits: 5, maxDigits: 4 }), ['/maxDigits']);
});

void t.test('condition: the first branch that holds, else else', async (t) => {
  const branches = [
    { name: 'texas', when: { path: 'caller', op: 'startsWith', value: '+1512' } },
    { name: 'anybody', when: { path: 'caller', op: 'exists' } },
  ];
  t.equal(await runNode(condition, { branches }, fakeContext()), 'branch:texas');
  t.equal(await runNode(condition, { branches }, fakeContext({ caller: '+442071234567' })), 'branch:anybody');
  const none = [{ name: 'zip', when: { path: 'variables.zip', op: 'exists' } }];
  t.equal(await runNode(condition, { branches: none }, fakeContext()), 'else');
  t.same(condition.namedExits?.({ branches } as never), ['branch:texas', 'branch:anybody']);
});

void t.test('condition: publishing refuses faulty conditions and names taken twice', async (t) => {
  const when = { path: 'caller', op: 'exists' };
  t.match(faultsOf(condition, { branches: [{ name: 'a', when: { path: 'x', op: 'exists' } }] }), [
    /^\/branches\/0\/when/,
  ]);
  const twice = [
    { name: 'a', when },
    { name: 'a', when },
  ];
  t.same(faultsOf(condition, { branches: twice }), ['/branches/1/name']);
});

void t.test("schedule: by a fixed zone or the caller's", async (t) => {
  const calendar = {
    weekly: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' }],
    holidays: [{ date: '12-25' }],
  };
  const state = (zone: string, nowMs: number, caller = '+15125550100') =>
    runNode(schedule, { calendar, zone }, fakeContext({ nowMs, caller }));
  const monday15 = Date.UTC(2026, 5, 15, 15);
  t.equal(await state('UTC', monday15), 'open');
  t.equal(await state('Asia/Tokyo', monday15), 'closed');
  t.equal(await state('caller', Date.UTC(2026, 5, 15, 21), '+15125550100'), 'open', 'Texas: 16:00');
  t.equal(await state('caller', Date.UTC(2026, 5, 15, 21), '+12125550100'), 'closed', 'New York: 17:00');
  t.equal(await state('caller', monday15, 'anonymous'), 'open', 'nobody knows: UTC');
  t.equal(await state('UTC', Date.UTC(2026, 11, 25, 12)), 'holiday');
  t.same(faultsOf(schedule, { calendar, zone: 'Mars/Olympus' }), ['/zone']);
  t.same(faultsOf(schedule, { calendar, zone: 'caller', unknownCallerZone: 'caller' }), [
    '/unknownCallerZone',
  ]);
});

void t.test('dial: every exit', async (t) => {
  const ends = async (result: object) => {
    const dialing = new FakeDialing([candidate('desk')], [result]);
    const exit = await runNode(dial, { destination: 'sip:desk@example.com' }, fakeContext({ dialing }));
    return { exit, dialing };
  };
  t.equal((await ends(connected)).exit, 'connectedEnded');
  t.equal((await ends(noAnswer)).exit, 'noAnswer');
  t.equal((await ends({ outcome: 'busy' })).exit, 'busy');
  t.equal((await ends({ outcome: 'rejected' })).exit, 'rejected');
  t.equal((await ends({ outcome: 'failed' })).exit, 'failed');
  const capped = await ends({ outcome: 'capped', cappedBy: 'trunk:x' });
  t.equal(capped.exit, 'failed');
  t.same(capped.dialing.sources, [{ from: 'destination', destination: 'sip:desk@example.com' }]);
});

void t.test('dial: its trunks reach the plan; publishing refuses what is no address', async (t) => {
  const dialing = new FakeDialing([candidate('desk')], [connected]);
  const params = { destination: '+15125550142', trunks: ['main'] };
  await runNode(dial, params, fakeContext({ dialing }));
  t.same(dialing.sources, [{ from: 'destination', ...params }]);
  for (const destination of ['911', 'desk', '{{variables.number}}', 'sip:a@b,sip:c@d', 'sip:${x}@y'])
    t.same(faultsOf(dial, { destination }), ['/destination'], destination);
});
