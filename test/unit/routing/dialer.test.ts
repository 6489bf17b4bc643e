import t from 'tap';
import type { BridgeRequest, BridgeResult } from '../../../daemon/channel/channel.ts';
import { ChannelGone } from '../../../daemon/channel/channel.ts';
import { SmoothWeights } from '../../../daemon/routing/smooth-weights.ts';
import type { AttemptId, ChannelUuid, EndpointId } from '../../../daemon/telephony/ids.ts';
import { buyer, call, dialing, endpoint, FakeLink, lease, pstn, route, trunk } from './fakes.ts';

const answered: BridgeResult = { end: 'answered', cause: 'NORMAL_CLEARING', hungUpBy: 'B' };
const busy: BridgeResult = { end: 'notAnswered', cause: 'USER_BUSY', sipCode: 486 };
const options = { ringTimeoutMs: undefined };
type World = ReturnType<typeof dialing>;

async function tryFirst({ dialer }: World, more: object = {}) {
  const [first] = dialer.plan({ from: 'campaign' });
  if (first === undefined) throw new Error('nobody in the plan');
  return dialer.attempt(first, { ...options, ...more });
}
const bridged = ({ channel }: World) => channel.argumentsOf('bridge') as BridgeRequest[];

void t.test('an attempt takes the caps, bridges, gives them back and leaves a row', async (t) => {
  const world = dialing({ bridges: [answered] });
  const result = await tryFirst(world);
  t.match(result, { outcome: 'connected', hungUpBy: 'B', cause: 'NORMAL_CLEARING' });
  const [request] = bridged(world);
  t.match(request, {
    destination: { kind: 'sip', uri: 'sip:a-sip@example.com', profile: 'external' },
    ringTimeoutMs: 20_000,
    callerId: { number: call.caller, name: 'Alice' },
    legVariables: { callfabric_call: 'call', callfabric_side: 'B', 'sip_h_X-CallFabric-Call': 'call' },
  });
  t.match(world.begun, [{ number: 1, legUuid: request?.legUuid, lease: Object }]);
  t.match(world.rows, [
    { number: 1, outcome: 'connected', capDecision: 'granted', channelUuid: request?.legUuid, buyerId: 'a' },
  ]);
  t.equal(world.caps.live.size, 0);
  t.equal(world.caps.released.length, 1);
});

void t.test('the caps are given back in every ending', async (t) => {
  const fault = new Error('FreeSWITCH did not keep its side');
  const endings: Parameters<typeof dialing>[0][] = [
    { bridges: [answered] },
    { bridges: [busy] },
    { bridges: [{ end: 'notAccepted', cause: 'NORMAL_CLEARING' }] },
    { goneDuring: 'bridge' },
    { goneBefore: 'bridge' },
    { fault: { at: 'bridge', error: fault } },
  ];
  const outcomes: string[] = [];
  for (const script of endings) {
    const world = dialing(script);
    await tryFirst(world).catch((error: unknown) => t.ok(error === fault || error instanceof ChannelGone));
    t.equal(world.caps.live.size, 0);
    t.equal(world.rows.length, 1);
    outcomes.push(world.rows[0]?.outcome ?? '');
  }
  t.same(outcomes, ['connected', 'busy', 'not_accepted', 'cancelled', 'cancelled', 'failed']);
});

