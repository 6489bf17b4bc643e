import t from 'tap';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { answer } from '../../../daemon/nodes/answer.ts';
import { goto } from '../../../daemon/nodes/goto.ts';
import { hangup } from '../../../daemon/nodes/hangup.ts';
import { play } from '../../../daemon/nodes/play.ts';
import { record } from '../../../daemon/nodes/record.ts';
import { set } from '../../../daemon/nodes/set.ts';
import { tag } from '../../../daemon/nodes/tag.ts';
import { digit, FakeRecording, fakeContext, faultsOf, file, runNode } from './fakes.ts';

void t.test('answer: once, after its delay, or early media only', async (t) => {
  const plain = fakeContext({ script: { answered: false } });
  t.equal(await runNode(answer, {}, plain), 'next');
  t.same(plain.channel.verbs, ['answer']);
  const late = fakeContext({ script: { answered: false } });
  await runNode(answer, { delaySeconds: 2 }, late);
  t.same(late.channel.verbs, ['ringReady', 'answer']);
  t.same(late.waits, [2000]);
  const early = fakeContext({ script: { answered: false } });
  await runNode(answer, { earlyMediaOnly: true }, early);
  t.same(early.channel.verbs, ['preAnswer']);
  const again = fakeContext();
  t.equal(await runNode(answer, {}, again), 'next');
  t.same(again.channel.verbs, [], 'an answered call is left alone');
});

void t.test('play: to its end, by a key, again and again', async (t) => {
  const done = fakeContext();
  t.equal(await runNode(play, { prompt: file('a.wav'), loops: 3 }, done), 'done');
  t.same(done.channel.verbs, ['play', 'play', 'play']);
  const keyed = fakeContext({ script: { plays: [{ end: 'finished' }, digit('5')] } });
  t.equal(await runNode(play, { prompt: file('a.wav'), loops: 3, terminators: '15' }, keyed), 'key:5');
  t.match(keyed.channel.calls[0]?.args[1], { terminators: '15' });
  t.same(play.namedExits?.({ terminators: '15' } as never), ['key:1', 'key:5']);
});

void t.test('play: what cannot be played is a fault, for the error exit', async (t) => {
  const ctx = fakeContext({ script: { plays: [{ end: 'failed', detail: 'FILE NOT FOUND' }] } });
  await t.rejects(runNode(play, { prompt: file('a.wav') }, ctx), /FILE NOT FOUND/);
});

void t.test('prompts: no path out of the sounds folder, no live text in a tone', async (t) => {
  for (const path of ['/etc/passwd', '../x.wav', 'a/../../x.wav', 'http://x', '${system(x)}', 'a\r\nb'])
    t.ok(faultsOf(play, { prompt: file(path) }).length > 0, path);
  t.same(faultsOf(play, { prompt: file('en/us/callie/ivr/8000/ivr-welcome.wav') }), []);
  t.same(faultsOf(play, { prompt: { kind: 'tone', tone: '%(2000,4000,440,480)' } }), []);
  t.ok(faultsOf(play, { prompt: { kind: 'tone', tone: '%[x]' } }).length > 0);
});

void t.test('prompts: a language nobody would speak is refused, the voice decides it', async (t) => {
  const speech = { kind: 'speech', text: 'Hola' };
  t.same(faultsOf(play, { prompt: { ...speech, voice: 'rms' } }), []);
  t.same(faultsOf(play, { prompt: { ...speech, language: 'es-MX' } }), ['/prompt/language']);
  t.same(
    faultsOf(play, { prompt: { ...speech, text: '' } }),
    ['/prompt/text'],
    'and no form that was not meant',
  );
});

void t.test('hangup: by cause, by SIP status, after its prompt', async (t) => {
  const ends = async (params: object) => {
    const ctx = fakeContext();
    await t.rejects(runNode(hangup, params, ctx), ChannelGone);
    return ctx.channel;
  };
  t.same((await ends({})).argumentsOf('hangup'), ['NORMAL_CLEARING']);
  t.same((await ends({ cause: 'USER_BUSY' })).argumentsOf('hangup'), ['USER_BUSY']);
  t.same((await ends({ sipCode: 404 })).argumentsOf('hangup'), ['UNALLOCATED_NUMBER']);
  t.same((await ends({ prompt: file('bye.wav') })).verbs, ['play', 'hangup']);
  t.same(faultsOf(hangup, { cause: 'BYE' }), ['/cause']);
  t.same(faultsOf(hangup, { sipCode: 418 }), ['/sipCode']);
});

void t.test('hangup: a prompt that cannot be played does not keep the call', async (t) => {
  const ctx = fakeContext({ script: { plays: [{ end: 'failed', detail: 'gone' }] } });
  await t.rejects(runNode(hangup, { prompt: file('bye.wav') }, ctx), ChannelGone);
  t.same(ctx.channel.verbs, ['play', 'hangup']);
});

void t.test('set: call and leg variables, templates in one pass', async (t) => {
  const ctx = fakeContext({
    callerName: '{{variables.secret}}\r\n',
    variables: { zip: '78701', secret: 'no' },
  });
  const assignments = [
    { name: 'where', value: 'ZIP {{variables.zip}} of {{ call.caller }}' },
    { name: 'who', value: '{{call.callerName}}' },
    { scope: 'leg', name: 'zip', value: '{{variables.zip}}{{variables.missing}}' },
  ];
  t.equal(await runNode(set, { assignments }, ctx), 'next');
  t.equal(ctx.variables.get('where'), 'ZIP 78701 of +15125550100');
  t.equal(ctx.variables.get('who'), '{{variables.secret}}  ', 'values are not templates, controls are gone');
  t.same(ctx.channel.argumentsOf('setVariables'), [{ flow_zip: '78701' }]);
});

