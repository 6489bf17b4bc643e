import { writeFileSync } from 'node:fs';

const rate = 8000;
const sampleBytes = 2;
/** 20 ms of a quiet 400 Hz square wave: not silence, so that a reader can tell it from an empty recording. */
const cycle = Buffer.alloc(20 * sampleBytes);
for (let sample = 0; sample < 20; sample++)
  cycle.writeInt16LE(sample < 10 ? 800 : -800, sample * sampleBytes);

/** A stretch of a file that was masked. */
export interface Silence {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Writes 16-bit PCM of the given length into a folder that exists. Throws what the file system throws. */
export function writeWav(
  path: string,
  audio: { readonly ms: number; readonly channels: 1 | 2; readonly silences: readonly Silence[] },
): void {
  const frameBytes = sampleBytes * audio.channels;
  const bytesOf = (ms: number): number => Math.floor((ms * rate) / 1000) * frameBytes;
  const size = bytesOf(audio.ms);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + size, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(audio.channels, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * frameBytes, 28);
  head.writeUInt16LE(frameBytes, 32);
  head.writeUInt16LE(8 * sampleBytes, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(size, 40);
  const body = Buffer.alloc(size, cycle);
  for (const { fromMs, toMs } of audio.silences) body.fill(0, bytesOf(fromMs), bytesOf(toMs));
  writeFileSync(path, Buffer.concat([head, body]));
}
