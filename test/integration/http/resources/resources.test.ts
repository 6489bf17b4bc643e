import t from 'tap';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { type ResourceHouse, resourceHouse } from './resource-house.ts';

let house: ResourceHouse;
const one = newId();
const other = newId();

t.before(async () => {
  house = resourceHouse(await seededDatabase(), one);
  await house.sql('insert into tenant (id, slug, name) values (?, ?, ?), (?, ?, ?)', [
    one,
    'one',
    'One',
    other,
    'other',
    'Other',
  ]);
});
t.teardown(() => house.close());

const faults = (body: Record<string, unknown>) =>
  (body['faults'] as { field: string }[]).map((one) => one.field);

void t.test('a row is made, read, changed and removed, and each change is in the audit log', async (t) => {
  const made = await house.ask('POST', '/buyers', { body: { name: 'Acme', maxCalls: 5 } });
  t.match(made, {
    status: 201,
    headers: { etag: /^"[\w-]{27}"$/, location: /^\/buyers\/[0-9a-f-]{36}$/ },
    body: { name: 'Acme', maxCalls: 5, enabled: true, groupId: null, createdAt: /\.\d{6}Z$/ },
  });
  const url = String(made.headers['location']);
  const read = await house.ask('GET', url);
  t.same(read.body, made.body);
  t.equal(read.headers['etag'], made.headers['etag']);
  const match = { 'if-match': String(read.headers['etag']) };
  const changed = await house.ask('PATCH', url, { body: { maxCalls: null }, headers: match });
  t.match(changed, { status: 200, body: { name: 'Acme', maxCalls: null } });
  t.not(changed.headers['etag'], read.headers['etag']);
  const tag = String(changed.headers['etag']);
  t.equal((await house.ask('DELETE', url, { headers: { 'if-match': tag } })).status, 204);
  t.equal((await house.ask('GET', url)).status, 404);
  const log = await house.sql(
    "select action, subject, before->>'maxCalls' as before, after->>'maxCalls' as after, actor_kind, tenant_id, request_id is not null as request from audit_log where subject_id = ? order by id",
    [made.body['id']],
  );
  const common = { subject: 'buyer', actor_kind: 'operator', tenant_id: one, request: true };
  t.same(log, [
    { action: 'buyer.create', before: null, after: '5', ...common },
    { action: 'buyer.update', before: '5', after: null, ...common },
    { action: 'buyer.delete', before: null, after: null, ...common },
  ]);
});

void t.test('what another tenant has is not there: not to read, change, remove, or lean on', async (t) => {
  const theirs = await house.make('/buyers', { name: 'Theirs' }, other);
  const endpoint = { label: 'x', kind: 'pstn', destination: '+15550001111' };
  const place = await house.make(`/buyers/${theirs.id}/endpoints`, endpoint, other);
  const headers = { 'if-match': '*' };
  for (const url of [`/buyers/${theirs.id}`, `/buyers/${theirs.id}/endpoints/${place.id}`]) {
    t.equal((await house.ask('GET', url)).status, 404, url);
    t.equal((await house.ask('PATCH', url, { body: { enabled: false }, headers })).status, 404, url);
    t.equal((await house.ask('DELETE', url, { headers })).status, 404, url);
  }
  t.equal((await house.ask('GET', `/buyers/${theirs.id}/endpoints`)).status, 404);
  t.equal((await house.ask('POST', `/buyers/${theirs.id}/endpoints`, { body: endpoint })).status, 404);
  const campaign = await house.make('/campaigns', { name: 'Leaning' });
  const leant = await house.ask('POST', `/campaigns/${campaign.id}/buyers`, { body: { buyerId: theirs.id } });
  t.match(leant, {
    status: 422,
    body: { faults: [{ field: '/buyerId', message: 'names nothing that is here' }] },
  });
  t.equal((await house.ask('GET', '/buyers?name=Theirs')).text, '{"buyers":[],"next":null}');
  t.equal((await house.ask('GET', '/buyers', { tenant: null })).status, 400, 'an operator names a tenant');
  t.equal((await house.ask('POST', '/buyers', { body: { name: 'x' }, tenant: newId() })).status, 404);
});

void t.test('pages follow each other without gap or repetition, in every order', async (t) => {
  const names = Array.from({ length: 7 }, (_, at) => `Page ${'ä'.repeat(90)}'%_${at}`);
  for (const name of names.toReversed()) await house.make('/publishers', { name });
  for (const [sort, expected] of [
    ['name', names],
    ['-name', names.toReversed()],
    ['oldest', names.toReversed()],
    ['newest', names],
  ] as const) {
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const { status, body } = await house.ask(
        'GET',
        `/publishers?sort=${sort}&limit=2&namePrefix=Page${cursor}`,
      );
      t.equal(status, 200);
      seen.push(...(body['publishers'] as { name: string }[]).map(({ name }) => name));
      if (body['next'] === null) break;
      cursor = `&cursor=${String(body['next'])}`;
    }
    t.same(seen, expected, sort);
    const mixed = await house.ask('GET', `/publishers?sort=${sort === 'name' ? '-name' : 'name'}${cursor}`);
    t.equal(mixed.status, 400, 'a cursor is good for its own order alone');
  }
  for (const cursor of ['x', Buffer.from('["name","\\u0000","x"]').toString('base64url'), 'bnVsbA'])
    t.equal((await house.ask('GET', `/publishers?cursor=${cursor}`)).status, 400);
});

