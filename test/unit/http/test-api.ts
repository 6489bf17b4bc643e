import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import { Type } from 'typebox';
import type { LiveCall } from '../../../daemon/call/registry.ts';
import { defineNode } from '../../../daemon/flow/define-node.ts';
import type { AccessPorts } from '../../../daemon/http/access/ports.ts';
import { type ApiSettings, buildApp } from '../../../daemon/http/app.ts';
import type { CallSummary, CallView } from '../../../daemon/http/call-schemas.ts';
import type { ApiPorts } from '../../../daemon/http/ports.ts';
import { Problem } from '../../../daemon/http/problem.ts';
import { RecordingNotRead } from '../../../daemon/records/recording-source.ts';
import type { CallId, ChannelUuid, DaemonId, SwitchName, TenantId } from '../../../daemon/telephony/ids.ts';
import { openOrm } from '../../../orm/config.ts';
import { checkAnswers } from './check-answers.ts';
import { fakeFlows } from './flows/fake-flows.ts';
import { quietFeed } from './live/fake-bus.ts';

export const key = 'k-0123456789abcdef0123';
export const cdrSecret = 's-0123456789abcdef0123';
export const callId = '01981234-0000-7000-8000-000000000001' as CallId;
export const tenantId = '01981234-0000-7000-8000-00000000000a' as TenantId;

export const daemonId = '01981234-0000-7000-8000-00000000000d' as DaemonId;

export const settings: ApiSettings = { key, cdrSecret, metricsWithoutKey: false, version: '0.0.0-test' };

export function liveCall(of: Partial<LiveCall> = {}): LiveCall {
  return {
    callId,
    tenantId,
    campaignId: undefined,
    phoneNumberId: undefined,
    flowVersionId: undefined,
    switchName: 'fs1' as SwitchName,
    callerName: '',
    channelUuid: '6b5baba9-5e65-4a11-9394-a0b96bd7a2de' as ChannelUuid,
    caller: '+15125550100',
    did: '+15551234567',
    startedAtMs: Date.UTC(2026, 6, 17, 10),
    state: 'ivr',
    nodeId: 'menu',
    publisherId: undefined,
    buyerId: undefined,
    buyerName: undefined,
    takeovers: 0,
    tags: [],
    ...of,
  };
}

/** The nth ended call, one second after the one before. */
export function endedCall(n: number, of: Partial<CallSummary> = {}): CallSummary {
  return {
    id: `01981234-0000-7000-8000-${String(n).padStart(12, '0')}`,
    state: 'ended',
    daemonId,
    tenantId,
    campaignId: null,
    publisherId: null,
    buyerId: null,
    phoneNumberId: null,
    flowVersionId: null,
    switchName: 'fs1',
    source: 'session',
    callerName: 'Alice',
    caller: '+15125550100',
    did: '+15551234567',
    startedAt: `2026-07-17T09:00:${String(n).padStart(2, '0')}.000001Z`,
    answeredAt: null,
    connectedAt: null,
    endedAt: '2026-07-17T09:01:00.000000Z',
    stage: null,
    nodeId: null,
    buyer: null,
    outcome: 'connected',
    refusal: null,
    reason: null,
    cause: 'NORMAL_CLEARING',
    hungUpBy: 'caller',
    takeovers: 0,
    tags: [],
    ...of,
  };
}

/** The same as it is found by itself. */
export function foundCall(n: number, of: Partial<CallView> = {}): CallView {
  const { flowId = null, flowNumber = null, variables = {}, ...summary } = of;
  return { ...endedCall(n, summary), flowId, flowNumber, variables };
}

const hangup = defineNode({
  type: 'hangup',
  help: 'Ends the call.',
  params: Type.Object({ cause: Type.String() }),
  exits: {},
  run: async () => {
    throw new Error('not walked here');
  },
});

/** A daemon without calls. */
export const noLiveCalls: ApiPorts['liveCalls'] = {
  list: () => [],
  get: () => undefined,
  soFar: () => undefined,
  hangup: async () => ({ result: 'unknown' }),
};

