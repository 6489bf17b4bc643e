import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { sep } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

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

/**
 * Recordings that are files in one of these folders. Whatever a row names, by `..`, a link or at all, nothing outside
 * of them is opened.
 */
export function fileSource(folders: readonly string[]): RecordingSource {
  return {
    async read({ location, bytes, range, signal }) {
      const disk = `the disk of ${hostname()}`;
      const file = await openWithin(folders, location).catch((error: unknown) => {
        if (error instanceof RecordingNotRead) throw error;
        const lost = leadsNowhere.includes((error as NodeJS.ErrnoException).code ?? '');
        throw lost
          ? new RecordingNotRead('missing', `its file is not on ${disk}`, error)
          : new RecordingNotRead('unreachable', `its file on ${disk} cannot be opened`, error);
      });
      try {
        const found = await file.stat();
        if (!found.isFile() || found.size !== bytes)
          throw new RecordingNotRead(
            'missing',
            `what is in its place on ${disk} is not the file that was kept`,
          );
        signal.throwIfAborted();
        return file.createReadStream({
          start: range?.from ?? 0,
          end: range?.to ?? Math.max(0, bytes - 1),
          signal,
        });
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
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
  const roots = await Promise.allSettled(folders.map((folder) => realpath(folder)));
  const inside = roots.some((root) => root.status === 'fulfilled' && real.startsWith(root.value + sep));
  if (!inside) throw elsewhere();
  // What has become a link meanwhile is not followed; a pipe is not waited for.
  return open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
