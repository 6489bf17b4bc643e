import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { testFlow } from '../../../../orm/seed.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type Answer, resourceHouse } from '../resources/resource-house.ts';

void t.test('who changes flows', async (t) => {
  const tenant = newId();
  const house = resourceHouse(await seededDatabase(), tenant);
  t.teardown(() => house.close());
  await house.sql("insert into tenant (id, slug, name) values (?, 'flows', 'Flows')", [tenant]);
  const { sql } = house;
  type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  const ask = (method: Method, url: string, body?: unknown, headers: Record<string, string> = {}) =>
    house.ask(method, url, { body, headers });
  const make = async (name: string): Promise<string> => `/flows/${(await house.make('/flows', { name })).id}`;
  const draft = (url: string, body: object = testFlow) =>
    ask('PUT', `${url}/draft`, body, { 'if-match': '*' });
  const etagOf = (answer: Answer) => String(answer.headers['etag']);

  await t.test('one who did not see what somebody else did is told', async (t) => {
    const made = await ask('POST', '/flows', { name: 'Seen' });
    const url = `/flows/${String(made.body['id'])}`;
    const read = await ask('GET', url);
    t.equal(etagOf(read), etagOf(made));
    t.equal((await ask('GET', url, undefined, { 'if-none-match': etagOf(read) })).status, 304);
    const renamed = await ask('PATCH', url, { name: 'Seen again' }, { 'if-match': etagOf(read) });
    t.equal(renamed.status, 200);
    const stale = { 'if-match': etagOf(read) };
    t.equal((await ask('PATCH', url, { name: 'Lost' }, stale)).status, 412);
    t.equal((await ask('DELETE', url, undefined, stale)).status, 412);
    t.equal((await ask('DELETE', url)).status, 428);
    await ask('POST', `${url}/versions`, testFlow);
    await ask('POST', `${url}/versions`, testFlow);
    const publish = (number: number, verb: string, headers: Record<string, string>) =>
      ask('POST', `${url}/versions/${number}/${verb}`, undefined, headers);
    t.equal(
      (await publish(1, 'publish', { 'if-match': etagOf(renamed) })).status,
      412,
      'there are versions now',
    );
    const current = etagOf(await ask('GET', url));
    const one = await publish(1, 'publish', { 'if-match': current });
    t.equal(one.status, 200);
    t.equal((await publish(2, 'publish', { 'if-match': current })).status, 412);
    const two = await publish(2, 'publish', { 'if-match': etagOf(one) });
    t.match(two, { status: 200, body: { version: 2 } });
    t.equal(etagOf(await ask('GET', url)), etagOf(two), 'the answer has the etag that a reader gets');
    t.equal((await publish(1, 'rollback', { 'if-match': etagOf(one) })).status, 412);
    const back = await publish(1, 'rollback', { 'if-match': etagOf(two) });
    t.match(back, { status: 200, body: { version: 1, state: 'published' } });
    t.equal((await ask('DELETE', url, undefined, { 'if-match': etagOf(back) })).status, 204);
  });

  await t.test('what is sent twice with one idempotency key is done once', async (t) => {
    const url = await make('Source');
    await draft(url);
    const document = { format: 'callfabric.flow', formatVersion: 1, name: 'Imported', flow: testFlow };
    for (const [path, body] of [
      ['/flows', { name: 'Once' }],
      [`${url}/clone`, { name: 'Cloned' }],
      ['/flows/import', document],
      [`${url}/versions`, testFlow],
      [`${url}/draft/publish`, undefined],
    ] as const) {
      const key = { 'idempotency-key': path };
      const first = await ask('POST', path, body, key);
      const second = await ask('POST', path, body, key);
      t.equal(first.status, 201, `${path}: ${first.text}`);
      t.match(second, { status: 201, body: first.body, headers: { 'idempotency-replayed': 'true' } }, path);
      t.equal(second.headers['location'], first.headers['location']);
      t.equal(first.headers['idempotency-replayed'], undefined);
    }
    t.match((await ask('GET', url)).body, {
      publishedVersion: 2,
      versions: [{ version: 2 }, { version: 1 }],
    });
    t.equal((await ask('POST', '/flows', { name: 'Other' }, { 'idempotency-key': '/flows' })).status, 422);
  });

  await t.test('the audit log says what changed', async (t) => {
    const url = await make('Audited');
    await draft(url);
    await ask('POST', `${url}/draft/publish`);
    await draft(url, { ...testFlow, variables: { greeting: 'hi' } });
    await ask('POST', `${url}/draft/publish`);
    const entries = await sql<{ action: string; before: unknown; after: unknown }>(
      'select action, before, after from audit_log where subject_id = ? order by id offset 1',
      [url.slice('/flows/'.length)],
    );
    const added = { nodes: { added: [{ id: 'buyers' }, { id: 'line' }, { id: 'menu' }] } };
    const greeted = { nodes: { changed: [] }, flow: [{ field: '/variables/greeting', after: 'hi' }] };
    t.match(entries, [
      { action: 'flow.draft', before: null, after: { changes: added } },
      { action: 'flow.publish', before: null, after: { version: 1, changes: added } },
      { action: 'flow.draft', after: { changes: greeted } },
      { action: 'flow.publish', before: { version: 1 }, after: { version: 2, changes: greeted } },
    ]);
  });

  await t.test('flows are found by name, whole or from its beginning', async (t) => {
    for (const name of ['100% sure', '100 percent', '1_0']) await make(name);
    const named = async (query: string) => (await ask('GET', `/flows?fields=name&${query}`)).body['flows'];
    t.same(await named('name=100%25%20sure'), [{ name: '100% sure' }]);
    t.same(await named('namePrefix=100%25'), [{ name: '100% sure' }]);
    t.same(await named('namePrefix=1_'), [{ name: '1_0' }], 'nothing in it is a wildcard');
    t.same(await named('namePrefix=100'), [{ name: '100 percent' }, { name: '100% sure' }]);
    t.same(await named('namePrefix=%5C'), []);
  });

  await t.test('a text that cannot be kept is refused, wherever it stands', async (t) => {
    const url = await make('Plain');
    const document = { format: 'callfabric.flow', formatVersion: 1, name: 'Plain too', flow: testFlow };
    for (const text of ['half \ud83d', 'nul \u0000']) {
      const odd = { ...testFlow, variables: { x: text } };
      for (const [method, path, body] of [
        ['POST', '/flows', { name: text }],
        ['PATCH', url, { name: text }],
        ['POST', `${url}/clone`, { name: text }],
        ['POST', '/flows/import', { ...document, name: text }],
        ['POST', '/flows/import', { ...document, flow: odd }],
        ['PUT', `${url}/draft`, odd],
        ['POST', `${url}/versions`, odd],
        ['POST', '/flows/validate', odd],
        ['POST', '/tags', { name: text }],
      ] as const) {
        const answer = await ask(method, path, body, { 'if-match': '*' });
        t.equal(answer.status, 422, `${method} ${path}: ${answer.text}`);
      }
    }
    t.equal((await ask('GET', '/flows?name=%00')).status, 400);
  });
});
