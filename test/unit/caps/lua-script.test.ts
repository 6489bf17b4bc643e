import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { readScript, scripts } from '../../../daemon/caps/lua-script.ts';

const folder = resolve(import.meta.dirname, '../../../daemon/caps/scripts');

void t.test('every script in the folder is loaded, with its includes in it', async (t) => {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.lua'))
    .map((name) => name.slice(0, -4));
  t.same(Object.keys(scripts).sort(), files.sort());
  for (const script of Object.values(scripts)) {
    t.notMatch(script.source, /@include/, script.name);
    t.match(script.sha1, /^[0-9a-f]{40}$/);
  }
  t.match(scripts.acquire.source, /local function refusalMs/);
});

void t.test('every script says what its keys and arguments are and what it returns', async (t) => {
  for (const script of Object.values(scripts)) {
    const header = /^--\[\[([\s\S]+?)\]\]/.exec(script.source)?.[1] ?? '';
    t.match(header, /KEYS\[1\]/, script.name);
    t.match(header, /ARGV\[1\]/, script.name);
    t.match(header, /Returns/, script.name);
  }
});

void t.test('a script that is not there is an error at the start', async (t) => {
  t.throws(() => readScript('missing'), { code: 'ENOENT', path: join(folder, 'missing.lua') });
});
