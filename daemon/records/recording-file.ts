import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** What a recording's file turned out to be. `empty`: a WAV file without one audio frame. */
export type RecordingFile =
  | {
      readonly kind: 'audio';
      readonly bytes: number;
      readonly durationMs: number;
      /** Lower-case hexadecimal. */
      readonly sha256: string;
      /** Milliseconds since 1970. */
      readonly changedAtMs: number;
      /** What of it is not there, in a sentence, where the header tells of more. */
      readonly cut: string | undefined;
    }
  | {
      readonly kind: 'empty';
      readonly bytes: number;
      readonly changedAtMs: number;
      readonly cut: string | undefined;
    }
  | { readonly kind: 'missing' }
  /** The disk, its rights or a limit of this process was in the way: it may be read later. */
  | { readonly kind: 'inaccessible'; readonly reason: string }
  /** What is in it is no recording. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Where the audio of a WAV file is, or why it is none. Source: RIFF WAVE; `data` may claim 0 or 2³²−1 where its writer died. */
export function wavAudio(
  head: Buffer,
  fileBytes: number,
):
  | { readonly audioBytes: number; readonly claimedBytes: number; readonly bytesPerSecond: number }
  | { readonly fault: string } {
  if (
    head.length < 12 ||
    head.toString('latin1', 0, 4) !== 'RIFF' ||
    head.toString('latin1', 8, 12) !== 'WAVE'
  )
    return { fault: 'not a WAV file' };
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= head.length; ) {
    const name = head.toString('latin1', at, at + 4);
    const size = head.readUInt32LE(at + 4);
    const bodyAt = at + 8;
    if (name === 'fmt ' && bodyAt + 16 <= head.length) bytesPerSecond = head.readUInt32LE(bodyAt + 8);
    if (name === 'data') {
      if (bytesPerSecond === 0) return { fault: 'a WAV file without its format' };
      const there = Math.max(0, fileBytes - bodyAt);
      const claimedBytes = size === 0 || size === 0xffffffff ? there : size;
      return { audioBytes: Math.min(claimedBytes, there), claimedBytes, bytesPerSecond };
    }
    at = bodyAt + size + (size % 2);
  }
  return { fault: 'a WAV file without audio data' };
}

/** Looks at a finished recording: size, duration from the WAV header, SHA-256 read as a stream. Never rejects. */
export async function inspectRecording(path: string): Promise<RecordingFile> {
  try {
    const file = await open(path, 'r');
    try {
      const { size, mtimeMs } = await file.stat();
      if (size === 0) return { kind: 'empty', bytes: 0, changedAtMs: mtimeMs, cut: undefined };
      const head = Buffer.alloc(Math.min(size, 8192));
      await file.read(head, 0, head.length, 0);
      const wav = wavAudio(head, size);
      if ('fault' in wav) return { kind: 'unreadable', reason: wav.fault };
      const msOf = (bytes: number): number => Math.round((bytes / wav.bytesPerSecond) * 1000);
      const durationMs = msOf(wav.audioBytes);
      const cut =
        wav.claimedBytes > wav.audioBytes
          ? `its header tells of ${msOf(wav.claimedBytes)} ms, ${durationMs} ms are there`
          : undefined;
      if (wav.audioBytes === 0) return { kind: 'empty', bytes: size, changedAtMs: mtimeMs, cut };
      return {
        kind: 'audio',
        bytes: size,
        durationMs,
        sha256: await sha256Of(path),
        changedAtMs: mtimeMs,
        cut,
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    return { kind: 'inaccessible', reason: String(error) };
  }
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