void t.test('a socket that breaks gives nothing back: the two may go on talking', async (t) => {
  const world = dialing({ goneDuring: 'bridge', goneAs: { cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' } });
  await t.rejects(tryFirst(world), ChannelGone);
  t.same(world.caps.released, []);
  t.match(world.dialer.close(), [{ leaseId: world.begun[0]?.lease?.leaseId }], 'left to whoever knows');
  t.same(world.dialer.close(), []);
});

void t.test('the caller who goes while the caps are taken is not dialled for', async (t) => {
  const world = dialing({});
  world.caps.onAcquire = () => world.channel.goAway();
  await t.rejects(tryFirst(world), ChannelGone);
  t.same(world.channel.verbs, []);
  t.same(world.begun, []);
  t.equal(world.caps.live.size, 0);
  t.match(world.rows, [{ outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' }]);
});

void t.test('a full cap is a row too, and dials nobody', async (t) => {
  const world = dialing({});
  world.caps.full.add('endpoint:a-sip');
  const result = await tryFirst(world);
  t.match(result, { outcome: 'capped', cappedBy: 'endpoint:a-sip', next: 'skipEndpoint' });
  t.match(world.rows, [{ number: 1, outcome: 'capped', capDecision: 'refused:endpoint:a-sip' }]);
  t.same(world.channel.verbs, []);
  t.equal(world.dialer.plan({ from: 'campaign' })[0]?.rejected, undefined, 'capped is not tried');
});

void t.test('a full trunk leaves the others to the same endpoint', async (t) => {
  const world = dialing({}, { route: route([buyer('a', [pstn('phone')])], [trunk('x'), trunk('y')]) });
  world.caps.full.add('trunk:x');
  t.match(await tryFirst(world), { outcome: 'capped', next: 'next' });
});

void t.test('caps that cannot be asked follow the policy', async (t) => {
  const refusing = dialing({ bridges: [answered] });
  refusing.caps.away = true;
  t.match(await tryFirst(refusing), { outcome: 'capped', cappedBy: 'unavailable' });
  const admitting = dialing({ bridges: [answered] }, { whenCapsUnavailable: 'admit' });
  admitting.caps.away = true;
  t.match(await tryFirst(admitting), { outcome: 'connected' });
  t.same(admitting.caps.released, []);
});

void t.test('an endpoint that was dialled is never dialled again in this call', async (t) => {
  const world = dialing({ bridges: [busy] });
  t.match(await tryFirst(world), { outcome: 'busy', sipCode: 486, next: 'skipEndpoint' });
  const again = world.dialer.plan({ from: 'campaign' });
  t.equal(again.find(({ endpointId }) => endpointId === 'a-sip')?.rejected, 'tried');
  const takenOver = dialing({}, { tried: ['b-sip' as EndpointId], attemptsMade: 4 });
  const rejected = takenOver.dialer.plan({ from: 'campaign' }).find(({ rejected: why }) => why === 'tried');
  t.equal(rejected?.label, 'b-sip');
  await tryFirst(takenOver);
  t.equal(takenOver.rows[0]?.number, 5);
  if (rejected !== undefined)
    await t.rejects(takenOver.dialer.attempt(rejected, options), /may not be dialled/);
});

void t.test('the held candidate comes first and is dialled with its lease', async (t) => {
  const world = dialing({ bridges: [answered] });
  const plan = world.dialer.plan({ from: 'campaign' });
  const second = plan[1];
  if (second === undefined) throw new Error('no second candidate');
  await world.dialer.hold(second, lease('held'));
  world.caps.full.add('buyer:b');
  const candidates = await world.dialer.candidates({ from: 'campaign' });
  t.equal(candidates[0]?.label, 'b-sip');
  t.match(await tryFirst(world), { outcome: 'connected' });
  t.match(world.begun, [{ lease: { leaseId: 'held' } }]);
  t.same(world.caps.released, ['held']);
  t.same(world.dialer.close(), []);
  t.same(world.caps.released, ['held'], 'given back once');
});

void t.test('a held slot is given back before somebody else is dialled', async (t) => {
  const world = dialing({ bridges: [answered] });
  const [first, second] = world.dialer.plan({ from: 'campaign' });
  if (first === undefined || second === undefined) throw new Error('two in the plan');
  await world.dialer.hold(second, lease('held'));
  let releasedBefore: string[] = [];
  world.caps.onAcquire = () => {
    releasedBefore = [...world.caps.released];
  };
  await world.dialer.attempt(first, options);
  t.same(releasedBefore, ['held']);
  t.equal(world.dialer.held, undefined);
});

void t.test('a held slot nobody dials is given back for a newer one, or left for the end', async (t) => {
  const { dialer, caps } = dialing({});
  const [first] = dialer.plan({ from: 'campaign' });
  if (first === undefined) throw new Error('nobody in the plan');
  await dialer.hold(first, lease('one'));
  await dialer.hold(first, lease('two'));
  t.same(caps.released, ['one']);
  t.match(dialer.close(), [{ leaseId: 'two' }]);
  t.same(dialer.close(), []);
  t.same(caps.released, ['one']);
});

void t.test(
  'ring timeouts: endpoint before buyer before flow before campaign, all within what is left',
  async (t) => {
    const ring = async (parts: Parameters<typeof buyer>[2], own: number | undefined, more: object = {}) => {
      const to = endpoint('e', { ringTimeoutMs: own });
      const world = dialing({ bridges: [busy] }, { route: route([buyer('a', [to], parts)]) });
      await tryFirst(world, more);
      return bridged(world)[0]?.ringTimeoutMs;
    };
    t.equal(await ring({ ringTimeoutMs: 9000 }, 5000, { ringTimeoutMs: 7000 }), 5000);
    t.equal(await ring({ ringTimeoutMs: 9000 }, undefined, { ringTimeoutMs: 7000 }), 9000);
    t.equal(await ring({}, undefined, { ringTimeoutMs: 7000 }), 7000);
    t.equal(await ring({}, undefined), 20_000);
    t.equal(await ring({}, undefined, { ringAtMostMs: 3000 }), 3000);
    t.equal(await ring({}, undefined, { ringAtMostMs: 10 }), 1000, 'FreeSWITCH counts whole seconds');
  },
);

void t.test('whisper and acceptance reach the bridge', async (t) => {
  const whisper = { kind: 'file', path: 'w.wav' } as const;
  const world = dialing({ bridges: [answered, answered] });
  await tryFirst(world, { whisper, maxDurationMs: 60_000 });
  await tryFirst(world, { whisper, accept: { digit: '1', timeoutMs: 5000 } });
  const [plain, accepting] = bridged(world);
  t.match(plain, { whisper, maxDurationMs: 60_000 });
  t.equal(plain?.accept, undefined);
  t.same(accepting?.accept, { whisper, digit: '1', timeoutMs: 5000 });
  t.equal(accepting?.whisper, undefined);
});

void t.test('a conversation the caller ended is connected, one cut at its length says so', async (t) => {
  const link = new FakeLink();
  const cut = dialing({ bridges: [{ ...answered, cause: 'ALLOTTED_TIMEOUT' }] });
  t.match(await tryFirst(cut), { outcome: 'max_duration' });

  const held = Promise.withResolvers<BridgeResult>();
  const talking = dialing({ bridges: [() => held.promise] }, { link });
  const running = tryFirst(talking);
  await talking.channel.called('bridge');
  const legUuid = bridged(talking)[0]?.legUuid as ChannelUuid;
  link.tell({ kind: 'answered', channelUuid: legUuid, atUs: 5_000_000 });
  talking.clock.nowMs += 30_000;
  talking.channel.goAway();
  await t.rejects(running, ChannelGone);
  t.match(talking.rows, [{ outcome: 'connected', answeredAtUs: 5_000_000 }]);
  t.equal(link.listening, 0, 'nothing listens any more');
});

void t.test('without a fact of it the channel itself says that the two talked', async (t) => {
  const held = Promise.withResolvers<BridgeResult>();
  const world = dialing({ bridges: [() => held.promise] });
  const running = tryFirst(world);
  await world.channel.called('bridge');
  const bridgedTo = bridged(world)[0]?.legUuid;
  world.channel.goAway({ cause: 'NORMAL_CLEARING', by: 'caller', bridgedTo });
  await t.rejects(running, ChannelGone);
  t.match(world.rows, [{ outcome: 'connected', cause: 'NORMAL_CLEARING', buyerId: 'a' }]);
});

void t.test('talking time counts from the answer', async (t) => {
  const link = new FakeLink();
  const held = Promise.withResolvers<BridgeResult>();
  const world = dialing({ bridges: [() => held.promise] }, { link });
  const running = tryFirst(world);
  await world.channel.called('bridge');
  world.clock.nowMs += 12_000;
  link.tell({
    kind: 'bridged',
    channelUuid: world.channel.uuid,
    otherLegUuid: bridged(world)[0]?.legUuid,
    atUs: 1,
  });
  world.clock.nowMs += 3000;
  held.resolve(answered);
  t.equal((await running).talkedMs, 3000);
});

void t.test('what the daemon before us dialled is not dialled again but finished', async (t) => {
  const attempt = {
    attemptId: 'attempt' as AttemptId,
    number: 3,
    endpointId: 'b-sip' as EndpointId,
    legUuid: 'b-leg' as ChannelUuid,
    dialledAtUs: 42,
    lease: lease('before'),
  };
  const result = {
    outcome: 'connected',
    cause: 'NORMAL_CLEARING',
    sipCode: undefined,
    cappedBy: undefined,
    hungUpBy: 'B',
    talkedMs: 9,
  } as const;
  const tried = ['b-sip' as EndpointId];
  const world = dialing({}, { tried, attemptsMade: 3, interrupted: { attempt, result } });
  t.equal(world.dialer.plan({ from: 'campaign' })[0]?.label, 'b-sip');
  t.match(await tryFirst(world), result);
  t.same(world.channel.verbs, []);
  t.match(world.rows, [
    { attemptId: 'attempt', number: 3, buyerId: 'b', channelUuid: 'b-leg', outcome: 'connected' },
  ]);
  t.same(world.caps.released, ['before']);

  const gone = dialing({}, { route: route([]), interrupted: { attempt, result } });
  t.match(await tryFirst(gone), result, 'even where the plan has changed meanwhile');
});

void t.test('shares are charged to whoever was tried first, not to failover', async (t) => {
  const weights = new SmoothWeights();
  const firsts: string[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    const of = route([buyer('small', undefined, { weight: 1 }), buyer('big', undefined, { weight: 9 })]);
    const world = dialing({ bridges: [busy, busy] }, { route: of, weights });
    const plan = world.dialer.plan({ from: 'campaign' });
    firsts.push(plan[0]?.label ?? '');
    for (const candidate of plan) await world.dialer.attempt(candidate, options);
  }
  t.equal(firsts.filter((label) => label === 'small-sip').length, 1);
});
