import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The whole environment of a script. */
export type Env = Readonly<Record<string, string>>;

/** Starts a script of package.json; without npm, which takes longer than all it starts. */
export function start(
  script: string,
  args: readonly string[],
  env: Env,
): { child: ChildProcess; out: () => string; err: () => string } {
  const [program, ...words] = (scripts[script] ?? `no script ${script}`).split(' ');
  if (program !== 'node') throw new Error(`${script} does not start with node`);
  const child = spawn(process.execPath, [...words, ...args], {
    cwd: root,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return { child, out: () => out, err: () => err };
}

/** Runs a script of package.json to its end. */
export async function run(script: string, args: readonly string[], env: Env) {
  const { child, out, err } = start(script, args, env);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out: out(), err: err() };
}