/** Parts of the database in which nothing is found, whatever is asked. */
function nothingFound<Name extends Exclude<keyof AccessPorts, 'identities' | 'facts'>>(
  ...names: readonly Name[]
): Pick<AccessPorts, Name> {
  const part = new Proxy(
    {},
    {
      get: () => async () => {
        throw new Problem('not-found', 'there is nothing in this test');
      },
    },
  );
  return Object.fromEntries(names.map((name) => [name, part])) as Pick<AccessPorts, Name>;
}

/** Nobody has a key or a session. */
export function fakeAccess(of: Partial<AccessPorts> = {}): AccessPorts {
  return {
    identities: { ofKey: async () => undefined, ofSession: async () => undefined, forget: () => {} },
    // What a test is about it gives; nothing else knows anything.
    ...nothingFound('sessions', 'apiKeys', 'people', 'invitations', 'operators', 'roles', 'tenants', 'audit'),
    facts: { owns: async () => false, wholeNumbers: async () => false },
    ...of,
  };
}

/** The sums of no calls. */
export const nothingCounted = {
  key: '',
  name: null,
  incoming: 0,
  answered: 0,
  connected: 0,
  answered_us: 0,
  connected_us: 0,
  converted: 0,
  duplicates: 0,
  money: [],
};

// Nobody listens there: what needs the database is tested with one. Made once, for to read all entities takes 80 ms.
const nowhere = openOrm('postgres://nobody@127.0.0.1:1/none');

/** Ports that know nothing and are well; a test replaces what it is about. */
export function fakePorts(of: Partial<ApiPorts> = {}): ApiPorts {
  return {
    daemonId,
    access: fakeAccess(),
    liveCalls: noLiveCalls,
    leased: { find: async () => undefined, list: async () => ({ calls: [], whole: true }) },
    calls: { list: async () => [], find: async () => undefined },
    flows: fakeFlows(),
    nodeTypes: new Map([['hangup', hangup]]),
    caps: { holders: async () => [] },
    live: quietFeed(),
    health: { checks: [], draining: () => false },
    metrics: {
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      text: async () => 'callfabric_live_calls 0\n',
    },
    cdrs: { accept: async () => {} },
    resources: { orm: nowhere, privateWebhooks: false },
    recordings: {
      read: async () => {
        throw new RecordingNotRead('missing', 'nothing is kept in this test');
      },
    },
    reports: { calls: async () => ({ rows: [], total: nothingCounted }) },
    ...of,
  };
}

/** An API over these ports that is closed when the test ends. */
export function testApi(
  t: Test,
  ports: Partial<ApiPorts> = {},
  of: Partial<ApiSettings> = {},
  now?: () => number,
): FastifyInstance {
  const app = checkedApp({
    ports: fakePorts(ports),
    settings: { ...settings, ...of },
    ...(now === undefined ? {} : { now }),
  });
  t.teardown(() => app.close());
  return app;
}

/** An API whose every answer is held to what its route documents. */
export function checkedApp(of: {
  readonly ports: ApiPorts;
  readonly settings?: ApiSettings;
  readonly now?: () => number;
  readonly answerWithinMs?: number;
}): FastifyInstance {
  const app = buildApp({ settings, log: pino({ level: 'silent' }), ...of });
  checkAnswers(app);
  return calm(app);
}

/** Turns nobody away because this process is busy: it is, with the tests. */
export function calm(app: FastifyInstance): FastifyInstance {
  app.addHook('onReady', async () => {
    app.isUnderPressure = () => false;
  });
  return app;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  // Bodies are read as tests expect them; a wrong shape fails the comparison.
  readonly body: Record<string, unknown>;
}

/** Asks with the right key, unless other headers are given. */
export async function ask(app: FastifyInstance, options: InjectOptions): Promise<Answer> {
  const answer = await app.inject({ headers: { authorization: `Bearer ${key}` }, ...options });
  const type = String(answer.headers['content-type'] ?? '');
  const body: Record<string, unknown> = type.includes('json') ? answer.json() : { text: answer.body };
  return { status: answer.statusCode, type, body };
}
