/**
 * `npm test`: format and lint → types → architecture → unit → integration → commands → end to end → live.
 * Starts one PostgreSQL and one Redis for all, goes through every stage whatever the others found, and closes with
 * `N passed, M failed, K skipped`.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startPostgres } from '../ops/dev-services/postgres.ts';
import { startRedis } from '../ops/dev-services/redis.ts';
import { failures } from './failures.ts';
import { together } from './together.ts';

const root = resolve(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);
const cache = join(root, 'node_modules/.cache/callfabric-tests');
/** What a file's modules compile to is kept for the next: to start is half of what most files take. */
const compiled = { NODE_COMPILE_CACHE: join(cache, 'compiled') };
const totals = { passed: 0, failed: 0, skipped: 0 };
const failed: string[] = [];

interface Finished {
  readonly code: number;
  readonly output: string;
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  echo: boolean,
): Promise<Finished> {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (echo) process.stdout.write(text);
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}

async function check(name: string, command: string, args: readonly string[]): Promise<boolean> {
  const { code } = await run(command, args, process.env, true);
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}: ${name}\n`);
  return code === 0;
}

interface Stage {
  /** Processes at once. */
  readonly jobs: number;
  /** Files share this many processes. Default: each has its own. */
  readonly groups?: number;
  /** What one process may take on a machine that has other things to do. Default 120. */
  readonly seconds?: number;
}

/** Runs one folder's test files with tap and adds its assertions to the totals. */
async function tests(
  folder: string,
  { jobs, groups, seconds = 120 }: Stage,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  const path = join(root, 'test', folder);
  if (!existsSync(path)) return true;
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', folder, name));
  if (files.length === 0) return true;
  const startedAt = Date.now();
  const { code, output } = await run(
    bin('tap'),
    [
      'run',
      '--reporter=tap',
      `--jobs=${jobs}`,
      `--timeout=${seconds}`,
      // A process that ends by itself waits for its compiler's threads, and Maglev's may wait for a collection by the
      // thread that waits: one in ten of the longer files never ended (nodejs/node#54918).
      '--node-arg=--no-maglev',
      ...(groups === undefined ? files : together(root, join(cache, 'together', folder), files, groups)),
    ],
    { ...env, ...compiled },
    false,
  );
  let [passed, broken, skipped] = [0, 0, 0];
  for (const line of output.split('\n')) {
    if (/^\s*(not )?ok \d+ .*# SKIP/i.test(line)) {
      skipped += 1;
      process.stdout.write(`${line.trim()}\n`);
    } else if (/^\s+ok \d+/.test(line) && !line.includes('{')) passed += 1;
    else if (/^\s*not ok \d+/.test(line) && !/# TODO/i.test(line)) broken += 1;
  }
  totals.passed += passed;
  totals.failed += broken;
  totals.skipped += skipped;
  const good = code === 0 && broken === 0;
  if (!good) {
    if (broken === 0) totals.failed += 1;
    failed.push(...failures(output));
    process.stdout.write(output);
  }
  process.stdout.write(
    `${good ? 'ok' : 'FAILED'}: ${folder} (${files.length} files, ${passed} passed, ${broken} failed, ${skipped} skipped, ${((Date.now() - startedAt) / 1000).toFixed(0)} s)\n`,
  );
  return good;
}

/**
 * tap makes its plugins' code once an installation: without this its first run would still have the one for TypeScript.
 * Only where that is so, for building pulls the code away from under any other run of these tests.
 */
async function buildTap(): Promise<void> {
  const plugins = join(root, 'node_modules/@tapjs/test/test-built/dist/esm/index.js');
  if (existsSync(plugins) && !readFileSync(plugins, 'utf8').includes('"@tapjs/typescript"')) return;
  const built = await run(bin('tap'), ['build'], process.env, false);
  if (built.code !== 0) throw new Error(`tap build failed:\n${built.output}`);
}

async function main(): Promise<void> {
  await buildTap();
  const only = process.argv.slice(2);
  const wanted = (stage: string): boolean => only.length === 0 || only.includes(stage);
  let good = true;
  if (wanted('lint')) {
    good = (await check('format', bin('biome'), ['ci', '.'])) && good;
    good = (await check('lint', bin('oxlint'), ['--type-aware'])) && good;
  }
  if (wanted('types')) good = (await check('types', bin('tsc'), ['--noEmit'])) && good;
  if (wanted('architecture')) good = (await tests('architecture', { jobs: 1 }, process.env)) && good;
  if (wanted('unit')) good = (await tests('unit', { jobs: 2, groups: 8, seconds: 300 }, process.env)) && good;
  if (['integration', 'commands', 'e2e', 'live'].some(wanted)) {
    const postgres = await startPostgres();
    const redis = await startRedis();
    const env = { ...process.env, DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    try {
      if (wanted('integration'))
        good = (await tests('integration', { jobs: 2, groups: 10, seconds: 300 }, env)) && good;
      // Processes that mostly wait for each other: side by side they take half as long.
      if (wanted('commands')) good = (await tests('commands', { jobs: 3, seconds: 300 }, env)) && good;
      if (wanted('e2e')) good = (await tests('e2e', { jobs: 2, seconds: 300 }, env)) && good;
      if (wanted('live')) good = (await tests('live', { jobs: 1, seconds: 300 }, env)) && good;
    } finally {
      await redis.stop();
      await postgres.stop();
    }
  }
  for (const failure of failed) process.stdout.write(`\nFAILED: ${failure}\n`);
  process.stdout.write(
    `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}\n`,
  );
  process.exitCode = good && totals.failed === 0 ? 0 : 1;
}

await main();
