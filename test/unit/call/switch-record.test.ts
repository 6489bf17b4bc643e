import t from 'tap';
import { packHistory } from '../../../daemon/call/call-history.ts';
import { type CallState, encodeCallState, encodeLastingState } from '../../../daemon/call/call-state.ts';
import {
  callNotTaken,
  interruptedCall,
  legOfCall,
  offeredInVain,
} from '../../../daemon/call/switch-record.ts';
import { type Branded, newId } from '../../../daemon/telephony/ids.ts';
import { sampleRecord } from '../records/sample-record.ts';
import { legEnd } from './leg-end.ts';
import { aRoute } from './test-environment.ts';

const fs1 = 'fs1' as Branded<'SwitchName'>;
const ours = () => ({ callfabric_call: newId(), callfabric_tenant: newId(), callfabric_daemon: newId() });

/** A call that has a busy attempt behind it and talks to its second buyer, as its channel carries it. */
function carried(legUuid: Branded<'ChannelUuid'>): {
  state: CallState;
  before: ReturnType<typeof sampleRecord>;
} {
  const before = sampleRecord(newId());
  const state: CallState = {
    callId: newId(),
    tenantId: newId(),
    campaignId: newId(),
    phoneNumberId: newId(),
    publisherId: undefined,
    did: '+15551234567',
    startedAtUs: before.startedAtUs,
    takeovers: 1,
    attemptsMade: 2,
    tried: [],
    underWay: {
      attemptId: newId(),
      number: 2,
      endpointId: newId(),
      buyerId: newId(),
      destination: 'sip:buyer@127.0.0.1',
      legUuid,
      dialledAtUs: 1_795_479_786_990_000,
      lease: undefined,
    },
    lease: undefined,
    recordings: [{ recordingId: newId(), path: '/r/1.wav', startedAtUs: 1, channels: 'stereo' }],
    history: packHistory(
      { attempts: before.attempts.slice(0, 1), trace: before.trace.slice(0, 3) },
      before.startedAtUs,
    ),
    walk: {
      v: 1,
      frames: [{ flowVersionId: newId(), nodeId: 'buyers' }],
      variables: { zip: '90210' },
      tags: ['web'],
      steps: 4,
    },
  };
  return { state, before };
}

void t.test('a leg that is none of ours makes no record', async (t) => {
  const { callfabric_call, callfabric_tenant } = ours();
  for (const variables of [
    {},
    { callfabric_call },
    { callfabric_call, callfabric_tenant: "'; drop table call" },
  ]) {
    t.equal(interruptedCall(legEnd('A', variables), fs1), undefined);
    t.equal(legOfCall(legEnd('B', variables), 'json_cdr'), undefined);
  }
  t.ok(interruptedCall(legEnd('A', { callfabric_call, callfabric_tenant }), fs1));
});

void t.test('the A-leg tells of the whole call: what lay behind it and what ran', async (t) => {
  const legUuid = newId<'ChannelUuid'>();
  const { state, before } = carried(legUuid);
  const variables = { ...ours(), callfabric_state: encodeCallState(state, encodeLastingState(state)) };
  const record = interruptedCall(legEnd('A', variables, { otherLegUuid: legUuid }), fs1);
  t.match(record, {
    callId: variables.callfabric_call,
    daemonId: variables.callfabric_daemon,
    campaignId: state.campaignId,
    flowVersionId: state.walk.frames[0]?.flowVersionId,
    buyerId: state.underWay?.buyerId,
    variables: { zip: '90210' },
    tags: ['web'],
    takeovers: 1,
    source: 'switch',
    outcome: 'interrupted',
    did: '+15551234567',
    legs: [{ side: 'A', cdr: { source: 'json_cdr', billMs: 3020, q850: 16, hungUpBy: 'network' } }],
    attempts: [
      { number: 1, attemptId: before.attempts[0]?.attemptId },
      { number: 2, channelUuid: legUuid, outcome: 'connected' },
    ],
    recordings: [{ path: '/r/1.wav', stoppedAtUs: 1_795_479_790_019_910 }],
  });
  t.same(
    record?.trace.map(({ step, nodeId }) => `${step} ${nodeId}`),
    before.trace.slice(0, 3).map(({ step, nodeId }) => `${step} ${nodeId}`),
  );
});

void t.test('what became of the attempt is read from the bridge, where it returned', async (t) => {
  const legUuid = newId<'ChannelUuid'>();
  const { state } = carried(legUuid);
  const variables = {
    ...ours(),
    callfabric_state: encodeCallState(state, encodeLastingState(state)),
    callfabric_dialled: legUuid,
    originate_disposition: 'USER_BUSY',
  };
  t.match(interruptedCall(legEnd('A', variables), fs1)?.attempts.at(-1), {
    outcome: 'busy',
    cause: 'USER_BUSY',
  });
  const { originate_disposition: _, ...ringing } = variables;
  t.match(interruptedCall(legEnd('A', ringing), fs1)?.attempts.at(-1), { outcome: 'cancelled' });
});

void t.test(
  'a recording keeps its retention and its end, and one of a talk nobody had is none',
  async (t) => {
    const legUuid = newId<'ChannelUuid'>();
    const { state } = carried(legUuid);
    const [recording] = state.recordings;
    if (recording === undefined) throw new Error('a recording');
    const recorded = (changes: object, otherLegUuid?: Branded<'ChannelUuid'>) => {
      const carriedState = { ...state, recordings: [{ ...recording, ...changes }] };
      const variables = {
        ...ours(),
        callfabric_state: encodeCallState(carriedState, encodeLastingState(carriedState)),
      };
      return interruptedCall(legEnd('A', variables, { otherLegUuid }), fs1)?.recordings;
    };
    t.match(recorded({ retentionDays: 7, over: true, stoppedAtUs: 5 }), [
      { retentionDays: 7, stoppedAtUs: 5 },
    ]);
    t.same(recorded({ onlyBridged: true }), [], 'nobody talked');
    t.equal(recorded({ onlyBridged: true }, legUuid)?.length, 1, 'somebody did');
  },
);

void t.test('a B-leg is a leg of its call and no call', async (t) => {
  const variables = ours();
  const end = legEnd('B', variables);
  t.equal(interruptedCall(end, fs1), undefined);
  t.match(legOfCall(end, 'json_cdr'), {
    source: 'leg',
    callId: variables.callfabric_call,
    legs: [{ side: 'B', channelUuid: end.channelUuid, cdr: { hungUpBy: 'callee', source: 'json_cdr' } }],
  });
});

void t.test('a call no daemon took is a refusal under the tenant of its number', async (t) => {
  const end = legEnd('A', { callfabric_entry: 'takeover' });
  t.ok(offeredInVain(end));
  t.notOk(offeredInVain(legEnd('A', { callfabric_entry: 'takeover', callfabric_call: newId() })));
  t.notOk(offeredInVain(legEnd('A', {})), 'a call of somebody else');
  t.match(callNotTaken(end, fs1, aRoute(), '+15551234567'), {
    callId: end.channelUuid,
    tenantId: 'tenant-1',
    did: '+15551234567',
    outcome: 'refused',
    refusal: 'not_taken',
    legs: [{ side: 'A', cdr: { source: 'json_cdr' } }],
  });
});