void t.test('set: publishing refuses unknown placeholders and scopes that are not built', async (t) => {
  const one = (assignment: object) =>
    faultsOf(set, { assignments: [{ name: 'x', value: '', ...assignment }] });
  t.same(one({ value: '{{tenant.secret}}' }), ['/assignments/0/value']);
  t.same(one({ scope: 'caller' }), ['/assignments/0/scope']);
  t.ok(one({ name: 'execute_on_answer=x' }).length > 0);
});

void t.test('tag: adds and removes, bounded', async (t) => {
  const ctx = fakeContext({ variables: { zip: '78701', long: 'x'.repeat(500) } });
  ctx.tags.add('new');
  await runNode(
    tag,
    { remove: ['new'], add: ['zip-{{variables.zip}}', '{{variables.long}}', '{{variables.none}}'] },
    ctx,
  );
  t.same([...ctx.tags], ['zip-78701', 'x'.repeat(64)]);
  for (let index = 0; index < 60; index += 1) ctx.tags.add(`t${index}`);
  await runNode(tag, { add: ['one more'] }, ctx);
  t.notOk(ctx.tags.has('one more'));
  t.equal(ctx.warned.length, 1);
  t.same(faultsOf(tag, {}), ['/add']);
});

void t.test('record: every action, and storage that is not there', async (t) => {
  const recording = new FakeRecording();
  const ctx = fakeContext({ recording });
  t.equal(await runNode(record, { consentPrompt: file('consent.wav'), retentionDays: 30 }, ctx), 'next');
  for (const action of ['mask', 'unmask', 'pause', 'resume', 'stop'])
    t.equal(await runNode(record, { action }, ctx), 'next', action);
  t.same(recording.done, [
    ['start', { channels: 'stereo', retentionDays: 30 }],
    ['mask'],
    ['unmask'],
    ['pause'],
    ['resume'],
    ['stop'],
  ]);
  t.same(ctx.explained, []);
  t.same(ctx.channel.verbs, ['play']);
  recording.answer = 'storageUnavailable';
  t.equal(await runNode(record, { channels: 'mono' }, ctx), 'storageUnavailable');
});

void t.test('record: what there is nothing to do to is said in the trace', async (t) => {
  const recording = new FakeRecording();
  recording.runs = false;
  const ctx = fakeContext({ recording });
  const actions = ['stop', 'mask', 'unmask', 'pause', 'resume'];
  for (const action of actions) t.equal(await runNode(record, { action }, ctx), 'next', action);
  t.same(
    ctx.explained,
    actions.map(() => 'no recording runs'),
  );
});

void t.test('record: an unheard consent prompt is no consent', async (t) => {
  const recording = new FakeRecording();
  const ctx = fakeContext({ recording, script: { plays: [{ end: 'failed', detail: 'gone' }] } });
  await t.rejects(runNode(record, { consentPrompt: file('consent.wav') }, ctx), /consent/);
  t.same(recording.done, []);
});

void t.test('goto: comes back with what the other flow returned', async (t) => {
  const asked: unknown[] = [];
  const ctx = fakeContext({
    variables: { zip: '78701' },
    enterFlow: async (...request) => {
      asked.push(request);
      return { returned: 'done' };
    },
  });
  const params = { flow: 'qualify', version: 3, inputs: { zip: '{{variables.zip}}' }, returns: ['done'] };
  t.equal(await runNode(goto, params, ctx), 'return:done');
  t.same(asked, [[{ flow: 'qualify', version: 3 }, { zip: '78701' }]]);
  t.same(goto.namedExits?.({ returns: ['done'] } as never), ['return:done']);
});

void t.test('goto: a flow that is not there has its exit', async (t) => {
  const ctx = fakeContext();
  t.equal(await runNode(goto, { flow: 'gone' }, ctx), 'missing');
  t.same(ctx.explained, ['no such flow']);
  t.same(faultsOf(goto, { flow: 'x', inputs: { a: '{{nope}}' } }), ['/inputs/a']);
});

void t.test('the caller who hangs up in a waiting verb ends each of them with ChannelGone', async (t) => {
  const gone = (verb: 'answer' | 'play' | 'setVariables' | 'hangup', answered = true) =>
    fakeContext({ script: { answered, goneDuring: verb } });
  await t.rejects(runNode(answer, {}, gone('answer', false)), ChannelGone);
  await t.rejects(runNode(play, { prompt: file('a.wav') }, gone('play')), ChannelGone);
  await t.rejects(runNode(record, { consentPrompt: file('a.wav') }, gone('play')), ChannelGone);
  await t.rejects(runNode(hangup, { prompt: file('a.wav') }, gone('play')), ChannelGone);
  await t.rejects(runNode(hangup, {}, gone('hangup')), ChannelGone);
  const leg = { assignments: [{ scope: 'leg', name: 'x', value: '' }] };
  await t.rejects(runNode(set, leg, gone('setVariables')), ChannelGone);
});
