#!/usr/bin/env node
// Starts the daemon's commands under Node 24, whatever `node` is on PATH: the package `node` brings one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

/**
 * What V8 reads at its start only, each where nobody gave it.
 * - Left alone, the young generation takes 134 MB at the first busy second and never gives them back; with this it is
 *   17. Its price in CPU time a call was below what could be measured.
 * - main.ts collects the garbage of the start, a fifth of the memory of an idle daemon.
 * - A Maglev thread that waits for a collection can keep a process from ending (nodejs/node#54918): systemd would wait
 *   for a daemon that is gone as long as for one with calls.
 */
const flags = ['--max-semi-space-size=8', '--expose-gc', '--no-maglev'];

const { execArgv, argv, env, versions } = process;
const [major, minor] = versions.node.split('.').map(Number);
/** 24.7 has argon2 of its own. */
const rightNode = major > 24 || (major === 24 && minor >= 7);
const given = `${execArgv.join(' ')} ${env.NODE_OPTIONS ?? ''}`;
const missing = flags.filter((flag) => !given.includes(flag.split('=')[0].replace(/^--(no-)?/, '')));
// A parent that talks over Node's own channel (`node --watch`) would be cut off.
const mayReplace = env.NODE_CHANNEL_FD === undefined && typeof process.execve === 'function';

/** Node, its flags and the command, to be run by `node`. */
const again = (node) => [node, ...missing, ...execArgv, self, ...argv.slice(2)];

if (rightNode && (missing.length === 0 || argv[2] !== 'start' || !mayReplace)) {
  // Types are stripped once, not at every start: the stripper alone is 25 MB of memory and half a second.
  module.enableCompileCache();
  await import('./main.ts');
} else if (rightNode) {
  // The same process goes on, with its number, its files and its parent.
  process.execve(process.execPath, again(process.execPath), env);
} else if (existsSync(own)) {
  const [, ...words] = again(own);
  const child = spawn(own, words, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
} else {
  process.stderr.write(
    `callfabric needs Node 24.7 or newer; this is ${process.version}. Run 'npm ci' in its folder, which brings one.\n`,
  );
  process.exitCode = 78;
}
