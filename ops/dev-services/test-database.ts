import { randomBytes } from 'node:crypto';
import { Client, escapeIdentifier } from 'pg';
import type { DevService } from './docker-engine.ts';
import { startPostgres } from './postgres.ts';

/** A database that one test file has for itself. */
export interface TestDatabase {
  readonly url: string;
  /** Drops it (connections still open are ended), and ends the server if it was started for this file alone. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /**
   * Prepares a template once a server (migrations, seed); each test database is then a fast copy of it.
   * `name` must change with what `prepare` does. `prepare` must close its connections.
   */
  readonly template?: { readonly name: string; prepare(url: string): Promise<void> };
}

let shared: { readonly server: Promise<DevService>; users: number } | undefined;

/**
 * A fresh, uniquely named database. With DATABASE_URL set (the test runner starts one server and exports it) it is
 * made there; without, this file starts a server of its own, so that one test file can be run alone.
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  shared ??= { server: startPostgres(), users: 0 };
  const mine = shared;
  mine.users += 1;
  const server = await mine.server;
  const name = `cf_test_${randomBytes(8).toString('hex')}`;
  const template =
    options.template === undefined ? undefined : await ensureTemplate(server.url, options.template);
  await withClient(server.url, async (client) => {
    const copy = template === undefined ? '' : ` template ${escapeIdentifier(template)}`;
    await whenFree(() => client.query(`create database ${escapeIdentifier(name)}${copy}`));
  });
  let dropped: Promise<void> | undefined;
  return {
    url: inDatabase(server.url, name),
    drop: () => {
      dropped ??= drop(mine, server, name);
      return dropped;
    },
  };
}

async function drop(mine: { users: number }, server: DevService, name: string): Promise<void> {
  await withClient(server.url, async (client) => {
    await whenFree(() => client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`));
  });
  mine.users -= 1;
  if (mine.users > 0) return;
  if (shared === mine) shared = undefined;
  await server.stop();
}

async function ensureTemplate(
  url: string,
  template: NonNullable<TestDatabaseOptions['template']>,
): Promise<string> {
  const name = `cf_template_${template.name}`;
  await withClient(url, async (client) => {
    // One test file prepares it, the others wait for that one.
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const found = await client.query('select datistemplate from pg_database where datname = $1', [name]);
    const finished: unknown = found.rows[0]?.datistemplate;
    if (finished === true) return;
    await client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
    await client.query(`create database ${escapeIdentifier(name)}`);
    await template.prepare(inDatabase(url, name));
    // Marked only when finished: a crash in between must not leave half a template.
    await client.query(`alter database ${escapeIdentifier(name)} is_template true allow_connections false`);
  });
  return name;
}

/** PostgreSQL gives sessions that it ends 5 s to be gone, then refuses (object_in_use): a busy machine takes longer. */
async function whenFree(statement: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await statement();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== '55006' || attempt === 5) throw error;
    }
}

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
