import fc from 'fast-check';
import t from 'tap';
import type { CallSoFar } from '../../../daemon/call/call-so-far.ts';
import type { LiveCall } from '../../../daemon/call/registry.ts';
import { encodeCursor } from '../../../daemon/http/call-list.ts';
import type { CallRecords, CallSummary } from '../../../daemon/http/call-schemas.ts';
import type { CallFilter, CallPosition, CallReader } from '../../../daemon/http/ports.ts';
import type { CallId, CampaignId, FlowVersionId } from '../../../daemon/telephony/ids.ts';
import {
  ask,
  callId,
  endedCall,
  foundCall,
  key,
  liveCall,
  noLiveCalls,
  tenantId,
  testApi,
} from './test-api.ts';

const ids = (body: Record<string, unknown>): string[] =>
  (body['calls'] as CallSummary[]).map((call) => call.id);

/** Answers as PostgreSQL would: newest first, behind `after`. */
function readerOf(calls: readonly CallSummary[]): CallReader & { filters: CallFilter[] } {
  const filters: CallFilter[] = [];
  const older = (call: CallSummary, than: CallPosition): boolean =>
    call.startedAt < than.startedAt || (call.startedAt === than.startedAt && call.id < than.id);
  return {
    filters,
    list: async (_whose, filter, after, limit) => {
      filters.push(filter);
      return calls
        .filter((call) => after === undefined || older(call, after))
        .sort((a, b) => (older(a, b) ? 1 : -1))
        .slice(0, limit);
    },
    find: async () => undefined,
  };
}

void t.test('live calls come first, then the ended ones', async (t) => {
  const liveCalls = { ...noLiveCalls, list: () => [liveCall()] };
  const app = testApi(t, { liveCalls, calls: readerOf([endedCall(2), endedCall(3)]) });
  const { status, body } = await ask(app, { url: '/calls' });
  t.equal(status, 200);
  t.same(ids(body), [callId, endedCall(3).id, endedCall(2).id]);
  t.equal(body['next'], null);
  t.match((body['calls'] as CallSummary[])[0], {
    state: 'live',
    stage: 'ivr',
    startedAt: '2026-07-17T10:00:00.000000Z',
  });
  t.same(ids((await ask(app, { url: '/calls?state=live' })).body), [callId]);
  t.same(ids((await ask(app, { url: '/calls?state=ended' })).body), [endedCall(3).id, endedCall(2).id]);
});

void t.test('only the fields asked for are told of a call, in a list and alone', async (t) => {
  const liveCalls = { ...noLiveCalls, list: () => [liveCall()], get: () => liveCall() };
  const app = testApi(t, { liveCalls, calls: readerOf([endedCall(2), endedCall(3)]) });
  const page = await ask(app, { url: '/calls?fields=id,stage&limit=1' });
  t.same(page.body['calls'], [{ id: callId, stage: 'ivr' }]);
  const next = await ask(app, { url: `/calls?fields=cause&limit=1&cursor=${String(page.body['next'])}` });
  t.same(next.body['calls'], [{ cause: 'NORMAL_CLEARING' }], 'the cursor needs none of them');
  const one = await ask(app, { url: `/calls/${callId}?fields=timeline,legs` });
  t.same(Object.keys(one.body).toSorted(), ['legs', 'timeline']);
  for (const url of ['/calls?fields=id,secret', `/calls/${callId}?fields=caller`, '/calls/export?fields=id'])
    t.match(await ask(app, { url }), { status: 400, body: { faults: [{ field: '/fields' }] } }, url);
});

void t.test('a call that just ended shows once, as ended', async (t) => {
  const liveCalls = { ...noLiveCalls, list: () => [liveCall()] };
  const app = testApi(t, { liveCalls, calls: readerOf([endedCall(1)]) });
  const { body } = await ask(app, { url: '/calls' });
  t.match(body['calls'], [{ id: callId, state: 'ended' }]);
  t.equal((body['calls'] as unknown[]).length, 1);
});

void t.test('pages of any size show every call once, in order', async (t) => {
  let lives: LiveCall[] = [];
  let calls = readerOf([]);
  const liveCalls = { ...noLiveCalls, list: () => lives };
  const reader: CallReader = { list: (...page) => calls.list(...page), find: async () => undefined };
  const app = testApi(t, { liveCalls, calls: reader });
  const seconds = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(seconds, seconds, fc.integer({ min: 1, max: 12 }), async (ended, live, limit) => {
      const at = (second: number): string => `2026-07-17T09:00:${String(second).padStart(2, '0')}.000000Z`;
      const past = ended.map((second, n) => endedCall(n, { startedAt: at(second) }));
      lives = live.map((second, n) =>
        liveCall({ callId: endedCall(100 + n).id as CallId, startedAtMs: Date.parse(at(second)) }),
      );
      calls = readerOf(past);
      const seen: CallSummary[] = [];
      let next: unknown = '';
      for (let page = 0; next !== null && page < 100; page += 1) {
        const cursor = page === 0 ? '' : `&cursor=${String(next)}`;
        const { body } = await ask(app, { url: `/calls?limit=${limit}${cursor}` });
        seen.push(...(body['calls'] as CallSummary[]));
        next = body['next'];
      }
      const sorted = [...seen].sort((a, b) => (`${a.startedAt}${a.id}` < `${b.startedAt}${b.id}` ? 1 : -1));
      return (
        seen.length === past.length + lives.length &&
        new Set(seen.map((call) => call.id)).size === seen.length &&
        sorted.every((call, n) => call.id === seen[n]?.id)
      );
    }),
    { numRuns: 50 },
  );
  t.pass('50 shapes of lists');
});

