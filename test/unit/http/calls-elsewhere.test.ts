import t from 'tap';
import type { LeasedCall } from '../../../daemon/caps/leased-calls.ts';
import { RedisAway } from '../../../daemon/caps/redis-link.ts';
import type { CallSummary } from '../../../daemon/http/call-schemas.ts';
import type { ApiPorts } from '../../../daemon/http/ports.ts';
import type { CallId, ChannelUuid, DaemonId, SwitchName } from '../../../daemon/telephony/ids.ts';
import { headersOf, peopleAccess } from './access/people.ts';
import { ask, callId, daemonId, endedCall, liveCall, noLiveCalls, tenantId, testApi } from './test-api.ts';

const ids = (body: Record<string, unknown>): string[] =>
  (body['calls'] as CallSummary[]).map((call) => call.id);
const nothingEnded: ApiPorts['calls'] = { list: async () => [], find: async () => undefined };

const elsewhere: LeasedCall = {
  callId,
  daemonId: 'd2' as DaemonId,
  channelUuid: 'a-leg' as ChannelUuid,
  switchName: 'fs2' as SwitchName,
  sinceMs: Date.UTC(2026, 6, 17, 10),
  scopes: { tenant: tenantId, campaign: 'c1', buyer: 'b1' },
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
        buyer: 'b1',
        caller: null,
        startedAt: '2026-07-17T10:00:00.000000Z',
      },
      legs: [],
      timeline: [{ text: 'a call that daemon d2 runs' }],
    });
  }
  const records = { legs: [], attempts: [], trace: [], recordings: [] };
  const ended = { ...nothingEnded, find: async () => ({ call: endedCall(1), ...records }) };
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

void t.test('a publisher is told that it may have calls at other daemons', async (t) => {
  const listed = async (leased: ApiPorts['leased']): Promise<Record<string, unknown>> => {
    const app = testApi(t, { access: peopleAccess, leased });
    return (await ask(app, { url: '/calls?state=live', headers: headersOf('publisher') })).body;
  };
  t.match(await listed(leasing(elsewhere)), { calls: [], complete: false });
  const foreign = { ...elsewhere, scopes: { ...elsewhere.scopes, tenant: 'another' } };
  t.match(await listed(leasing(foreign)), { calls: [], complete: true }, 'calls of another tenant are none');
});
