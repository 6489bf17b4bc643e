import fc from 'fast-check';
import t from 'tap';
import { FrameError } from '../../../daemon/esl/esl-error.ts';
import type { Frame } from '../../../daemon/esl/frame.ts';
import { FrameParser, frameLimits } from '../../../daemon/esl/frame-parser.ts';
import { bytesFromSwitch, connectionsOf, liveRecordings, recordings } from './recordings.ts';

/** Each socket of these recordings: its name and all that came over it. */
const socketsOf = (names: readonly string[]) =>
  names.flatMap((recording) =>
    connectionsOf(recording).map((conn) => ({
      name: `${recording}, socket ${conn}`,
      bytes: bytesFromSwitch(recording, conn),
    })),
  );

function framesOf(chunks: Iterable<Buffer>): Frame[] {
  const frames: Frame[] = [];
  const parser = new FrameParser((frame) => frames.push(frame));
  for (const chunk of chunks) parser.push(chunk);
  return frames;
}

/** Frames as one text: equal text, equal frames. */
function textOf(frames: readonly Frame[]): string {
  return frames.map((frame) => `${frame.contentType}\n${frame.head}\n\n${frame.body}`).join('\u0000');
}

function boundOf(bytes: Buffer): string | undefined {
  try {
    framesOf([bytes]);
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.bound;
    throw error;
  }
}

/**
 * The first cut at which two chunks give another frame than the whole does; undefined when there is none. The frame
 * comes again and again over one socket, each time cut one byte later, so that a chunk is the end of one and the
 * beginning of the next: a parser for each cut would take most of the time for itself.
 */
function firstBadCut(bytes: Buffer, frame: Frame): number | undefined {
  const twice = Buffer.concat([bytes, bytes]);
  let got: Frame | undefined;
  let count = 0;
  const parser = new FrameParser((next) => {
    got = next;
    count += 1;
  });
  parser.push(bytes.subarray(0, 1));
  for (let cut = 1; cut < bytes.length; cut += 1) {
    parser.push(twice.subarray(cut, bytes.length + cut + 1));
    const last = cut === bytes.length - 1 ? 1 : 0; // with it the next one is whole already
    const same = got?.head === frame.head && got.body === frame.body && got.contentType === frame.contentType;
    if (!same || count !== cut + last) return cut;
  }
  return undefined;
}

void t.test('every recording gives the same frames, wherever its bytes are cut in two', async (t) => {
  // A parser between two frames holds nothing, so cutting each frame at every offset cuts the whole at every offset.
  const seen = new Set<string>();
  for (const { name, bytes } of socketsOf([...recordings, ...liveRecordings])) {
    let at = 0;
    for (const frame of framesOf([bytes])) {
      const own = bytes.subarray(at, at + frame.head.length + 2 + frame.body.length);
      at += own.length;
      const text = own.toString('latin1');
      if (seen.has(text)) continue;
      seen.add(text);
      const cut = firstBadCut(own, frame);
      if (cut !== undefined) t.fail(`${name}: cut at ${at - own.length + cut}`);
    }
    t.equal(at, bytes.length, `${name}: its frames are all its bytes`);
  }
  t.ok(seen.size > 150, 'enough different frames were cut');
});

void t.test('any split into many chunks gives the same frames', async () => {
  const bytes = bytesFromSwitch('sync/bridge_answered.jsonl');
  const expected = textOf(framesOf([bytes]));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 60 }), (cuts) => {
      const sorted = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = sorted.slice(1).map((cut, index) => bytes.subarray(sorted[index], cut));
      return textOf(framesOf(chunks)) === expected;
    }),
    { numRuns: 200 },
  );
});

void t.test('chunks of one byte give the same frames', async (t) => {
  for (const { name, bytes } of socketsOf([...recordings, ...liveRecordings])) {
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    t.equal(textOf(framesOf(single)), textOf(framesOf([bytes])), name);
  }
});

void t.test('tiny chunks are not copied again and again', async (t) => {
  const body = 'x'.repeat(frameLimits.bodyBytes);
  const bytes = Buffer.from(`Content-Length: ${body.length}\nContent-Type: api/response\n\n${body}`);
  const single = Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
  // Quadratic work would be half a million million bytes here and never come back.
  t.equal(framesOf(single)[0]?.body.length, body.length);
});

void t.test('each bound refuses what is over it and names itself', async (t) => {
  const head = frameLimits.headBytes;
  t.equal(boundOf(Buffer.from(`A: ${'x'.repeat(head)}\n\n`)), 'head');
  t.equal(boundOf(Buffer.from(`A: ${'x'.repeat(head)}`)), 'head', 'also before the head ends');
  t.equal(boundOf(Buffer.from(`A: ${'x'.repeat(head - 3)}\n\n`)), undefined, 'exactly the bound is taken');
  t.equal(boundOf(Buffer.from(`Content-Length: ${frameLimits.bodyBytes + 1}\n\n`)), 'body');
  t.equal(boundOf(Buffer.from(`Content-Length: ${frameLimits.bodyBytes}\n\n`)), undefined);
  t.equal(boundOf(Buffer.from('Content-Length: -1\n\n')), 'content-length');
  t.equal(boundOf(Buffer.from('Content-Length: 99999999999999\n\n')), 'content-length');
  const event = (text: string) => `Content-Length: ${text.length}\nContent-Type: text/event-plain\n\n${text}`;
  for (const header of ['N: \n', 'N: 1\n']) {
    const lines = (count: number) => header.repeat(count);
    t.equal(
      boundOf(Buffer.from(`${lines(frameLimits.headers)}\n`)),
      undefined,
      'a head of exactly the bound',
    );
    t.equal(boundOf(Buffer.from(`${lines(frameLimits.headers + 1)}\n`)), 'headers');
    for (const end of ['', '\n', 'Content-Length: 1\n\nx']) {
      const own = end.startsWith('Content') ? 1 : 0;
      const most = frameLimits.headers - own;
      t.equal(
        boundOf(Buffer.from(event(`${lines(most)}${end}`))),
        undefined,
        'an event of exactly the bound',
      );
      t.equal(boundOf(Buffer.from(event(`${lines(most + 1)}${end}`))), 'headers');
    }
  }
  const job = `N: 1\nContent-Length: 9999\n\n${'\n'.repeat(9999)}`;
  t.equal(boundOf(Buffer.from(event(job))), undefined, 'lines of an inner body are no headers');
});

void t.test('nothing comes out after a bound was passed', async (t) => {
  const frames: Frame[] = [];
  const parser = new FrameParser((frame) => frames.push(frame));
  t.throws(() => parser.push(Buffer.from('Content-Length: 9999999\n\n')), FrameError);
  parser.push(Buffer.from('Content-Type: command/reply\nReply-Text: +OK\n\n'));
  t.equal(frames.length, 0);
});

void t.test('a sink that stops the parser gets no further frame of the same chunk', async (t) => {
  const frames: Frame[] = [];
  const parser = new FrameParser((frame) => {
    frames.push(frame);
    parser.stop();
  });
  parser.push(Buffer.from('Content-Type: a\n\nContent-Type: b\n\nContent-Type: c\n\n'));
  t.same(
    frames.map((frame) => frame.contentType),
    ['a'],
  );
});

void t.test('hostile bytes either parse or are refused, and nothing else', async () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
      const parser = new FrameParser((frame) => {
        for (const [name, value] of frame.event.headers()) frame.event.header(`${name}${value}`);
      });
      try {
        for (const chunk of chunks) parser.push(Buffer.from(chunk));
      } catch (error) {
        return error instanceof FrameError;
      }
      return true;
    }),
  );
});
