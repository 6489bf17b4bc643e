import { Client } from 'pg';
import t, { type Test } from 'tap';
import type { Route } from '../../../daemon/routing/route.ts';
import { RouteStore, type RouteStoreOptions } from '../../../daemon/routing/route-store.ts';
import type { Branded } from '../../../daemon/telephony/ids.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { publishFlowVersion, writeFlowVersion } from '../../../orm/flow-version-store.ts';
import { Flow, PhoneNumber } from '../../../orm/index.ts';
import { testFlow } from '../../../orm/seed.ts';
import { quietLog } from '../../unit/records/quiet-log.ts';
import { type StoppablePostgres, stoppablePostgres } from '../records/stoppable-postgres.ts';
import { until } from '../records/write-setup.ts';

const did = '+15551234567';
let postgres: StoppablePostgres;
t.before(async () => {
  postgres = await stoppablePostgres();
});
t.teardown(() => postgres.end());

type Times = Pick<RouteStoreOptions, 'maxGraphs' | 'sureForMs' | 'listening' | 'refreshDeadlineMs'> & {
  readonly connectTimeoutMs: number;
  readonly loadDeadlineMs: number;
};
/** Where PostgreSQL is away it refuses at once: only a busy machine makes anybody wait. */
const usual: Times = { connectTimeoutMs: 20_000, loadDeadlineMs: 20_000 };
const patient: Times = { ...usual, sureForMs: 20_000 };

/** A started store, and another connection that changes things behind its back. */
async function setup(t: Test, { connectTimeoutMs, ...times }: Times = patient) {
  const orm = openOrm(postgres.url, { connectTimeoutMs });
  const log = quietLog();
  const store = new RouteStore({ orm, log, awayPauseMs: 20, ...times });
  await store.start();
  const other = new Client({ connectionString: postgres.url });
  other.on('error', () => {});
  await other.connect();
  t.teardown(async () => {
    await other.end().catch(() => {});
    await store.stop();
    await closeOrm(orm);
  });
  const change = async (sql: string): Promise<void> => {
    await other.query(sql);
  };
  return { orm, store, change, log };
}

void t.test('the seeded number has its whole route', async (t) => {
  const { store } = await setup(t);
  const route = await store.routeFor(did);
  t.match(route, {
    tenant: { slug: 'test-org', enabled: true, maxCalls: undefined },
    number: { e164: did, enabled: true, tags: [] },
    campaign: {
      name: 'Test Campaign',
      record: 'stereo',
      ringTimeoutMs: 20_000,
      recordingRetentionDays: undefined,
    },
    publisher: { enabled: true, place: { enabled: true, maxCalls: undefined } },
    buyers: [
      {
        name: 'Test Buyer',
        group: undefined,
        endpoints: [
          { label: 'SIP', kind: 'sip' },
          { label: 'PSTN', kind: 'pstn' },
        ],
      },
    ],
    trunks: [{ name: 'Test Trunk', gateway: 'test-trunk' }],
  });
  t.same(route?.flow?.graph, testFlow, 'the graph comes back as it was written');
  t.equal(await store.routeFor(did), route, 'from the cache');
  t.equal(await store.routeFor('+15550000000'), undefined);
  t.equal(await store.routeFor("'; drop table call; --"), undefined);
});

void t.test('a change through another connection is seen', async (t) => {
  const { store, change } = await setup(t);
  const maxCalls = async (): Promise<number | undefined> => (await store.routeFor(did))?.number.maxCalls;
  await maxCalls();
  t.equal(await store.routeFor('+15557770000'), undefined);
  await change(`update phone_number set max_calls = 7 where e164 = '${did}'`);
  await until('the change', async () => (await maxCalls()) === 7);
  await change(`update buyer_endpoint set enabled = false where label = 'PSTN'`);
  await until('the endpoint', async () => (await store.routeFor(did))?.buyers[0]?.endpoints.length === 1);
  await change('update campaign set recording_retention_days = 90');
  await until(
    'the retention',
    async () => (await store.routeFor(did))?.campaign.recordingRetentionDays === 90,
  );
  await change(
    `insert into phone_number (id, tenant_id, e164, campaign_id) select '${newId()}', tenant_id, '+15557770000', campaign_id from phone_number where e164 = '${did}'`,
  );
  await until('the new number', async () => (await store.routeFor('+15557770000')) !== undefined);
  await change(`update phone_number set campaign_id = null where e164 = '+15557770000'`);
  await until(
    'a number without a campaign',
    async () => (await store.routeFor('+15557770000')) === undefined,
  );
  await change(`update buyer_endpoint set enabled = true`);
});

