import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';

/** A file that says so needs a process to itself; why stands behind it. */
const alone = /^\/\/ Alone in its process: \S/m;

/**
 * Puts test files (paths in `root`) into `groups` modules in `folder` that import them one after the other; returns the
 * modules and the files that stay alone. To start a process and to load the daemon's modules is most of what a small
 * file takes: a group does it once. Neighbours share a group, for they load the same.
 */
export function together(
  root: string,
  folder: string,
  files: readonly string[],
  groups: number,
): readonly string[] {
  const shared: string[] = [];
  const single: string[] = [];
  for (const file of files.toSorted())
    (alone.test(readFileSync(join(root, file), 'utf8')) ? single : shared).push(file);
  mkdirSync(folder, { recursive: true });
  const size = Math.max(1, Math.ceil(shared.length / groups));
  const made: string[] = [];
  for (let at = 0; at < shared.length; at += size) {
    const path = join(folder, `${basename(folder)}-${made.length + 1}.mjs`);
    const imports = shared
      .slice(at, at + size)
      .map((file) => `import '${relative(folder, join(root, file))}';`);
    writeFileSync(path, `${imports.join('\n')}\n`);
    made.push(relative(root, path));
  }
  return [...made, ...single];
}
