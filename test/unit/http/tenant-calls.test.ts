import t from 'tap';
import type { CallSoFar } from '../../../daemon/call/call-so-far.ts';
import type { Whose } from '../../../daemon/http/access.ts';
import type { CallRecords, CallSummary, CallView } from '../../../daemon/http/call-schemas.ts';
import type { ApiPorts } from '../../../daemon/http/ports.ts';
import type {
  BuyerId,
  CallId,
  ChannelUuid,
  DaemonId,
  PublisherId,
  SwitchName,
  TenantId,
} from '../../../daemon/telephony/ids.ts';
import { buyerId, headersOf, type Person, peopleAccess, publisherId } from './access/people.ts';
import { callId, foundCall, liveCall, noLiveCalls, tenantId, testApi } from './test-api.ts';

const other = '01981234-0000-7000-8000-00000000000b' as TenantId;
const id = (n: number): CallId => `01981234-0000-7000-8000-0000000000f${n}` as CallId;

const lives = [
  liveCall({ callId: id(1), publisherId: publisherId as PublisherId }),
  liveCall({ callId: id(2), buyerId: buyerId as BuyerId, buyerName: 'Mine', state: 'ringing' }),
  liveCall({ callId: id(3), tenantId: other, publisherId: publisherId as PublisherId }),
  liveCall({ callId: id(4), tenantId: undefined }),
];

const leg = (side: 'A' | 'B', channelUuid: string) => ({
  id: channelUuid,
  side,
  channelUuid,
  attemptId: null,
  cdr: {
    startedAt: '2026-07-17T09:00:00.000000Z',
    progressAt: null,
    progressMediaAt: null,
    answeredAt: null,
    bridgedAt: null,
    endedAt: '2026-07-17T09:01:00.000000Z',
    billMs: 1,
    cause: 'NORMAL_CLEARING',
    q850: 16,
    sipCode: null,
    hungUpBy: 'caller' as const,
    callerNumber: '+15125550100',
    calledNumber: '+15551234567',
    codec: null,
    mos: null,
    sipCallId: 'x',
    remoteAddress: '192.0.2.1',
    source: 'event' as const,
  },
});
const attempt = (number: number, of: string | null, channelUuid: string) => ({
  id: `a${number}`,
  number,
  buyerId: of,
  endpointId: null,
  trunkId: 't1',
  destination: '+15555550123',
  channelUuid,
  dialledAt: '2026-07-17T09:00:10.000000Z',
  ringingAt: null,
  answeredAt: null,
  endedAt: null,
  outcome: null,
  cause: null,
  sipCode: null,
  capDecision: 'refused:group:g1',
});
const ended: CallRecords & { call: CallView } = {
  call: foundCall(1, {
    buyer: 'Test Buyer',
    tags: ['vip'],
    reason: 'to +15555550123',
    connectedAt: '2026-07-17T09:00:20.000000Z',
    publisherId,
    buyerId,
    phoneNumberId: 'number-of-it',
    flowVersionId: 'version-of-it',
    flowId: 'flow-of-it',
    flowNumber: 7,
    switchName: 'switch-of-it',
    callerName: 'Alice of Springfield',
    variables: { ssn: 'secret-digits' },
  }),
  legs: [leg('A', 'u0'), leg('B', 'u1'), leg('B', 'u2')],
  attempts: [attempt(1, null, 'u1'), attempt(2, buyerId, 'u2')],
  trace: [
    {
      step: 1,
      nodeId: 'menu',
      nodeType: 'ivr',
      exit: 'key:1',
      enteredAt: '2026-07-17T09:00:01.000000Z',
      durationMs: 1,
      reason: null,
    },
  ],
  recordings: [],
};

/** What each of them is told of the calls; `asked` hears whose rows were asked for. */
function callsOf(asked: Whose[] = [], of: Partial<ApiPorts> = {}): Partial<ApiPorts> {
  return {
    access: peopleAccess,
    liveCalls: {
      ...noLiveCalls,
      list: () => lives,
      get: (one) => lives.find((live) => live.callId === one),
      soFar: (): CallSoFar | undefined => undefined,
      hangup: async () => ({ result: 'asked' }),
    },
    calls: {
      list: async ({ tenantId, view }) => {
        asked.push({ tenantId, view });
        return [];
      },
      find: async ({ tenantId, view }, one) => {
        asked.push({ tenantId, view });
        return one === callId ? ended : undefined;
      },
    },
    ...of,
  };
}

