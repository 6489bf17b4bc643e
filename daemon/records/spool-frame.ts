import { crc32 } from 'node:zlib';
import type { CallId } from '../telephony/ids.ts';
import type { RecordLine } from './record-line.ts';

const newline = 0x0a;
const head = /^([0-9a-f]{8}) (\d{1,10}) (session|switch|leg|held) (\S{1,64}) /;
const longestHead = 100;

/** `<crc32> <bytes> <source> <call id> <json>\n`: the JSON has no line break, so a reader finds the next frame after damage. */
export function encodeFrame(line: RecordLine): Buffer {
  const body = Buffer.from(line.text, 'utf8');
  const crc = crc32(body).toString(16).padStart(8, '0');
  return Buffer.concat([
    Buffer.from(`${crc} ${body.length} ${line.source} ${line.callId} `, 'latin1'),
    body,
    Buffer.from([newline]),
  ]);
}

/** One piece of a segment: a record, or bytes that are none (`torn`: the file ends within the frame). */
export type SpoolPiece =
  | { readonly kind: 'record'; readonly line: RecordLine; readonly end: number }
  | { readonly kind: 'damaged'; readonly bytes: Buffer; readonly torn: boolean; readonly end: number };

/** The pieces of a segment's bytes from `start` on. Never throws. */
export function* readFrames(bytes: Buffer, start = 0): Generator<SpoolPiece> {
  let at = start;
  while (at < bytes.length) {
    const found = head.exec(bytes.toString('latin1', at, at + longestHead));
    const bodyAt = at + (found?.[0].length ?? 0);
    const end = bodyAt + Number(found?.[2] ?? 0);
    if (found !== null && end < bytes.length && bytes[end] === newline) {
      const body = bytes.subarray(bodyAt, end);
      if (crc32(body) === Number.parseInt(found[1] ?? '', 16)) {
        const source = found[3] as RecordLine['source'];
        const line = { callId: (found[4] ?? '') as CallId, source, text: body.toString('utf8') } as const;
        at = end + 1;
        yield { kind: 'record', line, end: at };
        continue;
      }
    }
    const next = bytes.indexOf(newline, at);
    const stop = next === -1 ? bytes.length : next + 1;
    yield { kind: 'damaged', bytes: bytes.subarray(at, stop), torn: next === -1, end: stop };
    at = stop;
  }
}