void t.test('filters reach the reader in UTC and hold for live calls too', async (t) => {
  const calls = readerOf([]);
  const liveCalls = { ...noLiveCalls, list: () => [liveCall()] };
  const app = testApi(t, { liveCalls, calls });
  const list = async (query: string): Promise<string[]> =>
    ids((await ask(app, { url: `/calls?${query}` })).body);
  t.same(await list('from=2026-07-17T12:00:00%2B02:00&to=2026-07-17T12:00:00.5%2B02:00'), [callId]);
  t.match(calls.filters[0], { from: '2026-07-17T10:00:00.000000Z', to: '2026-07-17T10:00:00.500000Z' });
  t.same(await list('to=2026-07-17T10:00:00Z'), []);
  t.same(await list(`tenant=${tenantId.toUpperCase()}`), [callId]);
  t.same(await list('tenant=01981234-0000-7000-8000-00000000000b'), []);
  t.same(await list('caller=%2B15125550100&did=%2B15551234567'), [callId]);
  t.same(await list('caller=%2B15125550101'), []);
  t.same(await list('did=%2B15125550101'), []);
  t.same(await list('outcome=busy'), [], 'a live call has no outcome yet');
});

void t.test('wrong parameters are told, all at once', async (t) => {
  const app = testApi(t);
  const { status, body } = await ask(app, { url: '/calls?limit=0&outcome=good&page=2&from=yesterday' });
  t.equal(status, 400);
  t.equal(body['type'], 'urn:callfabric:problem:invalid-parameters');
  const fields = (body['faults'] as { field: string }[]).map((fault) => fault.field);
  t.same(fields.sort(), ['/from', '/limit', '/outcome', '/page']);
  t.match((await ask(app, { url: '/calls?from=2026-02-30T25:00:00Z' })).body, {
    faults: [{ field: '/from' }],
  });
  for (const cursor of [
    'x',
    '%00',
    encodeCursor({ startedAt: 'now', id: callId }),
    encodeCursor({ startedAt: '2026-99-99T00:00:00.000000Z', id: callId }),
  ])
    t.match(await ask(app, { url: `/calls?cursor=${cursor}` }), {
      status: 400,
      body: { faults: [{ field: '/cursor' }] },
    });
  t.equal((await ask(app, { url: '/calls/17' })).status, 400);
});

void t.test('an ended call is told with its records and as a timeline', async (t) => {
  const call = foundCall(1, {
    answeredAt: '2026-07-17T09:00:02.000000Z',
    connectedAt: '2026-07-17T09:00:08.000000Z',
    buyer: 'Acme',
    flowNumber: 3,
    variables: { zip: '90210' },
  });
  const records: CallRecords = {
    legs: [{ id: 'l', side: 'A', channelUuid: 'u', attemptId: null, cdr: null }],
    attempts: [
      {
        id: 'a',
        number: 1,
        buyerId: null,
        endpointId: null,
        trunkId: null,
        destination: 'sip:b@example.org',
        channelUuid: 'v',
        dialledAt: '2026-07-17T09:00:05.000000Z',
        ringingAt: null,
        answeredAt: null,
        endedAt: '2026-07-17T09:00:09.000000Z',
        outcome: 'busy',
        cause: 'USER_BUSY',
        sipCode: 486,
        capDecision: 'granted',
      },
    ],
    trace: [
      {
        step: 1,
        nodeId: 'menu',
        nodeType: 'ivr',
        exit: 'key:1',
        enteredAt: '2026-07-17T09:00:03.000000Z',
        durationMs: 12.5,
        reason: null,
      },
    ],
    recordings: [],
  };
  const calls = { list: async () => [], find: async () => ({ call, ...records }) };
  const app = testApi(t, { calls });
  const { status, body } = await ask(app, { url: `/calls/${callId}` });
  t.equal(status, 200);
  t.same(body['call'], call);
  t.same(body['attempts'], records.attempts);
  t.same(body['legs'], records.legs);
  t.same(body['trace'], records.trace);
  t.same(
    (body['timeline'] as { text: string }[]).map((moment) => moment.text),
    [
      '+15125550100 called +15551234567',
      'answered',
      'menu (ivr) left by key:1',
      'attempt 1 dialled sip:b@example.org (caps granted)',
      'connected with Acme',
      'attempt 1 ended: busy (USER_BUSY)',
      'ended: connected',
    ],
  );
});