void t.test("everybody sees live calls of their own: a tenant's, a publisher's, a buyer's", async (t) => {
  const asked: Whose[] = [];
  const app = testApi(t, callsOf(asked));
  const list = async (person: Person): Promise<string[]> => {
    const answer = await app.inject({ url: '/calls', headers: headersOf(person) });
    return answer.json<{ calls: CallSummary[] }>().calls.map((call) => call.id.slice(-2));
  };
  t.same((await list('admin')).toSorted(), ['f1', 'f2']);
  t.same((await list('readKey')).toSorted(), ['f1', 'f2']);
  t.same((await list('operator')).toSorted(), ['f1', 'f2'], 'in the tenant it named');
  t.same(await list('publisher'), ['f1']);
  t.same(await list('buyer'), ['f2']);
  t.same(asked, [
    { tenantId, view: { of: 'tenant' } },
    { tenantId, view: { of: 'tenant' } },
    { tenantId, view: { of: 'tenant' } },
    { tenantId, view: { of: 'publisher', publisherId } },
    { tenantId, view: { of: 'buyer', buyerId } },
  ]);
  const get = async (person: Person, n: number): Promise<number> =>
    (await app.inject({ url: `/calls/${id(n)}`, headers: headersOf(person) })).statusCode;
  t.equal(await get('publisher', 1), 200);
  for (const [person, n] of [
    ['admin', 3],
    ['admin', 4],
    ['publisher', 2],
    ['publisher', 3],
    ['buyer', 1],
  ] as const)
    t.equal(await get(person, n), 404, `${person} ${n}`);
  const stage = async (person: Person, n: number): Promise<unknown> =>
    (await app.inject({ url: `/calls/${id(n)}`, headers: headersOf(person) })).json<{ call: CallSummary }>()
      .call.stage;
  t.same(
    [await stage('admin', 1), await stage('publisher', 1), await stage('buyer', 2)],
    ['ivr', 'routing', 'ringing'],
    'the tenant alone is told how it routes',
  );
});

void t.test(
  "a publisher sees its end of a call and a buyer its own, neither the other's, nor whole numbers",
  async (t) => {
    const app = testApi(t, callsOf());
    const get = async (person: Person) =>
      (await app.inject({ url: `/calls/${callId}`, headers: headersOf(person) })).json<
        Record<string, never>
      >();
    const channels = (body: Record<string, unknown>): string[] =>
      (body['legs'] as { channelUuid: string }[]).map(({ channelUuid }) => channelUuid);

    const whole = await get('admin');
    t.match(whole, { call: ended.call, trace: [{ nodeId: 'menu' }] });
    t.same(channels(whole), ['u0', 'u1', 'u2']);

    const publisher = await get('publisher');
    t.match(publisher, {
      call: { caller: '+*******0100', did: '+15551234567', buyer: null, tags: ['vip'] },
      attempts: [],
      trace: [],
    });
    t.same(channels(publisher), ['u0']);
    const buyer = await get('buyer');
    t.match(buyer, {
      call: { caller: '+*******0100', did: '+*******4567', buyer: 'Test Buyer', tags: [] },
      attempts: [{ number: 1, destination: '+*******0123', trunkId: null, capDecision: 'refused' }],
      trace: [],
    });
    t.same(channels(buyer), ['u2']);
    t.match(publisher, { call: { publisherId, buyerId: null, phoneNumberId: 'number-of-it' } });
    t.match(buyer, { call: { publisherId: null, buyerId, phoneNumberId: null } });
    const connected = (body: Record<string, unknown>): string[] =>
      (body['timeline'] as { text: string }[]).flatMap(({ text }) =>
        text.startsWith('connected') ? [text] : [],
      );
    t.same(
      [connected(publisher), connected(buyer)],
      [['connected'], ['connected with Test Buyer']],
      'a publisher is not told with whom',
    );
    t.notMatch(JSON.stringify(publisher), /Test Buyer/);
    for (const body of [publisher, buyer]) {
      t.notMatch(JSON.stringify(body), /Alice|secret-digits|(version|flow|switch)-of-it/);
      t.match(body['call'], { callerName: null, variables: null, flowNumber: null });
      t.notMatch(JSON.stringify(body), /5125550100|5555550123|192\.0\.2\.1|menu/);
      t.notMatch(JSON.stringify(body), /to \+|attempt 2/, 'nor why, nor who else was tried');
    }
    t.notMatch(JSON.stringify(buyer), /5551234567/);

    for (const person of ['publisher', 'buyer'] as const) {
      const headers = headersOf(person);
      const search = await app.inject({ url: '/calls?caller=%2B15125550100', headers });
      t.match(search.json(), { status: 400, faults: [{ field: '/caller' }] }, 'no guessing at masked digits');
    }
  },
);

