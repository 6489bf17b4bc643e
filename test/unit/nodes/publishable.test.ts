import fc from 'fast-check';
import t from 'tap';
import type { CollectDigitsOptions, Media } from '../../../daemon/channel/channel.ts';
import { bridge, type DialRequest } from '../../../daemon/esl/dial-string.ts';
import { collectDigits, play as playCommand } from '../../../daemon/esl/media-argument.ts';
import { buyer } from '../../../daemon/nodes/buyer.ts';
import { dial } from '../../../daemon/nodes/dial.ts';
import { gather } from '../../../daemon/nodes/gather.ts';
import { ivr } from '../../../daemon/nodes/ivr.ts';
import { mediaOf, type Prompt } from '../../../daemon/nodes/parts/prompt.ts';
import { play } from '../../../daemon/nodes/play.ts';
import { queue } from '../../../daemon/nodes/queue.ts';
import {
  candidate,
  FakeDialing,
  FakePlace,
  FakeQueues,
  fakeContext,
  faultsOf,
  file,
  runNode,
} from './fakes.ts';

/** What publishing lets through can be said to FreeSWITCH: else the call leaves by `error`, each time. */
const request: DialRequest = {
  legUuid: '9ee900aa-264b-4c8a-a0a5-fe9663007a1c',
  destination: { kind: 'sip', uri: 'sip:a@b.example', profile: 'external' },
  ringTimeoutMs: 20_000,
  callerId: { number: '+15559876543', name: 'Alice' },
  ringback: { kind: 'passthrough' },
};

void t.test('seconds with a fraction become whole milliseconds', async (t) => {
  for (const seconds of [16.1, 2.01, 64.1, 0.1, 119.999]) {
    for (const [node, params] of [
      [ivr, { prompt: file('menu.wav'), keys: ['1'] }],
      [gather, { prompt: file('zip.wav'), variable: 'zip' }],
    ] as const) {
      const ctx = fakeContext({ script: { digits: ['1'] } });
      const times = { firstDigitTimeoutSeconds: seconds, interDigitTimeoutSeconds: seconds };
      await runNode(node as typeof ivr, { ...params, ...times }, ctx);
      const asked = ctx.channel.argumentsOf('collectDigits')[0] as CollectDigitsOptions;
      t.doesNotThrow(
        () => collectDigits({ ...asked, forgetEarlier: false }, 'digits'),
        `${node.type} with ${seconds} s`,
      );
      t.equal(asked.firstDigitTimeoutMs, Math.round(seconds * 1000));
    }
  }
});

void t.test(
  'a queue without music waits in silence FreeSWITCH plays, however long it may take',
  async (t) => {
    for (const maxWaitSeconds of [16.1, 7200]) {
      const place = new FakePlace();
      const ctx = fakeContext({
        queues: new FakeQueues({ joined: true, place }),
        script: {
          plays: [
            { end: 'failed', detail: 'FILE NOT FOUND' },
            () => {
              place.turn();
              return { end: 'interrupted' };
            },
          ],
        },
      });
      t.equal(await runNode(queue, { maxWaitSeconds }, ctx), 'ready');
      const silence = ctx.channel.argumentsOf('play')[1] as Media;
      t.equal(silence.kind, 'silence');
      t.doesNotThrow(() => playCommand(silence), `${maxWaitSeconds} s`);
    }
  },
);

void t.test('ringback that would have to be spoken is refused', async (t) => {
  const ringback = (media: Prompt) => ({ kind: 'media', media });
  const spoken = ringback({ kind: 'speech', text: 'please wait' });
  t.match(faultsOf(buyer, { ringback: spoken }), [/^\/ringback/]);
  t.match(faultsOf(dial, { destination: '+15125550142', ringback: spoken }), [/^\/ringback/]);
  for (const sound of [file('ring.wav'), { kind: 'tone' as const, tone: '%(400,200,425)' }]) {
    t.same(faultsOf(buyer, { ringback: ringback(sound) }), []);
    t.doesNotThrow(() => bridge({ ...request, ringback: { kind: 'media', media: sound } }));
  }
});

void t.test('a spoken prompt of several lines, as long as it may be, can be heard everywhere', async (t) => {
  const speech = { kind: 'speech' as const, text: `Press 1,\r\n\tor 2.${'x'.repeat(1_980)}` };
  t.same(faultsOf(play, { prompt: speech }), []);
  const media = mediaOf(speech, fakeContext());
  t.doesNotThrow(() => playCommand(media));
  t.doesNotThrow(() =>
    bridge({ ...request, whisper: media }).concat(
      bridge({ ...request, accept: { whisper: media, digit: '1', timeoutMs: 5000 } }),
    ),
  );
  const ctx = fakeContext({ script: { digits: ['1'] } });
  await runNode(ivr, { prompt: speech, keys: ['1'] }, ctx);
  const asked = ctx.channel.argumentsOf('collectDigits')[0] as CollectDigitsOptions;
  t.doesNotThrow(() => collectDigits({ ...asked, forgetEarlier: false }, 'digits'));
});

void t.test('destinations that cannot be dialled are refused, those that can are dialled', async (t) => {
  for (const destination of ['sip:a%20b@host.example;x=y', 'sip:a@host_1', 'sip:a@b;fs_path=x', 'a@b'])
    t.same(faultsOf(dial, { destination }), ['/destination'], destination);
  for (const uri of ['sip:a@b.example', 'SIP:a@b.example:5080', 'sips:a@b.example;transport=tls']) {
    t.same(faultsOf(dial, { destination: uri }), [], uri);
    t.doesNotThrow(() => bridge({ ...request, destination: { kind: 'sip', uri, profile: 'external' } }), uri);
    const dialing = new FakeDialing([candidate('a')], []);
    t.equal(await runNode(dial, { destination: uri }, fakeContext({ dialing })), 'noAnswer');
  }
});

void t.test('whatever sound, tone or music is published can be played', async (t) => {
  const pieces = [
    '%(',
    '100',
    ',',
    '440',
    ')',
    ';',
    'path=',
    'Path=',
    '/',
    '//',
    '..',
    '.',
    'a',
    ' ',
    '>',
    '-',
    '#',
  ];
  const text = fc
    .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(''));
  let published = 0;
  fc.assert(
    fc.property(text, fc.constantFrom('file', 'tone', 'music', 'stream'), (heard, kind) => {
      const media: Media =
        kind === 'file'
          ? { kind, path: heard }
          : kind === 'tone'
            ? { kind, tone: heard }
            : { kind: 'music', source: kind === 'stream' ? `local_stream://${heard}` : heard };
      const faults =
        media.kind === 'music' ? faultsOf(queue, { music: media.source }) : faultsOf(play, { prompt: media });
      if (faults.length > 0) return true;
      published += 1;
      playCommand(media); // throws what the call would die of
      return true;
    }),
    { numRuns: 2000 },
  );
  t.ok(published > 100, `${published} of 2000 were published`);
  for (const tone of ['path=/etc/passwd', '%(100,0,440);PATH=x', 'a/b'])
    t.match(faultsOf(play, { prompt: { kind: 'tone', tone } }), [/^\/prompt/], tone);
});
