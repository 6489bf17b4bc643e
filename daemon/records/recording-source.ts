import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { sep } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DiskTurns } from './disk-turns.ts';

/** Bytes of a file, both ends included, as HTTP counts them. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** A stored recording that somebody wants to hear. */
export interface RecordingToRead {
  /** `file:///…` or `s3://bucket/key`. */
  readonly location: string;
  /** Its size when it was verified: a file of another size is another file. */
  readonly bytes: number;
  /** Undefined: all of it. */
  readonly range: ByteRange | undefined;
  /** Aborted when nobody listens any more: ends the stream too. */
  readonly signal: AbortSignal;
}

/** Where recordings are read. */
export interface RecordingSource {
  /** Resolves when its bytes begin to come. Rejects with RecordingNotRead. */
  read(recording: RecordingToRead): Promise<Readable>;
}

/** Why a recording cannot be read. The message may be told to whoever asked: it names no path; `cause` may. */
export class RecordingNotRead extends Error {
  override readonly name = 'RecordingNotRead';
  /** `missing`: it is not there. `unreachable`: nobody knows, for its disk or store does not answer as it should. */
  readonly kind: 'missing' | 'unreachable';
  constructor(kind: RecordingNotRead['kind'], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** The system's words for: this path leads nowhere. */
const leadsNowhere = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'];

/** Of Node's four threads for files; read in pieces of 64 KB. */
const readsAtOnce = 2;
const pieceBytes = 65_536;
/** Of what is done whoever goes. */
const forGood = new AbortController().signal;

/**
 * Recordings that are files in one of these folders. Whatever a row names, by `..`, a link or at all, nothing outside
 * of them is opened.
 */
export function fileSource(folders: readonly string[]): RecordingSource {
  const turns = new DiskTurns(readsAtOnce);
  return {
    async read({ location, bytes, range, signal }) {
      const disk = `the disk of ${hostname()}`;
      const file = await turns
        .take(signal, () => openWithin(folders, location))
        .catch((error: unknown) => {
          if (error instanceof RecordingNotRead || signal.aborted) throw error;
          const lost = leadsNowhere.includes((error as NodeJS.ErrnoException).code ?? '');
          throw lost
            ? new RecordingNotRead('missing', `its file is not on ${disk}`, error)
            : new RecordingNotRead('unreachable', `its file on ${disk} cannot be opened`, error);
        });
      try {
        const found = await turns.take(signal, () => file.stat());
        if (!found.isFile() || found.size !== bytes)
          throw new RecordingNotRead(
            'missing',
            `what is in its place on ${disk} is not the file that was kept`,
          );
        signal.throwIfAborted();
        const { from, to } = range ?? { from: 0, to: bytes - 1 };
        return addAbortSignal(signal, audioOf(turns, file, from, to));
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
}

/** The bytes of an open file, which is closed with the stream. */
function audioOf(turns: DiskTurns, file: FileHandle, from: number, to: number): Readable {
  let at = from;
  const gone = new AbortController();
  const piece = async (): Promise<Buffer | null> => {
    const length = Math.min(pieceBytes, to - at + 1);
    if (length <= 0) return null;
    const { bytesRead, buffer } = await turns.take(gone.signal, () =>
      file.read(Buffer.allocUnsafe(length), 0, length, at),
    );
    at += bytesRead;
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  };
  return new Readable({
    highWaterMark: pieceBytes,
    read() {
      piece().then(
        (bytes) => this.push(bytes),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      gone.abort(new Error('nobody listens any more'));
      // In a turn too, for a disk that hangs may not even let go of a file; nobody waits for it.
      turns.take(forGood, () => file.close()).catch(() => {});
      done(error);
    },
  });
}

async function openWithin(folders: readonly string[], location: string): Promise<FileHandle> {
  const elsewhere = (cause?: unknown): RecordingNotRead =>
    new RecordingNotRead('missing', `it is kept where ${hostname()} does not look for recordings`, cause);
  if (!location.startsWith('file:')) throw elsewhere();
  let path: string;
  try {
    path = fileURLToPath(location);
  } catch (error) {
    throw elsewhere(error);
  }
  const real = await realpath(path);
  let inside = false;
  // One after the other: each has a thread while it lasts.
  for (const folder of folders)
    inside ||= await realpath(folder).then(
      (root) => real.startsWith(root + sep),
      () => false,
    );
  if (!inside) throw elsewhere();
  // What has become a link meanwhile is not followed; a pipe is not waited for.
  return open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
