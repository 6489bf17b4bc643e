import { chmodSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RecordingFolders } from '../../../daemon/records/recording-folders.ts';
import { seededDatabase } from '../seeded-database.ts';
import { writeSetup } from './write-setup.ts';

void t.test('FreeSWITCH finds its folders made, with rights for the group they share', async (t) => {
  const database = await seededDatabase();
  t.teardown(() => database.drop());
  const root = t.testdir();
  const { orm, tenantId, close } = await writeSetup(database.url, join(root, 'spool'));
  t.teardown(close);
  const folder = join(root, 'recordings');
  const folders = new RecordingFolders(orm, folder);
  const evening = Date.parse('2026-12-31T23:59:30Z');
  await folders.make(evening);
  t.notOk(existsSync(folder), 'a disk that is not there is not made up');

  mkdirSync(folder);
  chmodSync(folder, 0o2770);
  const umask = process.umask(0o007); // as the unit has it
  t.teardown(() => process.umask(umask));
  await folders.make(evening);
  for (const day of ['2026', '2026/12', '2026/12/31', '2027/01/01']) {
    const { mode } = statSync(join(folder, tenantId, day));
    t.equal(mode & 0o7777, 0o2770, day);
  }
  rmSync(join(folder, tenantId), { recursive: true });
  await folders.make(evening + 1000);
  t.notOk(existsSync(join(folder, tenantId)), 'each once');
  await folders.make(evening + 86_400_000);
  t.ok(existsSync(join(folder, tenantId, '2027/01/02')));
});
