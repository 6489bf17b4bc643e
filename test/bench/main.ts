/** `npm run bench`: every figure the project promises, measured on this machine, as a table or as lines of JSON. */
import { parseArgs } from 'node:util';
import { benchApiLists } from './api-lists.ts';
import type { BenchRow } from './bench-row.ts';
import { benchEightStepCalls, benchLiveCalls } from './eight-step-calls.ts';
import { benchFrameParser } from './frame-parser.ts';
import { benchPostDialDelay } from './post-dial-delay.ts';

/**
 * Those of which a target that is not met fails the run: they are compared with plain numbers that hold on any machine.
 * The others depend on the machine and on what else runs there.
 */
const promised: ReadonlySet<string> = new Set(['api']);

const benches: Readonly<Record<string, (profile: string | undefined, cps: number) => Promise<BenchRow[]>>> = {
  parser: () => benchFrameParser(),
  calls: benchEightStepCalls,
  memory: benchLiveCalls,
  api: benchApiLists,
  dial: (_profile, cps) => benchPostDialDelay(cps),
};

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    profile: { type: 'string' },
    cps: { type: 'string', default: '40' },
    help: { type: 'boolean', default: false },
  },
});
const chosen = values.only.length === 0 ? Object.keys(benches) : values.only;
const cps = Number(values.cps);
const wrong = chosen.some((name) => benches[name] === undefined) || !Number.isInteger(cps) || cps < 1;
if (values.help || wrong) {
  process.stdout.write(`npm run bench -- [--json] [--only ${Object.keys(benches).join('|')}] [--profile <folder>] [--cps <n>]

A list of the API that takes longer than promised (--only api) ends it with 1, as does a bench that fails; other
figures that miss their target are told alone.

  --json      one object a line: name, value, unit, peer, ratio, target, met, more
  --only      this bench alone; may be given several times
  --profile   leaves the daemon's CPU profile in this folder
  --cps       calls a second for the post-dial delay; 40 unless told
`);
  process.exit(values.help ? 0 : 64);
}

const widths = [48, 12, 9, 10, 8, 22] as const;

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => `${cell} `.padEnd(widths[index] ?? 0))
    .join('')
    .trimEnd();
}

function print(row: BenchRow): void {
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...row, ratio: row.ratio ?? null })}\n`);
    return;
  }
  const { name, value, unit, peer, ratio, target, met, more } = row;
  const cells = [
    name,
    String(value),
    unit,
    peer,
    ratio === undefined ? '' : `${ratio} x`,
    target,
    met ? 'met' : 'NOT MET',
  ];
  process.stdout.write(`${line(cells)}\n`);
  const further = Object.entries(more ?? {}).map(([key, figure]) => `${key} ${figure}`);
  if (further.length > 0) process.stdout.write(`    ${further.join(', ')}\n`);
}

if (!values.json) process.stdout.write(`${line(['WHAT', 'VALUE', 'UNIT', 'PEER', 'RATIO', 'TARGET', ''])}\n`);
// Children are ended by what listens to `exit`, which a signal alone does not bring about.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

let failed = false;
for (const name of chosen) {
  try {
    for (const row of (await benches[name]?.(values.profile, cps)) ?? []) {
      print(row);
      if (promised.has(name) && !row.met) failed = true;
    }
  } catch (error) {
    failed = true;
    process.stderr.write(
      `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  }
}
process.exit(failed ? 1 : 0);
