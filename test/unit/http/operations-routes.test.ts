import t from 'tap';
import type { CapHolder } from '../../../daemon/caps/cap-lease.ts';
import { Metrics } from '../../../daemon/http/metrics.ts';
import type { HealthCheck, MetricsSources } from '../../../daemon/http/ports.ts';
import { sharedReadiness } from '../../../daemon/http/readiness.ts';
import { ask, callId, testApi } from './test-api.ts';

const well = (kind: HealthCheck['kind'], name: string = kind): HealthCheck => ({
  kind,
  name,
  check: async () => 'answered',
});
const away = (kind: HealthCheck['kind'], name: string = kind): HealthCheck => ({
  kind,
  name,
  check: async () => {
    throw new Error('connect ECONNREFUSED 10.9.8.7:5432');
  },
});

void t.test('live says so, whatever else is away', async (t) => {
  const app = testApi(t, { health: { checks: [away('postgres')], draining: () => true } });
  t.match(await ask(app, { url: '/health/live', headers: {} }), { status: 200, body: { live: true } });
});

void t.test('ready while PostgreSQL, Redis and one of the FreeSWITCHes are well', async (t) => {
  const ready = async (checks: HealthCheck[], draining = false) => {
    const app = testApi(t, { health: { checks, draining: () => draining } });
    return ask(app, { url: '/health/ready', headers: {} });
  };
  const all = [well('postgres'), well('redis'), well('freeswitch', 'a'), well('freeswitch', 'b')];
  t.match(await ready(all), { status: 200, body: { ready: true, draining: false } });
  t.match(await ready(all, true), { status: 503, body: { ready: false, draining: true } });
  const oneAway = [...all.slice(0, 3), away('freeswitch', 'b')];
  t.match(await ready(oneAway), {
    status: 200,
    body: {
      ready: true,
      checks: [{ ok: true, detail: 'answered' }, { ok: true }, { ok: true }, { name: 'b', ok: false }],
    },
  });
  t.match(await ready([well('postgres'), well('redis'), away('freeswitch')]), { status: 503 });
  const noDatabase = await ready([away('postgres'), well('redis'), well('freeswitch')]);
  t.match(noDatabase, { status: 503, body: { checks: [{ name: 'postgres', ok: false, detail: 'away' }] } });
  t.notMatch(
    JSON.stringify(noDatabase.body),
    /10\.9\.8\.7/,
    'hosts are no business of who asks without a key',
  );
});

void t.test('a check that never answers is cut at its deadline and told to stop', async (t) => {
  const faults: unknown[] = [];
  let aborted = false;
  const hanging: HealthCheck = {
    kind: 'redis',
    name: 'redis',
    check: (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise<string>(() => {});
    },
  };
  const state = await sharedReadiness(
    { checks: [hanging, well('postgres')], draining: () => false },
    { deadlineMs: 5, onFault: (check, error) => faults.push([check.name, String(error)]) },
  )();
  t.match(state, { ready: false, checks: [{ ok: false, detail: 'no answer within 5 ms' }, { ok: true }] });
  t.ok(aborted);
  t.same(faults, [['redis', 'Error: no answer within 5 ms']]);
});

void t.test('however many ask whether it is ready, it looks once', async (t) => {
  let looks = 0;
  let draining = false;
  const counted: HealthCheck = {
    ...well('postgres'),
    check: async () => {
      looks += 1;
      return 'answers';
    },
  };
  const ready = sharedReadiness({ checks: [counted], draining: () => draining }, { freshMs: 3_600_000 });
  const states = await Promise.all(Array.from({ length: 50 }, ready));
  t.ok(states.every((state) => state.ready));
  t.equal(looks, 1);
  draining = true;
  t.match(await ready(), { ready: false, draining: true }, 'that it drains is told at once');
  t.equal(looks, 1);
});

const sources: MetricsSources = {
  liveCalls: () => [{ state: 'ivr' }, { state: 'bridged' }, { state: 'bridged' }],
  leases: () => 7,
  records: () => ({ written: 4, rejected: 0, lost: 0 }),
  spool: () => ({ records: 3, bytes: 4096 }),
  sockets: () => 5,
  switches: () => [
    { name: 'a', connected: true, apiExpansion: true },
    { name: 'b', connected: false, apiExpansion: undefined },
  ],
};

