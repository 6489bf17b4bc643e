import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MikroORM } from '@mikro-orm/postgresql';
import { migrationsFolder, ormConfig } from '../../orm/config.ts';

/** Where the migrations and their snapshot are; a test has its own copy. */
export interface CreateMigrationOptions {
  readonly folder?: string;
  /** True: an empty one, for what no entity says (data, roles, partitions). */
  readonly blank?: boolean;
}

/** A migration that was written. */
export interface CreatedMigration {
  readonly file: string;
  readonly statements: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');

/** A migration's name as its file has it: `Add buyer-notes` is `add_buyer_notes`. Throws where nothing is left of it. */
export function migrationName(words: string): string {
  const name = words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (!/^[a-z]/.test(name) || name.length > 60)
    throw new Error(
      'Say what the migration does, in up to 60 letters: npm run db:migrate:create -- add buyer notes',
    );
  return name;
}

/**
 * Writes the migration from the schema that the snapshot remembers to the one that the entities describe, formatted as
 * the rest of the code, and the snapshot. No database is asked: two people's databases may differ, the snapshot is
 * committed. Undefined where there is nothing to change.
 */
export async function createMigration(
  words: string,
  options: CreateMigrationOptions = {},
): Promise<CreatedMigration | undefined> {
  const name = migrationName(words);
  const folder = options.folder ?? migrationsFolder;
  const config = ormConfig('postgres://nobody@localhost/none');
  const { snapshotName } = config.migrations ?? {};
  if (!existsSync(join(folder, `${snapshotName}.json`)))
    throw new Error(`There is no ${snapshotName}.json in ${folder}: get it back from the repository.`);
  const orm = new MikroORM({ ...config, migrations: { ...config.migrations, path: folder } });
  const { fileName, diff } = await orm.migrator.create(folder, options.blank === true, false, name);
  if (fileName === '') return undefined;
  const file = join(folder, fileName);
  format(file);
  return { file, statements: diff.up.filter((statement) => statement !== '') };
}

function format(file: string): void {
  const biome = join(root, 'node_modules/.bin/biome');
  const { status, stderr } = spawnSync(
    biome,
    ['format', '--write', '--vcs-enabled=false', `--config-path=${join(root, 'biome.json')}`, file],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(`${file} was written but not formatted; run \`npm run format\`. ${stderr ?? ''}`.trim());
}
