import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import t from 'tap';

const command = resolve(import.meta.dirname, '../../daemon/callfabric.js');

/** The machine's own `node`, where it is older than ours: what a person without Node 24 starts the command with. */
function olderNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  const found = folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path));
  if (found === undefined) return undefined;
  const version = spawnSync(found, ['--version'], { encoding: 'utf8' }).stdout;
  return Number(/^v(\d+)\./.exec(version)?.[1]) < 24 ? found : undefined;
}

void t.test('the command runs under our Node and says what it can do', async (t) => {
  const { stdout, status } = spawnSync(process.execPath, [command, 'help'], { encoding: 'utf8' });
  t.equal(status, 0);
  t.match(stdout, /start[\s\S]+migrate[\s\S]+seed[\s\S]+doctor/);
});

const older = olderNode();
void t.test(
  'the command runs under an older Node, which hands over to ours',
  { skip: older === undefined ? 'no node older than 24 on PATH' : false },
  async (t) => {
    const { stdout, stderr, status } = spawnSync(older ?? '', [command, 'help'], { encoding: 'utf8' });
    t.equal(status, 0, stderr);
    t.match(stdout, /doctor/);
  },
);

void t.test('a wrong command and wrong settings have exit codes of their own', async (t) => {
  t.equal(spawnSync(process.execPath, [command, 'dance']).status, 64);
  const started = spawnSync(process.execPath, [command, 'start'], {
    encoding: 'utf8',
    env: { CALLFABRIC_X: '1' },
  });
  t.equal(started.status, 78);
  t.match(started.stderr, /DATABASE_URL is not set[\s\S]+CALLFABRIC_X is no setting/);
});