void t.test('the figures of calls, caps, spool, sockets and event loop are there', async (t) => {
  const metrics = new Metrics(sources);
  metrics.start();
  metrics.start();
  t.teardown(() => metrics.stop());
  metrics.callStarted();
  metrics.callStarted();
  metrics.callTakenOver();
  metrics.callRefused('capped');
  metrics.callEnded('connected', 61_000);
  metrics.decisionTook(1.5);
  metrics.postDialDelay(300);
  metrics.attemptEnded('busy');
  const app = testApi(t, { metrics });
  const { status, type, body } = await ask(app, { url: '/metrics' });
  t.equal(status, 200);
  t.match(type, /^text\/plain; version=0\.0\.4/);
  const lines = String(body['text']).split('\n');
  for (const line of [
    'callfabric_live_calls{state="ivr"} 1',
    'callfabric_live_calls{state="bridged"} 2',
    'callfabric_cap_leases 7',
    'callfabric_spool_records 3',
    'callfabric_spool_bytes 4096',
    'callfabric_event_sockets 5',
    'callfabric_switch_connected{switch="a"} 1',
    'callfabric_switch_connected{switch="b"} 0',
    'callfabric_switch_api_expansion{switch="a"} 1',
    'callfabric_calls_started_total 2',
    'callfabric_calls_taken_over_total 1',
    'callfabric_calls_refused_total{reason="capped"} 1',
    'callfabric_calls_refused_total{reason="draining"} 0',
    'callfabric_calls_ended_total{outcome="connected"} 1',
    'callfabric_attempts_total{outcome="busy"} 1',
    'callfabric_call_records{fate="written"} 4',
    'callfabric_call_duration_seconds_bucket{le="60"} 0',
    'callfabric_call_duration_seconds_bucket{le="90"} 1',
    'callfabric_decision_seconds_bucket{le="0.001"} 0',
    'callfabric_decision_seconds_bucket{le="0.002"} 1',
    'callfabric_post_dial_delay_seconds_bucket{le="0.25"} 0',
    'callfabric_post_dial_delay_seconds_bucket{le="0.5"} 1',
  ])
    t.ok(lines.includes(line), line);
  t.match(String(body['text']), /^callfabric_event_loop_delay_seconds\{quantile="0\.99"\} [\d.e-]+$/m);
  t.match(String(body['text']), /^process_resident_memory_bytes \d+/m);
});

void t.test('metrics need the key unless the setting says otherwise', async (t) => {
  t.equal((await ask(testApi(t), { url: '/metrics', headers: {} })).status, 401);
  const open = testApi(t, {}, { metricsWithoutKey: true });
  t.match(await ask(open, { url: '/metrics', headers: {} }), {
    status: 200,
    body: { text: /callfabric_live_calls/ },
  });
  t.equal((await ask(open, { url: '/calls', headers: {} })).status, 401);
});

void t.test('the holders of a cap are told, longest first', async (t) => {
  const asked: string[] = [];
  const holder = (leaseId: string, sinceMs: number) =>
    ({ leaseId, callId, daemonId: 'd', sinceMs, expiresInMs: 20_000, fence: 9 }) as CapHolder;
  const holders = async (scope: string): Promise<CapHolder[]> => {
    asked.push(scope);
    return [holder('young', Date.UTC(2026, 6, 17, 11)), holder('old', Date.UTC(2026, 6, 17, 10))];
  };
  const app = testApi(t, { caps: { holders } });
  t.match(await ask(app, { url: `/caps/buyer:${callId}/holders` }), {
    status: 200,
    body: {
      scope: `buyer:${callId}`,
      holders: [
        { leaseId: 'old', since: '2026-07-17T10:00:00.000000Z', expiresInMs: 20_000 },
        { leaseId: 'young' },
      ],
    },
  });
  t.equal((await ask(app, { url: `/caps/buyer%3A${callId}/holders` })).status, 200);
  t.same(asked, [`buyer:${callId}`, `buyer:${callId}`]);
  for (const scope of ['world:1', 'buyer', 'buyer:', 'buyer:a%20b', 'buyer:*'])
    t.equal((await ask(app, { url: `/caps/${scope}/holders` })).status, 400, scope);
});

void t.test('with Redis away the holders are a problem that says so', async (t) => {
  const holders = async (): Promise<never> => {
    throw new Error('ECONNREFUSED 10.1.1.1');
  };
  const app = testApi(t, { caps: { holders } });
  const { status, body } = await ask(app, { url: '/caps/trunk:1/holders' });
  t.equal(status, 503);
  t.equal(body['type'], 'urn:callfabric:problem:unavailable');
  t.match(body['detail'], /Redis/);
  t.notMatch(JSON.stringify(body), /10\.1\.1\.1/);
});
