import { Client } from 'pg';
import type { Test } from 'tap';
import { createTestDatabase } from '../../ops/dev-services/test-database.ts';

export interface OwnDatabase {
  readonly url: string;
  readonly client: Client;
}

/** A database with nothing in it, and a client to look at it; both are gone with the test. */
export async function emptyDatabase(t: Test): Promise<OwnDatabase> {
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  t.teardown(async () => {
    await client.end();
    await database.drop();
  });
  return { url: database.url, client };
}
