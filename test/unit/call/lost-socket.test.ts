import t from 'tap';
import { outcomeOf } from '../../../daemon/call/assemble-record.ts';
import { CallSession } from '../../../daemon/call/call-session.ts';
import { decodeCallState } from '../../../daemon/call/call-state.ts';
import { resultOfInterrupted } from '../../../daemon/call/takeover.ts';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { legEnd } from './leg-end.ts';
import { aRoute, FakeSessionChannel, TestEnvironment } from './test-environment.ts';

const lost = { cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' } as const;

/** A call whose socket breaks while it is bridged. */
async function lostInBridge(env: TestEnvironment, link: TestEnvironment['link'] | undefined = env.link) {
  const channel = new FakeSessionChannel({ digits: ['1'], goneDuring: 'bridge', goneAs: lost });
  await new CallSession(env.environment, channel, link).run();
  const state = decodeCallState(channel.carried.at(-1));
  return { channel, own: state?.lease?.leaseId, attempt: state?.underWay?.lease?.leaseId };
}

void t.test('the channel lives: no lease is released, all are left to the care of the daemon', async (t) => {
  const env = new TestEnvironment();
  env.livesOn = true;
  const { channel, own, attempt } = await lostInBridge(env);
  t.same(env.released, []);
  t.match(env.left, [{ leases: [own, attempt], channelUuid: channel.uuid, onGone: undefined }]);
  t.same(env.heldLeases(), [], 'the session renews none of them');
  t.same(env.written, []);
});

void t.test(
  'nobody can say whether it lives: the same, and its end is written once it is known',
  async (t) => {
    const env = new TestEnvironment();
    env.livesOn = undefined;
    const { own, attempt } = await lostInBridge(env);
    t.same(env.released, []);
    t.same(env.written, []);
    const [left] = env.left;
    t.same(left?.leases, [own, attempt]);
    left?.onGone?.();
    t.match(env.written, [{ source: 'switch', attempts: [{ number: 1 }] }]);
  },
);

void t.test('the channel is over: every lease is released, once', async (t) => {
  const env = new TestEnvironment();
  const { own, attempt } = await lostInBridge(env);
  t.same(env.released, [own, attempt]);
  t.same(env.left, []);
  t.equal(env.written.length, 1);
});

void t.test('no FreeSWITCH to ask at all: nothing is released, and the record is written', async (t) => {
  const env = new TestEnvironment();
  const channel = new FakeSessionChannel({ digits: ['1'], goneDuring: 'bridge', goneAs: lost });
  await new CallSession(env.environment, channel, undefined).run();
  t.same(env.released, []);
  t.match(env.written, [{ source: 'switch' }]);
});

void t.test('a session of this daemon has the call already: its leases are left alone', async (t) => {
  const env = new TestEnvironment();
  env.livesOn = true;
  const channel = new FakeSessionChannel({
    digits: ['1'],
    bridges: [
      () => {
        const over = Promise.withResolvers<never>();
        return over.promise;
      },
    ],
  });
  const first = new CallSession(env.environment, channel, env.link).run();
  await channel.called('bridge');
  const state = channel.carried.at(-1) ?? '';
  const legUuid = decodeCallState(state)?.underWay?.legUuid ?? '';
  const taken = new FakeSessionChannel({
    answered: true,
    variables: { callfabric_state: state, callfabric_entry: 'takeover', last_bridge_to: legUuid },
    goneBefore: 'hangup',
  });
  const heldBefore = env.heldLeases().length;
  t.equal(heldBefore, 2);
  // The one that goes first asks FreeSWITCH, and meanwhile its successor comes.
  channel.goAway(lost);
  const second = new CallSession(env.environment, taken, env.link).run();
  await first;
  t.same(env.left, []);
  await second;
  t.equal(env.released.length, 2, 'each once, by the one that has the call');
  t.same(env.heldLeases(), []);
});

void t.test('the callee’s leg says that the two talked: the call is not free', async (t) => {
  const env = new TestEnvironment();
  env.bridgeUsOf = (uuid) => (uuid.startsWith('1111') ? undefined : 1_790_000_000_500_000);
  const channel = new FakeSessionChannel({ digits: ['1'], goneDuring: 'bridge' });
  await new CallSession(env.environment, channel, env.link).run();
  t.match(env.written, [
    {
      outcome: 'connected',
      buyerId: 'buyer-1',
      attempts: [{ outcome: 'connected', cause: 'NORMAL_CLEARING' }],
    },
  ]);
});

void t.test(
  'an operator hangs up: ours, not the caller’s; where nobody can be told nothing happens',
  async (t) => {
    const env = new TestEnvironment();
    const channel = new FakeSessionChannel({ digits: ['1'], bridges: [() => new Promise<never>(() => {})] });
    const session = new CallSession(env.environment, channel, env.link);
    const running = session.run();
    await channel.called('bridge');
    env.linkConnected = false;
    t.equal(await session.hangup('MANAGER_REQUEST'), false);
    t.notOk(channel.verbs.includes('hangup'), 'the deaf socket is left alone');
    t.same(channel.expected, []);
    env.linkConnected = true;
    env.kills = false;
    t.equal(await session.hangup('MANAGER_REQUEST'), false);
    t.same(channel.expected, [], 'the next end may be the caller’s');
    env.kills = true;
    t.equal(await session.hangup('MANAGER_REQUEST'), true);
    t.same(channel.expected, ['MANAGER_REQUEST']);
    channel.goAway({ cause: 'MANAGER_REQUEST', by: 'callfabric' });
    await running;
    t.match(env.written, [{ hungUpBy: 'callfabric', cause: 'NORMAL_CLEARING' }]);
  },
);

void t.test(
  'a leg that ended just before its call moved is written, not left to somebody who never heard of it',
  async (t) => {
    const env = new TestEnvironment();
    env.livesOn = true;
    const ends: (() => void)[] = [];
    const onLeg: TestEnvironment['link']['onLeg'] = (channelUuid, listener) => {
      const callId = channel.prepared['callfabric_call'] ?? '';
      const variables = { callfabric_call: callId, callfabric_tenant: newId<'TenantId'>() };
      const leg = { ...legEnd('B', variables), channelUuid };
      ends.push(() => listener({ kind: 'ended', channelUuid, atUs: leg.times.endUs, leg }));
      return { off() {} };
    };
    const channel: FakeSessionChannel = new FakeSessionChannel({
      digits: ['1'],
      bridges: [
        () => {
          for (const end of ends.slice(1)) end();
          channel.goAway(lost);
          throw new ChannelGone(lost);
        },
      ],
    });
    await new CallSession(env.environment, channel, { ...env.link, connected: true, onLeg }).run();
    t.same(env.written, []);
    const legUuid = decodeCallState(channel.carried.at(-1))?.underWay?.legUuid;
    t.match(env.legsWritten, [{ source: 'leg', legs: [{ side: 'B', channelUuid: legUuid }] }]);
    t.equal(env.legsWritten.length, 1);
  },
);

void t.test('a caller in the line whom an operator ends has not given up', (t) => {
  const ending = {
    cause: 'MANAGER_REQUEST',
    reason: undefined,
    fault: false,
    lastNodeType: 'queue',
  } as const;
  t.equal(outcomeOf([], { ...ending, by: 'callfabric', cut: true }), 'finished');
  t.equal(outcomeOf([], { ...ending, by: 'caller', cut: true }), 'abandoned_in_queue');
  t.equal(outcomeOf([], { ...ending, by: 'callfabric' }), 'queue_timeout');
  t.end();
});

/** What a daemon left on the channel of a call it lost while a buyer talked. */
async function carriedState(): Promise<{ callfabric_state: string; last_bridge_to: string }> {
  const { channel } = await lostInBridge(new TestEnvironment());
  const state = channel.carried.at(-1) ?? '';
  return {
    callfabric_state: state,
    last_bridge_to: decodeCallState(state)?.underWay?.legUuid ?? '',
  };
}

void t.test('taken over while PostgreSQL is away for a moment: the caller waits, and goes on', async (t) => {
  const env = new TestEnvironment();
  let asked = 0;
  const { routes } = env.environment.admission;
  const routeFor = async (did: string) => {
    asked += 1;
    if (asked === 1) throw new Error('PostgreSQL is away');
    return routes.routeFor(did);
  };
  const environment = {
    ...env.environment,
    admission: { ...env.environment.admission, routes: { ...routes, routeFor } },
  };
  const channel = new FakeSessionChannel({ answered: true, variables: await carriedState() });
  await new CallSession(environment, channel, env.link).run();
  t.equal(asked, 2);
  t.match(env.written, [{ outcome: 'connected', attempts: [{ outcome: 'connected' }] }]);
});

void t.test(
  'taken over, but its number is gone: the record still tells all, and nothing stays held',
  async (t) => {
    const env = new TestEnvironment({ route: undefined });
    const variables = await carriedState();
    const channel = new FakeSessionChannel({ answered: true, variables });
    await new CallSession(env.environment, channel, env.link).run();
    t.same(channel.verbs, ['hangup']);
    t.match(env.written, [
      {
        outcome: 'connected',
        buyerId: 'buyer-1',
        takeovers: 1,
        attempts: [{ outcome: 'connected', channelUuid: variables.last_bridge_to }],
        recordings: [{ channels: 'stereo' }],
      },
    ]);
    t.equal(env.released.length, 2);
    t.same(env.heldLeases(), []);
  },
);

void t.test(
  "taken over when its number is another tenant's: not one of their buyers hears this caller",
  async (t) => {
    const route = aRoute();
    const tenant = { ...route.tenant, tenantId: 'tenant-2' as typeof route.tenant.tenantId };
    const env = new TestEnvironment({ route: { ...route, tenant } });
    const channel = new FakeSessionChannel({ answered: true, variables: await carriedState() });
    await new CallSession(env.environment, channel, env.link).run();
    t.same(channel.verbs, ['hangup']);
    t.match(env.written, [{ tenantId: 'tenant-1', campaignId: 'campaign-1', outcome: 'connected' }]);
    t.same(env.heldLeases(), []);
  },
);

void t.test(
  'taken over, but its flow cannot be walked: the attempt has its row and gives its lease back',
  async (t) => {
    const env = new TestEnvironment();
    const { routes } = env.environment.admission;
    const route = await routes.routeFor('');
    if (route?.flow === undefined) throw new Error('a route');
    const other = {
      ...route,
      flow: { ...route.flow, flowVersionId: 'version-2' as typeof route.flow.flowVersionId },
    };
    const changed = { ...routes, routeFor: async () => other, flowVersion: async () => undefined };
    const environment = { ...env.environment, admission: { ...env.environment.admission, routes: changed } };
    const channel = new FakeSessionChannel({ answered: true, variables: await carriedState() });
    await new CallSession(environment, channel, env.link).run();
    t.match(env.written, [{ outcome: 'connected', attempts: [{ outcome: 'connected' }] }]);
    t.equal(env.released.length, 2);
    t.same(env.heldLeases(), []);
  },
);

void t.test(
  'a new version was published before the takeover: the record names the one it began with',
  async (t) => {
    const route = aRoute();
    const flow = { ...route.flow, flowVersionId: 'version-2' } as NonNullable<typeof route.flow>;
    for (const graph of [route.flow?.graph, undefined]) {
      const env = new TestEnvironment();
      const { routes } = env.environment.admission;
      const changed = {
        ...routes,
        routeFor: async () => ({ ...route, flow }),
        flowVersion: async () => graph,
      };
      const environment = {
        ...env.environment,
        admission: { ...env.environment.admission, routes: changed },
      };
      const variables = await carriedState();
      const channel = new FakeSessionChannel({ answered: true, variables, goneBefore: 'hangup' });
      await new CallSession(environment, channel, env.link).run();
      t.match(env.written, [{ flowVersionId: 'version-1' }]);
    }
  },
);

void t.test(
  'the caller leaves after a takeover: the record names the version the call began with',
  async (t) => {
    const first = new TestEnvironment();
    const before = new FakeSessionChannel({ goneDuring: 'collectDigits', goneAs: lost });
    first.livesOn = true;
    await new CallSession(first.environment, before, first.link).run();
    const route = aRoute();
    const flow = { ...route.flow, flowVersionId: 'version-2' } as NonNullable<typeof route.flow>;
    const env = new TestEnvironment({ route: { ...route, flow } });
    const variables = { callfabric_state: before.carried.at(-1) ?? '', callfabric_entry: 'takeover' };
    const channel = new FakeSessionChannel({ answered: true, variables, goneDuring: 'collectDigits' });
    await new CallSession(env.environment, channel, env.link).run();
    t.match(env.written, [{ outcome: 'abandoned', takeovers: 1, flowVersionId: 'version-1' }]);
  },
);

void t.test(
  'taken over before the dial was begun: the buyer is dialled, and no leg is waited for',
  async (t) => {
    const env = new TestEnvironment({ factsDeadlineMs: 60_000 });
    const { callfabric_state, last_bridge_to: never } = await carriedState();
    env.tellsEndOf = (uuid) => uuid !== never;
    const channel = new FakeSessionChannel({
      answered: true,
      bridges: [{ end: 'answered', cause: 'NORMAL_CLEARING', hungUpBy: 'B' }],
      variables: { callfabric_state, callfabric_dialled: never },
    });
    await new CallSession(env.environment, channel, env.link).run();
    t.match(env.written, [
      {
        outcome: 'connected',
        attempts: [{ endpointId: decodeCallState(callfabric_state)?.underWay?.endpointId }],
      },
    ]);
  },
);

void t.test('talking time after a takeover counts from when the two were joined', async (t) => {
  const { callfabric_state, last_bridge_to } = await carriedState();
  const attempt = decodeCallState(callfabric_state)?.underWay;
  if (attempt === undefined) throw new Error('an attempt');
  const joinedAtUs = attempt.dialledAtUs + 30_000_000;
  const variable = (name: string) => (name === 'last_bridge_to' ? last_bridge_to : undefined);
  const result = resultOfInterrupted(
    attempt,
    { variable, bridgedAtUs: joinedAtUs },
    joinedAtUs / 1000 + 2000,
  );
  t.match(result, { outcome: 'connected', talkedMs: 2000 });
});
