import { Client } from 'pg';

const login = 'callfabric_test_daemon';

/**
 * The database at `url` as a login that owns nothing and may do nothing but take on the daemon's two roles: what works
 * through it was done as one of them. The roles must be there (migrations make them); the login stays with the server.
 */
export async function plainLogin(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // One statement, all or nothing: several test files may come here at once.
    await client.query(`do $$ begin
      create role ${login} login noinherit password 'daemon' in role callfabric_daemon, callfabric_api;
    exception when duplicate_object or unique_violation then null; end $$`);
  } finally {
    await client.end();
  }
  const plain = new URL(url);
  [plain.username, plain.password] = [login, 'daemon'];
  return plain.href;
}
