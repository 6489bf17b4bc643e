import t from 'tap';
import { CallSession } from '../../../daemon/call/call-session.ts';
import type { CallSoFar } from '../../../daemon/call/call-so-far.ts';
import { decodeCallState, encodeCallState, encodeLastingState } from '../../../daemon/call/call-state.ts';
import { unobserved } from '../../../daemon/call/observer.ts';
import type { LiveCall } from '../../../daemon/call/registry.ts';
import type { CapLease } from '../../../daemon/caps/cap-lease.ts';
import type { BridgeRequest } from '../../../daemon/channel/channel.ts';
import type { Route } from '../../../daemon/routing/route.ts';
import type { Refusal } from '../../../daemon/telephony/outcome.ts';
import { aPublisher, aRoute, FakeSessionChannel, TestEnvironment } from './test-environment.ts';

const answered = { end: 'answered', cause: 'NORMAL_CLEARING', hungUpBy: 'B' } as const;

void t.test(
  'a call through menu, queue and buyer leaves one complete record and holds nothing',
  async (t) => {
    const env = new TestEnvironment();
    const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
    await new CallSession(env.environment, channel, env.link).run();
    const [record] = env.written;
    t.equal(env.written.length, 1);
    t.equal(record?.outcome, 'connected');
    t.same(
      record?.trace.map(({ nodeType, exit }) => `${nodeType}:${exit}`),
      ['ivr:key:1', 'queue:ready', 'buyer:connectedEnded'],
    );
    t.same(
      record?.attempts.map(({ number, outcome, capDecision }) => ({ number, outcome, capDecision })),
      [{ number: 1, outcome: 'connected', capDecision: 'granted' }],
    );
    t.equal(record?.legs.length, 2);
    t.equal(record?.recordings.length, 1, 'the conversation was recorded');
    t.equal(channel.armed.length, 1, 'the recording began in the packet of the bridge');
    t.same(env.heldLeases(), [], 'every lease was given back');
    t.equal(env.environment.registry.size, 0);
  },
);

void t.test("a caller without a country code is read in the house's own country", async (t) => {
  for (const [defaultCountry, caller] of [
    ['DE', '+493012345678'],
    ['US', '+13012345678'],
  ] as const) {
    const env = new TestEnvironment({ defaultCountry });
    const channel = new FakeSessionChannel({
      callerNumber: '3012345678',
      digits: ['1'],
      bridges: [answered],
    });
    const session = new CallSession(env.environment, channel, env.link);
    t.equal(session.live().caller, caller);
    await session.run();
    t.equal(env.written[0]?.caller, caller);
    const [dialled] = channel.argumentsOf('bridge') as BridgeRequest[];
    t.equal(dialled?.callerId.number, caller, 'what the flow knows, and the buyer sees');
  }
});

void t.test('a recording that cannot be asked for keeps nobody from their buyer', async (t) => {
  const env = new TestEnvironment();
  const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
  channel.refusesRecordings = true;
  await new CallSession(env.environment, channel, env.link).run();
  t.match(env.written, [{ outcome: 'connected', recordings: [] }]);
  t.equal(env.written[0]?.recordings.length, 0);
});

void t.test('the post-dial delay is seen where the callee answers without ringing', async (t) => {
  const delays: number[] = [];
  const env = new TestEnvironment();
  const environment = {
    ...env.environment,
    observer: { ...unobserved, postDialDelay: (ms: number) => void delays.push(ms) },
  };
  const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
  await new CallSession(environment, channel, env.link).run();
  const [attempt] = env.written[0]?.attempts ?? [];
  t.equal(attempt?.ringingAtUs, undefined, 'nobody told of ringing');
  t.same(delays, [1_000], 'from the offer to the answer, by the clock of FreeSWITCH');
});

void t.test('what a call has behind it can be seen while it lives', async (t) => {
  const env = new TestEnvironment();
  const busy = { end: 'notAnswered', cause: 'USER_BUSY', sipCode: 486 } as const;
  const seen: CallSoFar[] = [];
  const lives: LiveCall[] = [];
  const channel = new FakeSessionChannel({
    digits: ['1'],
    bridges: [
      busy,
      () => {
        seen.push(session.soFar());
        lives.push(session.live());
        return answered;
      },
    ],
  });
  const session = new CallSession(env.environment, channel, env.link);
  t.match(session.soFar(), { legs: [], attempts: [], trace: [], recordings: [] }, 'nothing yet');
  t.match(session.live(), { campaignId: undefined, flowVersionId: undefined, tags: [] });
  await session.run();
  const [record] = env.written;
  t.match(lives, [
    {
      campaignId: 'campaign-1',
      phoneNumberId: 'number-1',
      flowVersionId: 'version-1',
      switchName: record?.switchName,
      callerName: record?.callerName,
      buyerId: 'buyer-1',
      tags: ['web'],
    },
  ]);
  t.same(seen[0]?.variables, record?.variables);
  t.match(seen, [
    {
      trace: [{ nodeType: 'ivr' }, { nodeType: 'queue' }],
      attempts: [
        { number: 1, outcome: 'busy' },
        { number: 2, outcome: undefined, channelUuid: record?.attempts[1]?.channelUuid },
      ],
      recordings: [{ path: channel.armed[0] }],
    },
  ]);
  t.same(
    seen[0]?.legs.map(({ side, attemptId }) => [side, attemptId]),
    [
      ['A', undefined],
      ['B', record?.attempts[0]?.attemptId],
      ['B', record?.attempts[1]?.attemptId],
    ],
  );
});