void t.test('only the fields asked for are told, and the etag stays that of the whole', async (t) => {
  const { id } = await house.make('/publishers', { name: 'Fields' });
  const whole = await house.ask('GET', `/publishers/${id}`);
  const part = await house.ask('GET', `/publishers/${id}?fields=name,id`);
  t.same(part.body, { id, name: 'Fields' });
  t.equal(part.headers['etag'], whole.headers['etag']);
  t.same((await house.ask('GET', '/publishers?name=Fields&fields=name')).body['publishers'], [
    { name: 'Fields' },
  ]);
  t.match(await house.ask('GET', '/publishers?fields=name,constructor'), {
    status: 400,
    body: { faults: [{ field: '/fields', message: /'constructor'/ }] },
  });
  const known = await house.ask('GET', `/publishers/${id}`, {
    headers: { 'if-none-match': `"x", W/${whole.headers['etag']}` },
  });
  t.match(known, { status: 304, text: '', headers: { etag: whole.headers['etag'] } });
});

void t.test('a balance that moves is told, and keeps nobody from changing its account', async (t) => {
  const account = { name: 'Busy', kind: 'revenue', currency: 'USD' };
  const { id } = await house.make('/billing-accounts', account);
  const url = `/billing-accounts/${id}`;
  const headers = { 'if-match': String((await house.ask('GET', url)).headers['etag']) };
  await house.sql('insert into balance (account_id, tenant_id, amount_micros) values (?, ?, 5)', [id, one]);
  const moved = await house.ask('GET', url, { headers: { 'if-none-match': headers['if-match'] } });
  t.match(moved, { status: 200, body: { balanceMicros: '5' } });
  t.equal((await house.ask('PATCH', url, { body: { name: 'Busier' }, headers })).status, 200);
  t.equal((await house.ask('PATCH', url, { body: { name: 'Late' }, headers })).status, 412);
});

void t.test('of two who change the same state one is told that it is gone', async (t) => {
  const { id } = await house.make('/publishers', { name: 'Contested' });
  const url = `/publishers/${id}`;
  const headers = { 'if-match': String((await house.ask('GET', url)).headers['etag']) };
  t.equal((await house.ask('PATCH', url, { body: { enabled: false } })).status, 428);
  t.equal((await house.ask('DELETE', url)).status, 428);
  for (const wrong of ['"nothing"', `W/${headers['if-match']}`])
    t.equal(
      (await house.ask('PATCH', url, { body: { name: 'x' }, headers: { 'if-match': wrong } })).status,
      412,
    );
  // All three have asked before the first can be answered: the row is held until they wait for it.
  const answers = await house.whileHeld('publisher', id, 3, () =>
    Promise.all(['One', 'Two', 'Three'].map((name) => house.ask('PATCH', url, { body: { name }, headers }))),
  );
  const statuses = answers.map(({ status }) => status);
  t.same(
    statuses.toSorted((a, b) => a - b),
    [200, 412, 412],
  );
  const won = answers.find(({ status }) => status === 200);
  t.same((await house.ask('GET', url)).body, won?.body, 'what was answered is what stands there');
});

void t.test('a constraint of the database is an answer with its field', async (t) => {
  const campaign = await house.make('/campaigns', { name: 'Taken' });
  t.match(await house.ask('POST', '/campaigns', { body: { name: 'Taken' } }), {
    status: 409,
    body: { faults: [{ field: '/name', message: 'is taken already' }] },
  });
  await house.make('/numbers', { e164: '+15557770001', tags: ['a', 'b c'] }, other);
  const number = await house.ask('POST', '/numbers', { body: { e164: '+15557770001' } });
  t.match(number, { status: 409, body: { faults: [{ field: '/e164' }] } });
  t.match(await house.ask('POST', '/numbers', { body: { e164: '+15557770002', campaignId: newId() } }), {
    status: 422,
    body: { faults: [{ field: '/campaignId' }] },
  });
  const buyer = await house.make('/buyers', { name: 'Checked' });
  const wrong = { label: 'x', kind: 'pstn', destination: 'sip:a@b' };
  t.match(await house.ask('POST', `/buyers/${buyer.id}/endpoints`, { body: wrong }), {
    status: 422,
    body: { faults: [{ field: '/destination', message: /SIP URI/ }] },
  });
  const card = await house.make('/rate-cards', { name: 'Card', kind: 'cost', currency: 'USD' });
  const rate = {
    prefix: '1',
    pricePerMinuteMicros: '900000000000000000',
    validFrom: '2026-01-01T00:00:00+02:00',
  };
  t.match(await house.make(`/rate-cards/${card.id}/rates`, rate), {
    pricePerMinuteMicros: '900000000000000000',
    validFrom: '2025-12-31T22:00:00.000000Z',
  });
  t.match(await house.ask('POST', `/rate-cards/${card.id}/rates`, { body: rate }), {
    status: 409,
    body: { faults: [{ field: '/prefix', message: /already/ }] },
  });
  const until = { ...rate, prefix: '2', validUntil: '2025-01-01T00:00:00Z' };
  t.match(await house.ask('POST', `/rate-cards/${card.id}/rates`, { body: until }), {
    status: 422,
    body: { faults: [{ field: '/validUntil' }] },
  });
  const early = { ...rate, prefix: '3', validFrom: '0000-01-01T00:00:00Z' };
  t.equal((await house.ask('POST', `/rate-cards/${card.id}/rates`, { body: early })).status, 422);
  t.equal(
    (
      await house.ask('POST', '/schedules', {
        body: { name: 'x', zone: 'Mars/Olympus', calendar: { weekly: [], holidays: [] } },
      })
    ).status,
    422,
  );
  for (const name of ['a\0b', '\ud800', '']) {
    const answer = await house.ask('PATCH', `/campaigns/${campaign.id}`, {
      body: { name },
      headers: { 'if-match': '*' },
    });
    t.equal(answer.status, 422, JSON.stringify(name));
    t.same(faults(answer.body), name === '' ? ['/name', '/name'] : ['/name']);
  }
  t.equal((await house.ask('GET', '/campaigns?name=a%00b')).status, 400);
  t.match(await house.ask('POST', '/tags', { body: { name: 'x', id: newId(), constructor: 1 } }), {
    status: 422,
  });
});

