import { createHash } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { inspectRecording, wavAudio } from '../../../daemon/records/recording-file.ts';
import { wav } from './wav.ts';

void t.test('a recording is measured', async (t) => {
  const bytes = wav(1500);
  const folder = t.testdir({
    'good.wav': bytes,
    'died.wav': wav(1000, 1, 0),
    'cut.wav': wav(1000, 1).subarray(0, 44 + 8000),
    'headers.wav': wav(0),
    'lost.wav': wav(0, 1, 8000),
    'none.wav': '',
    'text.wav': 'hello, this is not audio at all',
    'nodata.wav': wav(0).subarray(0, 36),
  });
  t.match(await inspectRecording(join(folder, 'good.wav')), {
    kind: 'audio',
    bytes: bytes.length,
    durationMs: 1500,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    cut: undefined,
  });
  t.match(await inspectRecording(join(folder, 'died.wav')), {
    kind: 'audio',
    durationMs: 1000,
    cut: undefined,
  });
  t.match(await inspectRecording(join(folder, 'cut.wav')), {
    kind: 'audio',
    durationMs: 500,
    cut: 'its header tells of 1000 ms, 500 ms are there',
  });
  t.match(await inspectRecording(join(folder, 'lost.wav')), {
    kind: 'empty',
    cut: 'its header tells of 500 ms, 0 ms are there',
  });
  t.match(await inspectRecording(join(folder, 'headers.wav')), { kind: 'empty', bytes: 44 });
  t.match(await inspectRecording(join(folder, 'none.wav')), { kind: 'empty', bytes: 0 });
  t.match(await inspectRecording(join(folder, 'text.wav')), { kind: 'unreadable', reason: 'not a WAV file' });
  t.match(await inspectRecording(join(folder, 'nodata.wav')), {
    kind: 'unreadable',
    reason: /without audio/,
  });
  t.same(await inspectRecording(join(folder, 'absent.wav')), { kind: 'missing' });
  t.match(await inspectRecording(folder), { kind: 'inaccessible', reason: /EISDIR/ });
});

void t.test('no header makes the parser throw or run away', async (t) => {
  const good = wav(10);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(60), (noise, at) => {
      const head = Buffer.concat([good.subarray(0, at), Buffer.from(noise)]);
      const found = wavAudio(head, head.length);
      return 'fault' in found || (found.audioBytes >= 0 && found.audioBytes <= head.length);
    }),
  );
  t.pass();
});
