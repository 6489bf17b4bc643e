/** The database commands of package.json that only a developer has: db:migrate:create, db:migrate:reset, db:studio, db:erd. */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { ownersDatabaseSetting, ownersDatabaseUrl } from '../../daemon/config.ts';
import { nameOf } from '../../orm/database-fault.ts';

const usage = `npm run db:migrate:create -- <what it does> [--blank]
npm run db:migrate:reset [-- --yes]
npm run db:studio [-- --port <number>] [--no-open]
npm run db:erd
`;

const [command, ...rest] = process.argv.slice(2);

/** sysexits.h: EX_USAGE, EX_CONFIG. */
const exit = { good: 0, failed: 1, usage: 64, config: 78 } as const;

function say(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function complain(...lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`${line}\n`);
}

function databaseUrl(): string | undefined {
  const url = ownersDatabaseUrl();
  if (url !== undefined) return url;
  complain('DATABASE_URL is not set: set it as postgres://user:password@host:5432/callfabric');
  return undefined;
}

async function create(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: rest,
    options: { blank: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (positionals.length === 0) {
    complain('Say what the migration does: npm run db:migrate:create -- add buyer notes');
    return exit.usage;
  }
  const { createMigration } = await import('./create-migration.ts');
  const made = await createMigration(positionals.join(' '), { blank: values.blank });
  if (made === undefined) say('Nothing to make: the entities are as the migrations leave the database.');
  else
    say(
      `wrote ${made.file}`,
      ...made.statements.map((statement) => `  ${statement}`),
      'Read it, then apply it with `npm run db:migrate`; commit it with the snapshot beside it.',
    );
  return exit.good;
}

/** Whether the person at the terminal means it. */
async function confirmed(place: string, database: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(
      `Every row of ${place} will be deleted. Type the database's name, ${database}, to go on: `,
    );
    return answer.trim() === database;
  } finally {
    terminal.close();
  }
}

async function reset(): Promise<number> {
  const { values } = parseArgs({ args: rest, options: { yes: { type: 'boolean', default: false } } });
  const url = databaseUrl();
  if (url === undefined) return exit.config;
  const { place, database } = nameOf(url);
  const production = process.env['NODE_ENV'] === 'production';
  if (!production && !values.yes) {
    if (!process.stdin.isTTY) {
      complain(
        `Nothing was done: every row of ${place} would be deleted. Say that you mean it: npm run db:migrate:reset -- --yes`,
      );
      return exit.usage;
    }
    if (!(await confirmed(place, database))) {
      complain('Nothing was done: that is not its name.');
      return exit.failed;
    }
  }
  const { resetSchema } = await import('./reset-schema.ts');
  const { dropped, applied } = await resetSchema(url, { production, setting: ownersDatabaseSetting() });
  say(
    `dropped ${dropped} tables of ${place}`,
    ...applied.map((name) => `applied ${name}`),
    'It has no tenant: `npm run db:seed` adds the development data.',
  );
  return exit.good;
}

async function studio(): Promise<number> {
  const { values } = parseArgs({
    args: rest,
    options: { port: { type: 'string', default: '0' }, 'no-open': { type: 'boolean', default: false } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    complain(`--port takes a number from 0 to 65535, not ${values.port}.`);
    return exit.usage;
  }
  const url = databaseUrl();
  if (url === undefined) return exit.config;
  const ended = new Promise<unknown>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  });
  const { startStudio } = await import('./studio/server.ts');
  const running = await startStudio(url, port, ownersDatabaseSetting());
  say(`The data of ${nameOf(url).place}, read only, until Ctrl-C:`, running.address);
  if (!values['no-open']) {
    const { openBrowser } = await import('./studio/open-browser.ts');
    openBrowser(running.address);
  }
  await ended;
  await running.stop();
  return exit.good;
}

async function erd(): Promise<number> {
  const { drawErd } = await import('./erd/draw.ts');
  say(...(await drawErd(resolve(import.meta.dirname, '..'))));
  return exit.good;
}

const commands: Record<string, () => Promise<number>> = {
  'migrate:create': create,
  'migrate:reset': reset,
  studio,
  erd,
};

try {
  const work = commands[command ?? ''];
  if (work === undefined) complain(usage);
  process.exitCode = await (work?.() ?? exit.usage);
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
      ? exit.usage
      : exit.failed;
}
