/** A WAV file of silence: 16-bit PCM at 8 kHz. `claimedBytes` overrides what its header says. */
export function wav(durationMs: number, channels: 1 | 2 = 2, claimedBytes?: number): Buffer {
  const bytesPerSecond = 8000 * 2 * channels;
  const audio = Buffer.alloc((bytesPerSecond * durationMs) / 1000);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + audio.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(bytesPerSecond, 28);
  head.writeUInt16LE(2 * channels, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(claimedBytes ?? audio.length, 40);
  return Buffer.concat([head, audio]);
}
