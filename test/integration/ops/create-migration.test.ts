import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { createMigration, migrationName } from '../../../ops/database/create-migration.ts';
import { migrationsFolder } from '../../../orm/config.ts';

const snapshot = '.snapshot-callfabric.json';

/** A copy of the migrations; `change` alters what the snapshot remembers. */
function copy(t: Test, change: (text: string) => string): string {
  const folder = resolve(t.testdir());
  cpSync(migrationsFolder, folder, { recursive: true });
  writeFileSync(join(folder, snapshot), change(readFileSync(join(migrationsFolder, snapshot), 'utf8')));
  return folder;
}

void t.test('where the entities are as the snapshot has them, nothing is written', async (t) => {
  const folder = copy(t, (text) => text);
  const before = readdirSync(folder);
  t.equal(await createMigration('nothing', { folder }), undefined);
  t.same(readdirSync(folder), before);
});

void t.test(
  'what the snapshot lacks becomes a migration, formatted; then there is nothing more',
  async (t) => {
    const folder = copy(t, (text) => {
      const known = JSON.parse(text) as { tables: { name: string; columns: Record<string, unknown> }[] };
      delete known.tables.find(({ name }) => name === 'publisher')?.columns['enabled'];
      return JSON.stringify(known);
    });
    const made = await createMigration('Publishers can be switched-off', { folder });
    t.same(made?.statements, ['alter table "publisher" add "enabled" boolean not null default true;']);
    t.match(made?.file, /\/Migration\d{14}_publishers_can_be_switched_off\.ts$/);
    const text = readFileSync(made?.file ?? '', 'utf8');
    t.match(
      text,
      /^import \{ Migration \} from '@mikro-orm\/migrations';\n\nexport class Migration\d{14}_publishers/,
    );
    t.match(text, /extends Migration \{\n {2}override name = /, 'no empty line: Biome was there');
    t.equal(await createMigration('again', { folder }), undefined, 'the snapshot was written too');
  },
);

void t.test('a blank one may be asked for', async (t) => {
  const folder = copy(t, (text) => text);
  t.match(await createMigration('roles', { folder, blank: true }), { statements: ['select 1'] });
});

void t.test('a name is needed, and made fit', async (t) => {
  t.equal(migrationName(' Add buyer-notes! '), 'add_buyer_notes');
  for (const name of ['', ' ; ', '1', 'x'.repeat(61)])
    t.throws(() => migrationName(name), /Say what the migration does/, name);
});

void t.test('without its snapshot it would make everything again: it refuses', async (t) => {
  const folder = t.testdir({});
  await t.rejects(
    createMigration('all', { folder }),
    /There is no \.snapshot-callfabric\.json in .*: get it back/,
  );
});
