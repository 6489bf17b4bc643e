import { Client } from 'pg';
import t, { type Test } from 'tap';
import { catalogueOf, type StudioTable } from '../../../ops/database/studio/catalogue.ts';
import { opener } from '../../../ops/database/studio/open-browser.ts';
import { readRows } from '../../../ops/database/studio/rows.ts';
import { startStudio } from '../../../ops/database/studio/server.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { seededDatabase } from '../seeded-database.ts';

async function studio(t: Test) {
  const database = await seededDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const running = await startStudio(database.url);
  t.teardown(async () => {
    await running.stop();
    await running.stop(); // twice is harmless
    await client.end();
    await database.drop();
  });
  const get = async (path: string) => {
    const answer = await fetch(new URL(path, running.address), { headers: { connection: 'close' } });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { ...running, url: database.url, client, get };
}

/** The address of the link that `text` has with these words. */
function link(text: string, words: string): string {
  const found = new RegExp(`<a href="([^"]+)"[^>]*>${words}</a>`).exec(text)?.[1];
  return (found ?? 'no-such-link').replaceAll('&amp;', '&');
}

void t.test('it shows tables, rows and one row, and leads along the foreign keys', async (t) => {
  const { get, client } = await studio(t);
  const home = await get('');
  t.equal(home.status, 200);
  t.match(home.text, /read only[\s\S]*/);
  const numbers = await get(link(home.text, 'phone_number'));
  t.match(numbers.text, /\+15551234567[\s\S]*|\+15559876543/);
  const campaign = (await client.query<{ id: string }>('select id from campaign')).rows[0]?.id ?? '';
  const campaigns = await get(link(numbers.text, campaign));
  t.match(campaigns.text, 'Test Campaign');
  const whole = await get(link(campaigns.text, '⤢'));
  t.match(whole.text, 'Referred to by');
  const back = await get(link(whole.text, 'phone_number\\.campaign_id'));
  t.match(back.text, '+15559876543', 'the rows that refer to it');
  const one = await get('phone_number?column=e164&value=%2B15551234567');
  t.match(one.text, '+15551234567');
  t.notMatch(one.text, /\+15559876543/);
});

void t.test('many rows come in pages: each once, newest key first', async (t) => {
  const { get, client } = await studio(t);
  await client.query(
    "insert into publisher (id, tenant_id, name) select gen_random_uuid(), id, 'many ' || n from tenant, generate_series(1, 120) n",
  );
  const seen: string[] = [];
  let text = '';
  for (let path = 'publisher'; path !== 'no-such-link'; path = link(text, 'older rows')) {
    ({ text } = await get(path));
    seen.push(...[...text.matchAll(/<td>(many \d+|Test Publisher)<\/td>/g)].map(([, name]) => name ?? ''));
  }
  t.equal(seen.length, 121);
  t.equal(new Set(seen).size, 121);
});

void t.test('what is in a row stays text', async (t) => {
  const { get, client } = await studio(t);
  await client.query(`update publisher set name = '<script>alert("1")</script>&'`);
  const { text, headers } = await get('publisher');
  t.match(text, '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;');
  t.notMatch(text, /<script/);
  const policy = headers.get('content-security-policy') ?? '';
  t.match(policy, "default-src 'none'");
  t.notMatch(policy, 'unsafe');
  const asked = await get(`publisher?column=name&value=${encodeURIComponent('"><script>')}`);
  t.notMatch(asked.text, /<script/);
});

void t.test('only who has the whole address is answered, and only what is there', async (t) => {
  const { get, address } = await studio(t);
  const secret = new URL(address).pathname.slice(1, -1);
  // One letter is another: one in 64 of these secrets ends with x.
  const almost = `${secret.slice(0, -1)}${secret.endsWith('x') ? 'y' : 'x'}`;
  for (const path of ['/', '/tenant', `/${almost}/tenant`]) {
    const { status, text } = await get(path);
    t.equal(status, 404, path);
    t.notMatch(text, /test-org/);
  }
  for (const path of [
    'pg_authid',
    'mikro_orm_migrations',
    'tenant/row',
    'tenant/row?key=1',
    'tenant/row?key=["a","b"]',
  ])
    t.equal((await get(path)).status, 404, path);
  t.match(await get('tenant/row?key=["no-uuid"]'), {
    status: 400,
    text: /invalid input syntax for type uuid/,
  });
  t.match(await get('tenant?column=max_calls&value=many'), { status: 400 });
  t.equal((await get('tenant?column=id;drop&value=1')).status, 200, 'no such column: all rows');
  const posted = await fetch(new URL('tenant', address), {
    method: 'POST',
    headers: { connection: 'close' },
  });
  t.equal(posted.status, 404);
});

void t.test('it cannot write, and what it must not show stays in the database', async (t) => {
  const { url, client } = await studio(t);
  await client.query(`
    create function write_now() returns text language sql as $$ update tenant set name = 'changed' returning name $$;
    create view trap as select id, write_now() as name from tenant`);
  const orm = openOrm(url, { as: 'login' });
  t.teardown(() => closeOrm(orm));
  const column = (name: string, secret: boolean) => ({ name, type: 'text', secret, target: undefined });
  const table = (name: string, secret: boolean): StudioTable => ({
    name,
    group: 'core',
    columns: [column('name', secret)],
    primaryKey: [{ ...column('id', false), type: 'uuid' }],
    referredBy: [],
  });
  const pool = await poolOf(orm);
  await t.rejects(readRows(pool, table('trap', false), { limit: 1, letters: 9 }), { code: '25006' });
  t.match(await readRows(pool, table('tenant', true), { limit: 1, letters: 9 }), [{ cells: ['(hidden)'] }]);
  t.match(await readRows(pool, table('tenant', false), { limit: 1, letters: 4 }), [{ cells: ['Test…'] }]);
});

void t.test('which columns are secret', async (t) => {
  const tables = [...catalogueOf(openOrm('postgres://nobody@localhost/none')).values()];
  t.same(
    tables.flatMap(({ name, columns }) =>
      columns.filter(({ secret }) => secret).map((column) => `${name}.${column.name}`),
    ),
    [
      'webhook.secret',
      'user_account.password_hash',
      'user_account.password_chosen_at',
      'session.token_hash',
      'invitation.code_hash',
      'idempotency_key.request_hash',
      'api_key.secret_hash',
    ],
  );
});

void t.test('a browser is opened only where somebody can see it', async (t) => {
  t.equal(opener('darwin', {}), 'open');
  t.equal(opener('linux', { DISPLAY: ':0' }), 'xdg-open');
  t.equal(opener('linux', { WAYLAND_DISPLAY: 'wayland-0' }), 'xdg-open');
  t.equal(opener('linux', {}), undefined);
});