void t.test('what becomes of a publisher and of a group of buyers changes the route', async (t) => {
  const { store, change } = await setup(t);
  const served = async (what: string, sql: string, test: (route: Route) => boolean): Promise<void> => {
    await change(sql);
    await until(what, async () => {
      const route = await store.routeFor(did);
      return route !== undefined && test(route);
    });
  };
  t.match((await store.routeFor(did))?.publisher, { enabled: true, place: { enabled: true } });
  await served(
    'the publisher switched off',
    'update publisher set enabled = false',
    ({ publisher }) => publisher?.enabled === false,
  );
  await served(
    'its place switched off',
    'update campaign_publisher set enabled = false, max_calls = 4',
    ({ publisher }) => publisher?.place?.enabled === false && publisher.place.maxCalls === 4,
  );
  await served(
    'its place taken away',
    'delete from campaign_publisher',
    ({ publisher }) => publisher !== undefined && publisher.place === undefined,
  );
  await served(
    'a place given',
    `insert into campaign_publisher (id, tenant_id, campaign_id, publisher_id) select '${newId()}', tenant_id, campaign_id, publisher_id from phone_number where e164 = '${did}'`,
    ({ publisher }) => publisher?.place?.enabled === true,
  );
  await served(
    "the number nobody's",
    `update phone_number set publisher_id = null where e164 = '${did}'`,
    ({ publisher }) => publisher === undefined,
  );
  const groupId = newId();
  await change(
    `insert into buyer_group (id, tenant_id, name, max_calls) select '${groupId}', id, 'Group', 2 from tenant where slug = 'test-org'`,
  );
  await served(
    'the group of a buyer',
    `update buyer set group_id = '${groupId}'`,
    ({ buyers }) => buyers[0]?.group?.groupId === groupId && buyers[0].group.maxCalls === 2,
  );
  await served(
    "the group's limit",
    'update buyer_group set max_calls = 3',
    ({ buyers }) => buyers[0]?.group?.maxCalls === 3,
  );
  await served('a group gone', 'delete from buyer_group', ({ buyers }) => buyers[0]?.group === undefined);
});

void t.test('publishing changes the route, a pinned version stays', async (t) => {
  const { store, orm } = await setup(t);
  const before = (await store.routeFor(did))?.flow;
  if (before === undefined) throw new Error('a published flow');
  const em = orm.em.fork();
  const number = await em.findOneOrFail(PhoneNumber, { e164: did });
  const tenantId = number.tenant.id as Branded<'TenantId'>;
  const flow = await em.findOneOrFail(Flow, { id: before.flowId });
  const draft = await writeFlowVersion(em, flow.id, { ...testFlow, variables: { greeting: 'two' } });
  t.equal(await store.flowByName(tenantId, flow.name, 2), undefined, 'a draft is not to be had');
  await publishFlowVersion(em, draft.id);
  await until('the new version', async () => (await store.routeFor(did))?.flow?.flowVersionId === draft.id);
  t.same((await store.routeFor(did))?.flow?.graph.variables, { greeting: 'two' });
  t.equal(await store.flowVersion(before.flowVersionId), before.graph, 'the old one, the same object');
  t.match(await store.flowByName(tenantId, flow.name, 'latest'), { flowVersionId: draft.id });
  t.match(await store.flowByName(tenantId, flow.id, 1), { flowVersionId: before.flowVersionId });
  t.equal(await store.flowByName(newId<'TenantId'>(), flow.name, 'latest'), undefined, "nobody else's");
  t.equal(await store.flowVersion(newId<'FlowVersionId'>()), undefined);
});

void t.test('of the flow versions the ones used last are kept, as many as may be', async (t) => {
  const { store, orm } = await setup(t, { ...patient, maxGraphs: 2 });
  const em = orm.em.fork();
  const flowId = (await store.routeFor(did))?.flow?.flowId ?? '';
  const versions = [];
  for (const greeting of ['a', 'b', 'c'])
    versions.push((await writeFlowVersion(em, flowId, { ...testFlow, variables: { greeting } })).id);
  const [first, second, third] = versions as [string, string, string] as [
    Branded<'FlowVersionId'>,
    Branded<'FlowVersionId'>,
    Branded<'FlowVersionId'>,
  ];
  const graphs = [await store.flowVersion(first), await store.flowVersion(second)];
  t.equal(await store.flowVersion(first), graphs[0], 'used again');
  await store.flowVersion(third);
  t.equal(await store.flowVersion(first), graphs[0], 'still there');
  const again = await store.flowVersion(second);
  t.same(again, graphs[1], 'read anew');
  t.not(again, graphs[1], 'because it had been let go');
});

void t.test('many calls at once cost one query', async (t) => {
  const { store, orm } = await setup(t);
  const pool = await poolOf(orm);
  let queries = 0;
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  t.intercept(pool, 'query', {
    value: (...args: unknown[]) => {
      queries += 1;
      return query(...args);
    },
  });
  await Promise.all(Array.from({ length: 50 }, () => store.routeFor(did)));
  t.equal(queries, 2, 'the route and its graph');
});

