import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One of scripts/*.lua with its includes, and the name Redis knows it by. */
export interface LuaScript {
  readonly name: string;
  readonly source: string;
  readonly sha1: string;
}

const folder = join(import.meta.dirname, 'scripts');

/** Reads a script; `--- @include "name"` stands for include/name.lua. @throws Error when a file is missing. */
export function readScript(name: string): LuaScript {
  const source = readFileSync(join(folder, `${name}.lua`), 'utf8').replace(
    /^--- @include "([a-z-]+)"$/gm,
    (_line, included: string) => readFileSync(join(folder, 'include', `${included}.lua`), 'utf8'),
  );
  return { name, source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** Every script of this room: their headers say what they take and return. */
export const scripts = {
  restore: readScript('restore'),
  acquire: readScript('acquire'),
  release: readScript('release'),
  renew: readScript('renew'),
  holders: readScript('holders'),
  counts: readScript('counts'),
  join: readScript('join'),
  take: readScript('take'),
  stay: readScript('stay'),
  leave: readScript('leave'),
  position: readScript('position'),
  beat: readScript('beat'),
  absent: readScript('absent'),
  living: readScript('living'),
  orphans: readScript('orphans'),
  keep: readScript('keep'),
  locate: readScript('locate'),
} as const satisfies Record<string, LuaScript>;