void t.test('the state on the channel names the leg before it is dialled', async (t) => {
  const env = new TestEnvironment();
  const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
  await new CallSession(env.environment, channel, env.link).run();
  const states = channel.carried.map((text) => decodeCallState(text));
  const dialled = states.find((state) => state?.underWay !== undefined);
  t.equal(dialled?.walk.frames[0]?.nodeId, 'buyers');
  t.equal(dialled?.underWay?.legUuid, env.written[0]?.attempts[0]?.channelUuid);
  t.same(dialled?.tried, [dialled?.underWay?.endpointId]);
  t.equal(states[0]?.walk.frames[0]?.nodeId, 'menu');
});

void t.test('a call that may not enter is refused before answer, with its reason on record', async (t) => {
  const whole = aRoute();
  const off = { ...aPublisher(undefined), enabled: false };
  const offHere = aPublisher({ enabled: false });
  const cases: { change: Partial<Route>; refusal: Refusal; cause: string; reason: RegExp }[] = [
    {
      change: { number: { ...whole.number, enabled: false } },
      refusal: 'number_disabled',
      cause: 'UNALLOCATED_NUMBER',
      reason: /number or its campaign/,
    },
    {
      change: { publisher: off },
      refusal: 'publisher_disabled',
      cause: 'CALL_REJECTED',
      reason: /publisher is switched off$/,
    },
    {
      change: { publisher: offHere },
      refusal: 'publisher_disabled',
      cause: 'CALL_REJECTED',
      reason: /publisher is switched off in this campaign/,
    },
    {
      change: { flow: undefined },
      refusal: 'no_published_flow',
      cause: 'NORMAL_TEMPORARY_FAILURE',
      reason: /no published version/,
    },
  ];
  for (const one of cases) {
    const env = new TestEnvironment({ route: { ...whole, ...one.change } });
    const channel = new FakeSessionChannel({});
    await new CallSession(env.environment, channel, env.link).run();
    t.same(channel.verbs, ['hangup']);
    t.same(channel.argumentsOf('hangup'), [one.cause]);
    t.match(env.written[0], { outcome: 'refused', refusal: one.refusal, attempts: [], trace: [] });
    t.match(env.written[0]?.reason, one.reason);
    t.same(env.heldLeases(), []);
  }
});

void t.test("a call holds a place of each cap it was admitted by, its publisher's among them", async (t) => {
  for (const [publisher, more] of [
    [undefined, []],
    [aPublisher(), []],
    [aPublisher({ maxCalls: 2 }), [{ scope: 'campaign_publisher:place-1', limit: 2 }]],
  ] as const) {
    const env = new TestEnvironment({ route: { ...aRoute(), publisher } });
    const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
    await new CallSession(env.environment, channel, env.link).run();
    t.same(decodeCallState(channel.carried[0])?.lease?.claims, [
      { scope: 'tenant:tenant-1' },
      { scope: 'campaign:campaign-1', limit: 10 },
      { scope: 'number:number-1' },
      ...more,
    ]);
    t.same(env.heldLeases(), []);
  }
});

void t.test('a number of nobody is refused with 404 and written nowhere', async (t) => {
  const env = new TestEnvironment({ route: undefined });
  const channel = new FakeSessionChannel({});
  await new CallSession(env.environment, channel, env.link).run();
  t.same(channel.argumentsOf('hangup'), ['UNALLOCATED_NUMBER']);
  t.same(env.written, []);
});

void t.test('Redis away: the stated policy decides about new calls', async (t) => {
  for (const whenCapsUnavailable of ['refuse', 'admit'] as const) {
    const env = new TestEnvironment({ whenCapsUnavailable, capsAway: true });
    const channel = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
    await new CallSession(env.environment, channel, env.link).run();
    t.equal(env.written[0]?.outcome, whenCapsUnavailable === 'admit' ? 'connected' : 'refused');
    t.equal(env.written[0]?.refusal, whenCapsUnavailable === 'admit' ? undefined : 'caps_unavailable');
  }
});

void t.test(
  'the caller hangs up in each phase: the outcome says where, and nothing stays held',
  async (t) => {
    const phases = [
      { during: 'answer', outcome: 'abandoned', script: {} },
      { during: 'collectDigits', outcome: 'abandoned', script: {} },
      { during: 'bridge', outcome: 'abandoned_ringing', script: { digits: ['1'] } },
    ] as const;
    for (const { during, outcome, script } of phases) {
      const env = new TestEnvironment();
      const channel = new FakeSessionChannel({ ...script, goneDuring: during });
      await new CallSession(env.environment, channel, env.link).run();
      t.match(env.written, [{ outcome, hungUpBy: 'caller', cause: 'NORMAL_CLEARING' }], during);
      t.same(env.heldLeases(), [], during);
    }
  },
);

