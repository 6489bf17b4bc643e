import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import t, { type Test } from 'tap';
import { createTestDatabase } from '../../ops/dev-services/test-database.ts';
import { migrate } from '../../orm/migrate.ts';
import { until } from '../until.ts';

const main = resolve(import.meta.dirname, '../../ops/demo/main.ts');

interface Demo {
  readonly child: ChildProcess;
  /** What it wrote so far. */
  readonly text: () => string;
  readonly exited: Promise<number | string>;
  readonly databaseUrl: string;
  /** Its temporary folders are made in here. */
  readonly folder: string;
}

/**
 * `npm run demo -- …` on a database of its own: the PostgreSQL is the tests', whose start takes long; the Redis is
 * started by the demo itself, so that there is a child to leave behind.
 */
async function demo(t: Test, args: readonly string[], sql?: string): Promise<Demo> {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  if (sql !== undefined) {
    await migrate(database.url);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  }
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-demo-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { REDIS_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...env, DATABASE_URL: database.url, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  const exited = new Promise<number | string>((done) => {
    child.on('close', (code, signal) => done(code ?? signal ?? 'unknown'));
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, text: () => text, exited, databaseUrl: database.url, folder };
}

/** Its processes and theirs (Linux). */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  const own = readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  return own.flatMap((child) => [child, ...childrenOf(child)]);
}

/** What README's second block is answered, in its order. */
function checkSecondDay(t: Test, told: string): void {
  const answers = told.split('\n').filter(Boolean);
  const next = () => answers.shift() ?? '';
  t.match(next(), /"email":"ann@my-company\.example".*"initialPassword":null/);
  t.match(next(), /"name":"Made by Ann"/);
  t.match(next(), /"rows":2,"imported":2,"failed":0/);
  t.match(next(), /^id,listId,e164,/);
  t.match(next(), /\+15550107777,by letter/);
  t.match(next(), /\+15550108888,,/);
  t.match(next(), /^\{"entries":\[\{"e164":"\+15550108888"\}\],"next":null\}$/);
  t.match(next(), /"name":"My First Buyer"/);
  t.match(next(), /"type":"urn:callfabric:problem:precondition-failed"/);
  const tag = next();
  t.match(tag, /"name":"sold"/);
  t.equal(next(), tag, 'one tag, its answer twice');
  t.match(next(), /"scope":"buyer:.*"holders":\[/);
  t.match(next(), /"action":"tag\.create"/);
  t.match(answers.join('\n'), /^HTTP\/1\.1 200.*^content-type: text\/event-stream/ms);
}

/** Does what README tells a newcomer to do, and waits for the call to the new number. */
async function followReadme(t: Test, told: string): Promise<void> {
  const [, api = '', key = ''] = /^ +API=(\S+) KEY=(\S+)$/m.exec(told) ?? [];
  const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const [, first = ''] = /^## Add your own .*?```sh\n(.*?)```/ms.exec(readme) ?? [];
  const [, second = ''] = /^## Second day.*?```sh\n(.*?)```/ms.exec(readme) ?? [];
  const typed = first.replace(/^API=.*$/m, `API=${api} KEY=${key}`);
  // Nobody is there to end the stream with Ctrl-C.
  const watched = second.replace('cf -N', 'cf -N --max-time 1 --no-show-error -D -');
  const { stdout, stderr } = await promisify(execFile)('bash', [
    '-c',
    `${typed}\necho SECOND DAY\n${watched}\nrm "$JAR"`,
  ]);
  const [firstDay = '', secondDay = ''] = stdout.split('SECOND DAY\n');
  t.match(firstDay, /"state":"published"/);
  t.notMatch(firstDay, /urn:callfabric:problem/);
  t.equal(stderr, '');
  checkSecondDay(t, secondDay);
  const headers = { authorization: `Bearer ${key}` };
  const connected = `${api}/calls?did=%2B15550199001&outcome=connected`;
  const { calls } = await until(
    'the new number to be called',
    async () => {
      const page = (await (await fetch(connected, { headers })).json()) as { calls: object[] };
      return page.calls.length > 0 && page;
    },
    60_000,
  ).finally(() => t.comment(stdout));
  t.match(calls[0], { did: '+15550199001', outcome: 'connected' });
}

void t.test('20 calls: a summary read back from PostgreSQL, and 0', async (t) => {
  const { exited, text, folder } = await demo(t, ['--calls', '20', '--rate', '10']);
  if (!t.equal(await exited, 0)) t.comment(text());
  t.match(text(), /Admin API +http:\/\/127\.0\.0\.1:\d+\/docs +key \w+/);
  const [, summary = ''] = text().split('20 calls were placed. PostgreSQL has:');
  const sums = [...summary.matchAll(/^(\w+) +(\d+) +\d+ +\d+ +\d+ +[\d.]+$/gm)];
  t.equal(
    sums.reduce((sum, [, , calls]) => sum + Number(calls), 0),
    20,
  );
  t.ok(
    sums.some(([, outcome]) => outcome === 'connected'),
    summary,
  );
  t.match(summary, /Every call has its records\./);
  t.same(readdirSync(folder), [], 'its folders are gone');
});

void t.test('a CDR that is missing is named, and the demo fails', async (t) => {
  const forgetful = `
    create function forget() returns trigger language plpgsql as 'begin return null; end';
    create trigger forget before insert on cdr for each row when (new.side = 'B') execute function forget()`;
  const { exited, text } = await demo(t, ['--calls', '1'], forgetful);
  if (!t.equal(await exited, 1)) t.comment(text());
  t.match(text(), /^MISSING: [0-9a-f-]{36} \(connected\): 2 legs, but 1 CDRs$/m);
  t.match(text(), /^1 faults\.$/m);
});

for (const { name, args, code, word, whileItRuns } of [
  {
    name: 'the endless demo, which calls what README adds',
    args: ['--rate', '10'],
    code: 0,
    word: /Ending: live calls get 5 s/,
    whileItRuns: followReadme,
  },
  {
    name: 'before its calls were checked',
    args: ['--calls', '500', '--rate', '10'],
    code: 130,
    word: /^Interrupted: the calls were not checked\.$/m,
    whileItRuns: async () => {},
  },
])
  void t.test(`Ctrl-C ends it with ${code} and leaves nothing behind: ${name}`, async (t) => {
    const { child, exited, text, folder } = await demo(t, args);
    await until(
      'calls to flow',
      () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${text()}`);
        return /^\+1512555\d{4} .* abandoned/m.test(text());
      },
      120_000,
    ).finally(() => t.comment(text()));
    await whileItRuns(t, text());
    const children = childrenOf(child.pid ?? 0);
    if (existsSync('/proc/self/task')) t.ok(children.length > 0, 'Redis at least');
    t.ok(readdirSync(folder).length > 0);
    child.kill('SIGINT');
    if (!t.equal(await exited, code)) t.comment(text());
    t.match(text(), word);
    t.notMatch(text(), /MISSING|The demo failed/);
    await until('the last of its processes to be gone', () =>
      children.every((pid) => !existsSync(`/proc/${pid}`)),
    );
    t.same(readdirSync(folder), []);
  });
