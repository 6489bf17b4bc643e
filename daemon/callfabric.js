#!/usr/bin/env node
// Starts the daemon's commands under Node 24, whatever `node` is on PATH: the package `node` brings one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // Types are stripped once, not at every start: the stripper alone is 25 MB of memory and half a second.
  module.enableCompileCache();
  await import('./main.ts');
} else if (existsSync(own)) {
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
} else {
  process.stderr.write(
    `callfabric needs Node 24 or newer; this is ${process.version}. Run 'npm ci' in its folder, which brings one.\n`,
  );
  process.exitCode = 78;
}