void t.test("another tenant's change is no reason to read a route again", async (t) => {
  const { store, orm, change } = await setup(t);
  const pool = await poolOf(orm);
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const asked: string[] = [];
  let meanwhile = async (): Promise<void> => {};
  t.intercept(pool, 'query', {
    value: async (...args: unknown[]) => {
      const { values } = args[0] as { values?: readonly unknown[] };
      asked.push(String(values?.[0]));
      const answer = await query(...args);
      if (values?.[0] === did) await meanwhile();
      return answer;
    },
  });
  const other = newId();
  const nobody = '+15557779999';
  const heard = async (sql: string): Promise<void> => {
    await store.routeFor(nobody);
    await change(sql);
    // A number that is nobody's may have become anybody's: it is read again after any change.
    await until('the change to be heard', async () => {
      const before = asked.length;
      await store.routeFor(nobody);
      return asked.length > before;
    });
  };
  await heard(`insert into tenant (id, slug, name) values ('${other}', 'other', 'Other')`);
  // While the route is being read, and when it is cached.
  meanwhile = async () => {
    meanwhile = async () => {};
    await heard(`update tenant set max_calls = 1 where id = '${other}'`);
  };
  const route = await store.routeFor(did);
  await heard(`update tenant set max_calls = 2 where id = '${other}'`);
  t.equal(await store.routeFor(did), route);
  t.equal(asked.filter((value) => value === did).length, 1);
  meanwhile = async () => {
    meanwhile = async () => {};
    await heard(`update phone_number set max_calls = 11 where e164 = '${did}'`);
  };
  await heard(`update phone_number set max_calls = 10 where e164 = '${did}'`);
  await store.routeFor(did);
  t.equal((await store.routeFor(did))?.number.maxCalls, 11, 'its own, even while it is read');
});

void t.test(
  'PostgreSQL stops: known numbers are served, unknown ones are refused, changes are seen after',
  async (t) => {
    const { store, log, orm } = await setup(t, usual);
    const known = await store.routeFor(did);
    await postgres.stop();
    await until('the loss is seen', () => !store.listening);
    t.equal(await store.routeFor(did), known);
    await t.rejects(store.routeFor('+15559876543'), { name: 'RouteUnavailable', code: 'route_unavailable' });
    await t.rejects(store.flowVersion(newId<'FlowVersionId'>()), { code: 'route_unavailable' });
    await postgres.start();
    await until('it listens again', () => store.listening);
    const pool = await poolOf(orm);
    await pool.query(`update phone_number set max_calls = 3 where e164 = '${did}'`);
    await until('the change', async () => (await store.routeFor(did))?.number.maxCalls === 3);
    t.ok(await store.routeFor('+15559876543'));
    t.ok(log.messages.some((message) => /cannot be heard/.test(message)));
  },
);

void t.test('a change that was missed while the connection was cut is seen', async (t) => {
  const { store, orm } = await setup(t, usual);
  await store.routeFor(did);
  postgres.cut();
  const pool = await poolOf(orm);
  await until('a connection', () =>
    pool.query(`update phone_number set max_calls = 9 where e164 = '${did}'`).then(
      () => true,
      () => false,
    ),
  );
  await until('the change', async () => (await store.routeFor(did))?.number.maxCalls === 9);
});

/** What the store serves as the number's limit. */
const limitOf = async (store: RouteStore): Promise<number | undefined> =>
  (await store.routeFor(did))?.number.maxCalls;

void t.test('while nothing is heard, calls read the configuration as it is now', async (t) => {
  const listening = { retryMinMs: 3_600_000 };
  const { store, change } = await setup(t, { ...usual, refreshDeadlineMs: 20_000, listening });
  await change(`update phone_number set max_calls = 1 where e164 = '${did}'`);
  await until('the limit', async () => (await limitOf(store)) === 1);
  await until('it to be cached', async () => {
    const before = await store.routeFor(did);
    return before === (await store.routeFor(did));
  });
  await change(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' or query = 'select 1'",
  );
  await until('the loss is seen', () => !store.listening);
  await change(`update phone_number set max_calls = 2 where e164 = '${did}'`);
  await until('the change', async () => (await limitOf(store)) === 2);
  t.equal(store.listening, false, 'and nobody listens yet');
});

void t.test('a connection that is dead and does not say so hides no change', async (t) => {
  const orm = openOrm(postgres.url, { connectTimeoutMs: 20_000 });
  const listening = { heartbeatDeadlineMs: 3_600_000 };
  const times = { loadDeadlineMs: 20_000, refreshDeadlineMs: 20_000, listening };
  const log = quietLog();
  const store = new RouteStore({ orm, log, ...times });
  await store.start();
  t.teardown(async () => {
    await store.stop();
    await closeOrm(orm);
  });
  postgres.hush();
  const pool = await poolOf(orm);
  await pool.query(`update phone_number set max_calls = 4 where e164 = '${did}'`);
  t.equal(await limitOf(store), 4);
  await pool.query(`update phone_number set max_calls = 5 where e164 = '${did}'`);
  await until('the change', async () => (await limitOf(store)) === 5);
  t.equal(store.listening, true, 'it still seems to listen');
  t.notOk(
    log.messages.some((message) => /cannot be heard/.test(message)),
    'and did so all the time',
  );
});

void t.test('a connection that owes its answer for too long is made again', async (t) => {
  const listening = { heartbeatMs: 50, heartbeatDeadlineMs: 500 };
  const { store } = await setup(t, { ...patient, listening });
  postgres.hush();
  await until('the loss is seen', () => !store.listening);
  await until('it listens again', () => store.listening);
});