void t.test('what somebody does not see of a call it cannot seek calls by', async (t) => {
  const app = testApi(t, callsOf());
  const status = async (person: Person, query: string): Promise<number> =>
    (await app.inject({ url: `/calls?${query}`, headers: headersOf(person) })).statusCode;
  const of = { publisher: ['buyer'], buyer: ['publisher', 'did', 'tag'] };
  const values: Record<string, string> = { did: '4567', tag: 'vip' };
  for (const person of ['publisher', 'buyer'] as const)
    for (const field of of[person]) {
      const query = `${field}=${values[field] ?? tenantId}`;
      t.equal(await status(person, query), 403, `${person}: ${field}`);
      t.equal(await status('admin', query), 200);
    }
  t.equal(await status('publisher', 'did=4567'), 200, 'its own numbers are no secret from it');
});

void t.test('numbers are whole for everybody where the tenant set so', async (t) => {
  const access = { ...peopleAccess, facts: { ...peopleAccess.facts, wholeNumbers: async () => true } };
  const app = testApi(t, callsOf([], { access }));
  for (const person of ['publisher', 'buyer'] as const) {
    const answer = await app.inject({ url: `/calls/${callId}`, headers: headersOf(person) });
    t.match(answer.json(), { call: { caller: '+15125550100', did: '+15551234567' } });
  }
});

void t.test(
  'a tenant hangs up its own calls alone, whichever daemon runs them, and it is written down',
  async (t) => {
    const noted: unknown[] = [];
    const hungUp: string[] = [];
    const elsewhere = id(8);
    const ports = callsOf();
    const app = testApi(t, {
      ...ports,
      access: {
        ...peopleAccess,
        audit: { list: async () => [], note: async (_asker, change) => void noted.push(change) },
      },
      liveCalls: {
        ...(ports.liveCalls ?? noLiveCalls),
        hangup: async (one) => {
          hungUp.push(one);
          return { result: 'asked' };
        },
      },
      leased: {
        find: async (callId) =>
          callId === elsewhere
            ? {
                callId,
                daemonId: 'd' as DaemonId,
                channelUuid: 'c' as ChannelUuid,
                switchName: 's' as SwitchName,
                sinceMs: 0,
                scopes: { tenant: tenantId },
              }
            : undefined,
        list: async () => ({ calls: [], whole: true }),
      },
    });
    const post = async (person: Person, one: string): Promise<number> =>
      (await app.inject({ method: 'POST', url: `/calls/${one}/hangup`, headers: headersOf(person) }))
        .statusCode;
    t.equal(await post('admin', id(1)), 202);
    t.equal(await post('admin', elsewhere), 202, "another daemon's");
    for (const one of [id(3), id(4), id(9)]) t.equal(await post('admin', one), 404);
    t.equal(await post('publisher', id(1)), 403);
    t.equal(await post('operator', id(1)), 202);
    t.same(hungUp, [id(1), elsewhere, id(1)]);
    t.match(noted, [
      {
        action: 'call.hangup',
        subject: 'call',
        subjectId: id(1),
        after: { cause: 'MANAGER_REQUEST' },
        tenantId,
      },
      { subjectId: elsewhere, tenantId },
      { subjectId: id(1) },
    ]);
  },
);

void t.test("who fills a cap is told of the tenant's own caps", async (t) => {
  const owns = async (tenant: string, scope: string) => tenant === tenantId && scope === 'buyer:mine';
  const app = testApi(t, { access: { ...peopleAccess, facts: { ...peopleAccess.facts, owns } } });
  const get = async (person: Person, scope: string): Promise<number> =>
    (await app.inject({ url: `/caps/${scope}/holders`, headers: headersOf(person) })).statusCode;
  t.equal(await get('admin', 'buyer:mine'), 200);
  t.equal(await get('admin', 'buyer:theirs'), 404);
  t.equal(await get('buyer', 'buyer:mine'), 403);
});
