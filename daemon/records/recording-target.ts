import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256Of } from './recording-file.ts';

/** A checked file on its way to where recordings are kept. */
export interface RecordingToStore {
  readonly path: string;
  /** Relative, with `/`: `<tenant>/<yyyy>/<mm>/<dd>/<recording>.wav`. */
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where recordings are kept. */
export interface RecordingTarget {
  /** Stores and verifies it there; returns its location (a URL). The local file stays. Rejects where it cannot. */
  store(recording: RecordingToStore): Promise<string>;
  /** Where it would be if an earlier try stored it but did not live to say so; undefined: not there. */
  find(key: string): Promise<{ readonly path: string } | undefined>;
  /** After the row says `stored`: the file at `path` is no longer needed. */
  forget(path: string): Promise<void>;
  /**
   * Deletes what is kept at a location, for good; one that is gone already is deleted. `leftover`: a copy that nobody
   * counts on being there. Rejects where it cannot be told, or is kept where this target does not reach.
   */
  remove(location: string, leftover?: 'leftover'): Promise<void>;
}

/**
 * Deletes the file at a `file:` URL, `<folder>/<tenant>/<yyyy>/<mm>/<dd>/<file>`. Where not even the tenant's folder is
 * there a disk is not mounted, or is another machine's: that is no sign that the file is gone.
 */
export async function removeFile(location: string, leftover?: 'leftover'): Promise<void> {
  if (!location.startsWith('file:'))
    throw new Error('it is kept in another store than CALLFABRIC_RECORDINGS_STORE names');
  const path = fileURLToPath(location);
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const tenantFolder = join(path, '../../../..');
    if (leftover === undefined && !(await isThere(tenantFolder)))
      throw new Error(`there is no folder ${tenantFolder}: is its disk mounted here?`, { cause: error });
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Recordings stay in the folder FreeSWITCH writes to. */
export const keepInPlace: RecordingTarget = {
  store: async ({ path }) => pathToFileURL(path).href,
  find: async () => undefined,
  forget: async () => {},
  remove: removeFile,
};

/** Recordings go to another folder, on any disk. */
export function folderTarget(folder: string): RecordingTarget {
  return {
    async store({ path, key, bytes, sha256 }) {
      const place = join(folder, key);
      await mkdir(dirname(place), { recursive: true, mode: 0o750 });
      const part = `${place}.part`;
      await copyFile(path, part, constants.COPYFILE_FICLONE);
      const copy = await open(part, 'r+');
      try {
        await copy.sync();
      } finally {
        await copy.close();
      }
      const copied = await stat(part);
      if (copied.size !== bytes || (await sha256Of(part)) !== sha256)
        throw new Error(`the copy at ${part} is not the file`);
      await rename(part, place);
      return pathToFileURL(place).href;
    },
    async find(key) {
      const path = join(folder, key);
      return (await isThere(path)) ? { path } : undefined;
    },
    forget: (path) => unlink(path),
    remove: removeFile,
  };
}
