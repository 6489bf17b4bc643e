import fc from 'fast-check';
import t from 'tap';
import { decodeValue } from '../../../daemon/esl/decode-value.ts';
import type { Frame } from '../../../daemon/esl/frame.ts';
import { FrameParser } from '../../../daemon/esl/frame-parser.ts';
import { JsonEvent } from '../../../daemon/esl/json-event.ts';
import { PlainEvent } from '../../../daemon/esl/plain-event.ts';
import { bytesFromSwitch, recordings } from './recordings.ts';

function recordedFrames(recording: string): Frame[] {
  const frames: Frame[] = [];
  new FrameParser((frame) => frames.push(frame)).push(bytesFromSwitch(recording));
  return frames;
}

void t.test('values that are no UTF-8 keep their raw text, the rest is decoded', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['%2B15125550100', '+15125550100'],
    ['caf%C3%A9', 'café'],
    ['caf%FF%FE', 'caf%FF%FE'],
    ['%', '%'],
    ['100%', '100%'],
    ['%4', '%4'],
    ['%zz%41', '%zzA'],
    ['%C3%A9%FF%41', 'é%FFA'],
    ['%ED%A0%80', '%ED%A0%80'],
    ['%F0%9F%98%80!%', '😀!%'],
    ['%C0%80', '%C0%80'],
    ['%F5%80%80%80%20', '%F5%80%80%80 '],
  ];
  for (const [raw, expected] of cases) t.equal(decodeValue(raw), expected, raw);
});

void t.test('decoding never throws, and what was encoded comes back', async () => {
  const pieces = fc.constantFrom('%', '%F', '%FF', '%C3', '%A9', '%E2%82%AC', '%ED%A0%80', 'é', 'x', '%00');
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 30 }),
      (parts) => typeof decodeValue(parts.join('')) === 'string',
    ),
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => decodeValue(encodeURIComponent(text)) === text),
  );
});

void t.test('every header of every recorded event is found by its name', async (t) => {
  for (const recording of recordings) {
    for (const frame of recordedFrames(recording)) {
      const first = new Map<string, string>();
      for (const [name, value] of frame.event.headers()) if (!first.has(name)) first.set(name, value);
      const lost = [...first].filter(([name, value]) => frame.event.header(name) !== value);
      if (lost.length > 0) t.same(lost, [], recording);
      if (frame.contentType.startsWith('text/event-')) t.match(frame.event.name, /^[A-Z_]+$/);
    }
  }
});

void t.test('the answer to connect is an event with decoded values', async (t) => {
  const [connect] = recordedFrames('sync/bridge_answered.jsonl');
  t.equal(connect?.contentType, 'command/reply');
  t.equal(connect?.event.name, 'CHANNEL_DATA');
  t.equal(connect?.event.header('Reply-Text'), '+OK\n');
  t.equal(connect?.event.header('Caller-Caller-ID-Number'), '+15125550100');
  t.equal(connect?.event.variable('socket_host'), '127.0.0.1');
});

void t.test('a display name of invalid UTF-8 is read as its raw text', async (t) => {
  const [connect] = recordedFrames('sync/bad_display_name.jsonl');
  t.equal(connect?.event.header('Caller-Caller-ID-Name'), 'caf%FF%FE %zz');
});

void t.test('a plain and a JSON recording of the same call read alike', async (t) => {
  const named = (recording: string, name: string) =>
    recordedFrames(recording)
      .map((frame) => frame.event)
      .find((event) => event.name === name);
  const plain = named('sync/bridge_answered.jsonl', 'CHANNEL_BRIDGE');
  const json = named('sync/bridge_answered.json.jsonl', 'CHANNEL_BRIDGE');
  for (const header of [
    'Caller-Caller-ID-Number',
    'variable_ringback',
    'variable_DP_MATCH',
    'Call-Direction',
  ]) {
    t.type(plain?.header(header), 'string');
    t.equal(plain?.header(header), json?.header(header), header);
  }
});

void t.test('header names of JavaScript’s own objects are names like any other', async (t) => {
  const text = 'Event-Name: CUSTOM\n__proto__: a\nconstructor: b\n\n';
  const json = '{"Event-Name":"CUSTOM","__proto__":"a","constructor":"b"}';
  for (const event of [new PlainEvent(text), new JsonEvent(json)]) {
    t.equal(event.header('__proto__'), 'a');
    t.equal(event.header('constructor'), 'b');
    t.equal(event.header('toString'), undefined);
  }
});

void t.test('the body of an event is never read as headers', async (t) => {
  const event = new PlainEvent(
    'Event-Name: BACKGROUND_JOB\nContent-Length: 24\n\n+OK 1\nUnique-ID: forged\n',
  );
  t.equal(event.header('Unique-ID'), undefined);
  t.equal(event.body, '+OK 1\nUnique-ID: forged\n');
  t.same(
    [...event.headers()].map(([name]) => name),
    ['Event-Name', 'Content-Length'],
  );
});

void t.test('a header FreeSWITCH wrote without a value is empty', async (t) => {
  t.equal(new PlainEvent('Event-Name: X\nvariable_a: _undef_\n\n').variable('a'), '');
});

void t.test('JSON that is no object has no headers and does no harm', async (t) => {
  for (const text of ['', '{', '[1]', '"x"', 'null', '{"a":']) {
    const event = new JsonEvent(text);
    t.equal(event.name, '');
    t.equal(event.body, text);
  }
});