void t.test('a live call is told while PostgreSQL is away', async (t) => {
  const away = async (): Promise<never> => {
    throw new Error('ECONNREFUSED');
  };
  const liveCalls = { ...noLiveCalls, get: () => liveCall({ state: 'bridged' }) };
  const app = testApi(t, { liveCalls, calls: { list: away, find: away } });
  const { status, body } = await ask(app, { url: `/calls/${callId.toUpperCase()}` });
  t.equal(status, 200);
  t.match(body, { call: { state: 'live', stage: 'bridged' }, legs: [], timeline: [{ kind: 'call' }] });
});

void t.test('a live call is told with what it has behind it, and with the attempt that runs', async (t) => {
  const startUs = Date.UTC(2026, 6, 17, 10) * 1000 + 123_456;
  const attempt = {
    attemptId: 'a2' as never,
    number: 2,
    buyerId: undefined,
    endpointId: undefined,
    trunkId: undefined,
    destination: 'sip:b@example.org',
    channelUuid: 'v' as never,
    dialledAtUs: startUs + 3_000_000,
    ringingAtUs: undefined,
    answeredAtUs: undefined,
    endedAtUs: undefined,
    outcome: undefined,
    cause: undefined,
    sipCode: undefined,
    capDecision: 'granted',
  };
  const soFar: CallSoFar = {
    answeredAtUs: startUs + 1,
    connectedAtUs: undefined,
    legs: [{ side: 'B', channelUuid: 'v' as never, attemptId: 'a2', cdr: undefined }],
    attempts: [attempt],
    trace: [
      {
        step: 1,
        nodeId: 'menu',
        nodeType: 'ivr',
        exit: 'key:1',
        enteredAtUs: startUs + 2_000_000,
        durationMs: 7,
        reason: undefined,
      },
    ],
    recordings: [],
    variables: { zip: '90210' },
  };
  const live = liveCall({
    campaignId: 'c' as CampaignId,
    flowVersionId: 'v' as FlowVersionId,
    callerName: 'Alice',
    tags: ['vip'],
  });
  const liveCalls = { ...noLiveCalls, get: () => live, soFar: () => soFar };
  const { status, body } = await ask(testApi(t, { liveCalls }), { url: `/calls/${callId}` });
  t.equal(status, 200);
  t.match(body, {
    call: {
      answeredAt: '2026-07-17T10:00:00.123457Z',
      connectedAt: null,
      campaignId: 'c',
      flowVersionId: 'v',
      flowNumber: null,
      phoneNumberId: null,
      switchName: 'fs1',
      source: null,
      callerName: 'Alice',
      variables: { zip: '90210' },
      tags: ['vip'],
    },
    legs: [{ side: 'B', attemptId: 'a2', cdr: null }],
    attempts: [
      { number: 2, dialledAt: '2026-07-17T10:00:03.123456Z', endedAt: null, outcome: null, cause: null },
    ],
    trace: [{ nodeId: 'menu', exit: 'key:1', reason: null }],
  });
  t.same(
    (body['timeline'] as { text: string }[]).map(({ text }) => text),
    [
      '+15125550100 called +15551234567',
      'answered',
      'menu (ivr) left by key:1',
      'attempt 2 dialled sip:b@example.org (caps granted)',
    ],
  );
});

void t.test('a call nobody knows is not found', async (t) => {
  const app = testApi(t);
  t.equal((await ask(app, { url: `/calls/${callId}` })).status, 404);
  t.equal((await ask(app, { method: 'POST', url: `/calls/${callId}/hangup` })).status, 404);
});

void t.test('hanging up hands on the cause, and only a cause that exists', async (t) => {
  const hungUp: string[] = [];
  const hangup = async (id: string, cause: string) => {
    hungUp.push(`${id} ${cause}`);
    return { result: 'asked' } as const;
  };
  const app = testApi(t, { liveCalls: { ...noLiveCalls, hangup } });
  const post = (payload?: object) =>
    ask(app, {
      method: 'POST',
      url: `/calls/${callId}/hangup`,
      headers: { authorization: `Bearer ${key}` },
      ...(payload === undefined ? {} : { payload }),
    });
  t.match(await post(), { status: 202, body: { id: callId, cause: 'MANAGER_REQUEST' } });
  t.match(await post({ cause: 'USER_BUSY' }), { status: 202 });
  t.match(await post({ cause: 'BECAUSE' }), { status: 422, body: { faults: [{ field: '/cause' }] } });
  t.match(await post({ why: 'x' }), { status: 422, body: { faults: [{ field: '/why' }] } });
  t.same(hungUp, [`${callId} MANAGER_REQUEST`, `${callId} USER_BUSY`]);
});

void t.test(
  'a call that may live where nothing reaches it is a problem that says what is away',
  async (t) => {
    const hangup = async () => ({ result: 'unreachable', what: 'FreeSWITCH fs2' }) as const;
    const app = testApi(t, { liveCalls: { ...noLiveCalls, hangup } });
    const { status, body } = await ask(app, { method: 'POST', url: `/calls/${callId}/hangup` });
    t.equal(status, 503);
    t.match(body['detail'], /FreeSWITCH fs2 cannot be reached/);
  },
);
