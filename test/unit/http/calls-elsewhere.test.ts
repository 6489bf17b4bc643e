import t from 'tap';
import type { LeasedCall } from '../../../daemon/caps/leased-calls.ts';
import { RedisAway } from '../../../daemon/caps/redis-link.ts';
import type { CallSummary } from '../../../daemon/http/call-schemas.ts';
import type { ApiPorts } from '../../../daemon/http/ports.ts';
import type {
  BuyerId,
  CallId,
  CampaignId,
  ChannelUuid,
  DaemonId,
  PublisherId,
  SwitchName,
} from '../../../daemon/telephony/ids.ts';
import { headersOf, peopleAccess } from './access/people.ts';
import { ask, callId, daemonId, foundCall, liveCall, noLiveCalls, tenantId, testApi } from './test-api.ts';

const ids = (body: Record<string, unknown>): string[] =>
  (body['calls'] as CallSummary[]).map((call) => call.id);
const nothingEnded: ApiPorts['calls'] = { list: async () => [], find: async () => undefined };

const elsewhere: LeasedCall = {
  callId,
  daemonId: 'd2' as DaemonId,
  channelUuid: 'a-leg' as ChannelUuid,
  switchName: 'fs2' as SwitchName,
  sinceMs: Date.UTC(2026, 6, 17, 10),
  scopes: { tenant: tenantId, campaign: 'c1', number: 'n1', buyer: 'b1' },
};
const leasing = (...calls: readonly LeasedCall[]): ApiPorts['leased'] => ({
  find: async (id) => calls.find((call) => call.callId === id),
  list: async () => ({ calls, whole: true }),
});
const redisAway: ApiPorts['leased'] = {
  find: () => Promise.reject(new RedisAway('redis is not connected')),
  list: () => Promise.reject(new RedisAway('redis is not connected')),
};

void t.test('a call that lives at another daemon is told as far as its leases tell', async (t) => {
  const find = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
  for (const calls of [nothingEnded, { ...nothingEnded, find }]) {
    const { status, body } = await ask(testApi(t, { leased: leasing(elsewhere), calls }), {
      url: `/calls/${callId}`,
    });
    t.equal(status, 200);
    t.match(body, {
      call: {
        state: 'live',
        daemonId: 'd2',
        tenantId,
        campaignId: 'c1',
        phoneNumberId: 'n1',
        switchName: 'fs2',
        buyer: 'b1',
        buyerId: 'b1',
        publisherId: null,
        flowVersionId: null,
        variables: null,
        caller: null,
        callerName: null,
        startedAt: '2026-07-17T10:00:00.000000Z',
      },
      legs: [],
      timeline: [{ text: 'a call that daemon d2 runs' }],
    });
  }
  const records = { legs: [], attempts: [], trace: [], recordings: [] };
  const ended = { ...nothingEnded, find: async () => ({ call: foundCall(1), ...records }) };
  const { body } = await ask(testApi(t, { leased: leasing(elsewhere), calls: ended }), {
    url: `/calls/${callId}`,
  });
  t.match(body, { call: { state: 'ended' } }, 'its record says more');
  t.equal((await ask(testApi(t, { leased: redisAway }), { url: `/calls/${callId}` })).status, 503);
});

void t.test('the list has the live calls of other daemons, and says where it has not', async (t) => {
  const own = { ...noLiveCalls, list: () => [liveCall()] };
  const other = { ...elsewhere, callId: '01981234-0000-7000-8000-0000000000ff' as CallId };
  const list = async (leased: ApiPorts['leased'], query = ''): Promise<Record<string, unknown>> => {
    const app = testApi(t, { leased, liveCalls: own });
    return (await ask(app, { url: `/calls?state=live${query}` })).body;
  };
  const both = await list(leasing(elsewhere, other));
  t.same(ids(both), [other.callId, callId], 'its own once');
  t.match(both, {
    complete: true,
    calls: [
      { daemonId: 'd2', stage: null },
      { daemonId, stage: 'ivr' },
    ],
  });
  t.same(ids(await list(leasing(other), '&did=%2B15551234567')), [callId], 'its DID is not known here');
  t.match(await list(redisAway), { complete: false, calls: [{ daemonId }] });
});

void t.test('live calls are sought by what they are routed by, and what is not known is said', async (t) => {
  const id = (n: number): string => `01981234-0000-7000-8000-0000000000e${n}`;
  const mine = liveCall({
    campaignId: id(1) as CampaignId,
    publisherId: id(2) as PublisherId,
    buyerId: id(3) as BuyerId,
    tags: ['vip'],
  });
  const scopes = { tenant: tenantId, campaign: id(1) };
  const unsold = { ...elsewhere, callId: id(7) as CallId, scopes };
  const sold = { ...elsewhere, callId: id(8) as CallId, scopes: { ...scopes, buyer: id(3) } };
  const list = async (query: string, ...leased: readonly LeasedCall[]) => {
    const liveCalls = { ...noLiveCalls, list: () => [mine] };
    const app = testApi(t, { leased: leasing(...leased), liveCalls });
    const { body } = await ask(app, { url: `/calls?state=live&${query}` });
    return [
      ...ids(body)
        .toSorted()
        .map((one) => one.slice(-2)),
      body['complete'],
    ];
  };
  for (const query of [`campaign=${id(1)}`, `publisher=${id(2)}`, `buyer=${id(3).toUpperCase()}`, 'tag=vip'])
    t.same(await list(query), ['01', true], query);
  for (const query of [`campaign=${id(9)}`, `publisher=${id(9)}`, `buyer=${id(9)}`, 'tag=vi', 'outcome=busy'])
    t.same(await list(query), [true], query);
  t.same(await list(`campaign=${id(1)}`, unsold, sold), ['01', 'e7', 'e8', true]);
  t.same(await list(`campaign=${id(9)}`, unsold, sold), [true]);
  t.same(await list(`buyer=${id(3)}`, sold), ['01', 'e8', true]);
  t.same(await list(`buyer=${id(9)}`, sold), [true]);
  t.same(await list(`buyer=${id(3)}`, unsold, sold), ['01', 'e8', false], 'it may have been its call before');
  for (const query of [`publisher=${id(2)}`, 'tag=vip', 'did=4567', 'caller=0100'])
    t.same(await list(query, unsold), ['01', false], query);
  t.same(await list(`campaign=${id(9)}&tag=vip`, unsold), [true], 'another campaign it is in any case');
  t.same(await list('outcome=busy', unsold), [true], 'a live call has none');
});

void t.test('a publisher is told that it may have calls at other daemons', async (t) => {
  const listed = async (leased: ApiPorts['leased']): Promise<Record<string, unknown>> => {
    const app = testApi(t, { access: peopleAccess, leased });
    return (await ask(app, { url: '/calls?state=live', headers: headersOf('publisher') })).body;
  };
  t.match(await listed(leasing(elsewhere)), { calls: [], complete: false });
  const foreign = { ...elsewhere, scopes: { ...elsewhere.scopes, tenant: 'another' } };
  t.match(await listed(leasing(foreign)), { calls: [], complete: true }, 'calls of another tenant are none');
});
