import t from 'tap';
import { type OrphanState, orphanRecord } from '../../../daemon/records/orphan-leg.ts';
import { type Branded, newId } from '../../../daemon/telephony/ids.ts';
import { legEnd } from './leg-end.ts';

const fs1 = 'fs1' as Branded<'SwitchName'>;

void t.test('a leg that is none of ours makes no record', async (t) => {
  const ours = { callfabric_call: newId(), callfabric_tenant: newId() };
  for (const variables of [
    {},
    { callfabric_call: ours.callfabric_call },
    { ...ours, callfabric_tenant: "'; drop table call" },
  ])
    t.equal(orphanRecord(legEnd('A', variables), { switchName: fs1, state: undefined }), undefined);
  t.ok(orphanRecord(legEnd('A', ours), { switchName: fs1, state: undefined }));
});

void t.test('the A-leg tells of the call, its recording and the attempt that ran', async (t) => {
  const legUuid = newId<'ChannelUuid'>();
  const state: OrphanState = {
    campaignId: newId(),
    did: '+15551234567',
    takeovers: 1,
    underWay: {
      attemptId: newId(),
      number: 2,
      endpointId: newId(),
      legUuid,
      dialledAtUs: 1_795_479_786_990_000,
    },
    recordings: [{ recordingId: newId(), path: '/r/1.wav', startedAtUs: 1, channels: 'stereo' }],
  };
  const variables = { callfabric_call: newId(), callfabric_tenant: newId(), callfabric_daemon: newId() };
  const record = orphanRecord(legEnd('A', variables, { otherLegUuid: legUuid }), { switchName: fs1, state });
  t.match(record, {
    callId: variables.callfabric_call,
    daemonId: variables.callfabric_daemon,
    campaignId: state.campaignId,
    source: 'switch',
    outcome: 'interrupted',
    did: '+15551234567',
    legs: [{ side: 'A', cdr: { source: 'json_cdr', billMs: 3020, q850: 16, hungUpBy: 'network' } }],
    attempts: [{ number: 2, channelUuid: legUuid, outcome: 'connected' }],
    recordings: [{ path: '/r/1.wav', stoppedAtUs: 1_795_479_790_019_910 }],
  });
});

void t.test('the B-leg knows its own side alone', async (t) => {
  const variables = { callfabric_call: newId(), callfabric_tenant: newId() };
  const record = orphanRecord(legEnd('B', variables), { switchName: fs1, state: undefined });
  t.match(record, { did: '', caller: '', legs: [{ side: 'B', cdr: { hungUpBy: 'callee' } }] });
});