void t.test("the platform's rows are read by all and changed by operators alone", async (t) => {
  const flags = (await house.ask('GET', '/feature-flags')).body['featureFlags'] as Record<string, unknown>[];
  t.match(flags, [{ name: 'analytics', tenantId: null }, { name: 'stir_shaken' }, { name: 'transcription' }]);
  const own = await house.make('/feature-flags', { name: 'analytics', enabled: false });
  t.equal(own['tenantId'], one, 'a flag of the tenant that the operator named');
  const lists = (await house.ask('GET', '/dnc-lists')).body['dncLists'] as { id: string }[];
  const [global] = lists;
  if (global === undefined) throw new Error('no list was seeded');
  const headers = { 'if-match': '*' };
  const url = `/dnc-lists/${global.id}`;
  t.equal((await house.ask('PATCH', url, { body: { enabled: false }, headers })).status, 403);
  t.equal((await house.ask('DELETE', url, { headers })).status, 403);
  t.equal((await house.ask('POST', `${url}/entries`, { body: { e164: '+15550009999' } })).status, 403);
  t.equal((await house.ask('GET', `${url}/entries`)).status, 200);
  const entry = await house.make(`${url}/entries`, { e164: '+15550009999' }, null);
  t.equal((await house.ask('DELETE', `${url}/entries/${entry.id}`, { headers, tenant: null })).status, 204);
  t.match(await house.sql("select tenant_id from audit_log where action = 'dnc_entry.delete'"), [
    { tenant_id: null },
  ]);
  const node = await house.make('/freeswitch-nodes', { name: 'fs1', host: '10.0.0.1', port: 8021 }, null);
  t.equal((await house.ask('GET', `/freeswitch-nodes/${node.id}`)).status, 200);
});

void t.test(
  "a webhook's secret is told when it is made and when it is rotated, and never else",
  async (t) => {
    const body = { name: 'Hook', url: 'https://hooks.example.com/x', events: ['call.*'] };
    const made = await house.make('/webhooks', body);
    t.match(made['secret'], /^whsec_[\w-]{43}$/);
    const url = `/webhooks/${made.id}`;
    const read = await house.ask('GET', url);
    t.notOk('secret' in read.body);
    const rotate = await house.ask('POST', `${url}/rotate-secret`, {
      headers: { 'if-match': String(read.headers['etag']) },
    });
    t.match(rotate, { status: 200, body: { secret: /^whsec_/ } });
    t.not(rotate.body['secret'], made['secret']);
    t.match(await house.sql('select secret from webhook where id = ?', [made.id]), [
      { secret: rotate.body['secret'] },
    ]);
    t.same(
      await house.sql(
        "select 1 from audit_log where coalesce(before::text, '') || coalesce(after::text, '') like '%whsec%'",
      ),
      [],
    );
    t.same((await house.ask('GET', `${url}/deliveries`)).body, { deliveries: [], next: null });
    for (const inside of [
      'http://127.0.0.1/x',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://[::ffff:10.0.0.1]/',
      'http://169.254.169.254/',
      'http://localhost:80/',
      'http://db.internal/',
      'https://intranet/',
      'http://user:pw@example.com/',
    ])
      t.match(
        await house.ask('POST', '/webhooks', { body: { name: 'Inside', url: inside } }),
        {
          status: 422,
          body: { faults: [{ field: '/url' }] },
        },
        inside,
      );
    t.equal(
      (await house.ask('POST', '/webhooks', { body: { name: 'Odd', url: 'ftp://example.com/' } })).status,
      422,
    );
  },
);