void t.test('every buyer fails: the call ends with the fallback, and each try has its row', async (t) => {
  const env = new TestEnvironment();
  const busy = { end: 'notAnswered', cause: 'USER_BUSY', sipCode: 486 } as const;
  const channel = new FakeSessionChannel({ digits: ['1'], bridges: [busy, busy] });
  await new CallSession(env.environment, channel, env.link).run();
  const [record] = env.written;
  t.equal(record?.outcome, 'busy');
  t.same(
    record?.attempts.map(({ outcome, sipCode }) => ({ outcome, sipCode })),
    [
      { outcome: 'busy', sipCode: 486 },
      { outcome: 'busy', sipCode: 486 },
    ],
  );
  t.same(record?.recordings, [], 'nobody talked: there is no recording');
  t.equal(channel.verbs.at(-1), 'hangup');
});

void t.test('another daemon goes on: the same node, the dialled buyer not again, one record', async (t) => {
  const first = new TestEnvironment();
  const lost = new FakeSessionChannel({
    digits: ['1'],
    goneDuring: 'bridge',
    goneAs: { cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' },
  });
  first.livesOn = true;
  await new CallSession(first.environment, lost, first.link).run();
  t.same(first.written, [], 'the daemon that lost the socket writes nothing');

  const state = decodeCallState(lost.carried.at(-1));
  const legUuid = state?.underWay?.legUuid ?? '';
  t.not(legUuid, '');
  const second = new TestEnvironment();
  const channel = new FakeSessionChannel({
    answered: true,
    variables: {
      callfabric_state: lost.carried.at(-1) ?? '',
      callfabric_entry: 'takeover',
      last_bridge_to: legUuid,
      last_bridge_hangup_cause: 'NORMAL_CLEARING',
      originate_disposition: 'SUCCESS',
    },
  });
  await new CallSession(second.environment, channel, second.link).run();
  t.notOk(channel.verbs.includes('bridge'), 'nobody is dialled twice');
  t.match(second.written, [
    { callId: state?.callId, outcome: 'connected', takeovers: 1, attempts: [{ channelUuid: legUuid }] },
  ]);
  t.equal(second.written[0]?.attempts.length, 1);
  t.same(second.heldLeases(), []);
});

void t.test('a slot the queue held when its daemon died is dialled with, and given back', async (t) => {
  const first = new TestEnvironment();
  const before = new FakeSessionChannel({ digits: ['1'], bridges: [answered] });
  await new CallSession(first.environment, before, first.link).run();
  const state = decodeCallState(before.carried.at(-1));
  if (state === undefined) throw new Error('a state');
  const lease = { ...state.lease, leaseId: 'held-1', claims: [], fence: 1 } as unknown as CapLease;
  const { underWay: _, history: __, ...rest } = state;
  const carried = { ...rest, underWay: undefined, tried: [], held: { key: 'endpoint-second', lease } };
  const second = new TestEnvironment();
  const channel = new FakeSessionChannel({
    answered: true,
    bridges: [answered],
    variables: {
      callfabric_state: encodeCallState(carried, encodeLastingState(carried)),
      callfabric_entry: 'takeover',
    },
  });
  await new CallSession(second.environment, channel, second.link).run();
  t.match(second.written, [{ attempts: [{ endpointId: 'endpoint-second', outcome: 'connected' }] }]);
  t.equal(decodeCallState(channel.carried.at(-1))?.underWay?.lease?.leaseId, 'held-1');
  t.same(second.heldLeases(), []);
});

void t.test("a dial that made no channel does not hold up the call's record", async (t) => {
  const env = new TestEnvironment({ factsDeadlineMs: 60_000 });
  env.tellsEndOf = (uuid) => uuid.startsWith('1111');
  const failed = { end: 'notAnswered', cause: 'DESTINATION_OUT_OF_ORDER', sipCode: undefined } as const;
  const channel = new FakeSessionChannel({ digits: ['1'], bridges: [failed, failed] });
  await new CallSession(env.environment, channel, env.link).run();
  const [record] = env.written;
  t.equal(record?.outcome, 'failed');
  t.equal(record?.attempts.length, 2);
  t.same(
    record?.legs.map(({ side }) => side),
    ['A'],
    'no leg that never was',
  );
});

void t.test(
  'a socket that breaks with its channel leaves a record that a truer one may replace',
  async (t) => {
    const env = new TestEnvironment();
    const channel = new FakeSessionChannel({
      goneDuring: 'collectDigits',
      goneAs: { cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' },
    });
    await new CallSession(env.environment, channel, env.link).run();
    t.match(env.written, [{ outcome: 'interrupted', source: 'switch', hungUpBy: 'network' }]);
    t.same(env.heldLeases(), []);
  },
);
