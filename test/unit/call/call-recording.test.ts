import t from 'tap';
import { CallRecording, type CarriedRecording } from '../../../daemon/call/call-recording.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { FakeSessionChannel } from './test-environment.ts';

const warned: string[] = [];
const quiet = {
  debug() {},
  info() {},
  warn: (_: object, message: string) => void warned.push(message),
};
const callId = newId<'CallId'>();

/** The recordings of one call; `earlier`: as the daemon before carried them. */
function recordings(earlier: readonly CarriedRecording[] = [], retentionDays?: number) {
  const channel = new FakeSessionChannel({});
  const options = {
    channel,
    folder: '/r',
    tenantId: newId<'TenantId'>(),
    callId,
    retentionDays,
    log: quiet,
    now: () => 1_000,
  };
  // Through JSON, as on the channel.
  return {
    channel,
    of: new CallRecording(options, JSON.parse(JSON.stringify(earlier)) as CarriedRecording[]),
  };
}

void t.test('what was stopped before a takeover does not count as running after it', async (t) => {
  const before = recordings();
  await before.of.start({ channels: 'mono' });
  await before.of.stop();
  const after = recordings(before.of.carried);
  t.equal(await after.of.start({ channels: 'stereo' }), 'recording');
  const paths = after.channel.argumentsOf('startRecording');
  t.equal(paths.length, 1, 'FreeSWITCH was asked for a new one');
  t.match(paths[0], /-2\.wav$/, 'and it does not write over the first');
  t.equal(after.of.records(true).length, 2);
});

void t.test('what runs on goes on: it is not begun again, and can be stopped', async (t) => {
  const before = recordings();
  await before.of.start({ channels: 'mono' });
  const after = recordings(before.of.carried);
  t.equal(await after.of.start({ channels: 'mono' }), 'recording');
  t.same(after.channel.verbs, []);
  await after.of.stop();
  t.same(after.channel.argumentsOf('stopRecording'), before.channel.argumentsOf('startRecording'));
});

void t.test('how long it is kept and when it ended survive the takeover', async (t) => {
  const before = recordings();
  await before.of.start({ channels: 'mono', retentionDays: 30 });
  const [path] = before.channel.argumentsOf('startRecording');
  before.of.stopped(String(path), 7_000_000, 4_000);
  const after = recordings(before.of.carried);
  t.match(after.of.records(true), [{ path, retentionDays: 30, stoppedAtUs: 7_000_000, durationMs: 4_000 }]);
  await after.of.settled(60_000); // at once: there is nothing to wait for
});

void t.test('how long it is kept: the node says, else the campaign, the armed one too', async (t) => {
  const daysOf = async (rule?: number, node?: number) => {
    const { of } = recordings([], rule);
    await of.start({ channels: 'mono', ...(node === undefined ? {} : { retentionDays: node }) });
    return of.records(true)[0]?.retentionDays;
  };
  t.equal(await daysOf(90, 30), 30);
  t.equal(await daysOf(90), 90);
  t.equal(await daysOf(), undefined);
  const { of } = recordings([], 90);
  of.arm('stereo');
  t.match(of.records(true), [{ retentionDays: 90 }]);
});

void t.test('FreeSWITCH cannot have recorded for longer than it did', async (t) => {
  const { channel, of } = recordings();
  await of.start({ channels: 'mono' }); // at 1 s
  const [path] = channel.argumentsOf('startRecording');
  of.stopped(String(path), 7_000_000, 12_000);
  t.match(of.records(true), [{ durationMs: 6_000 }], 'its count divides by the rate of the last codec');
});

void t.test(
  'a recording of the conversation alone is none where nobody talked, after a takeover too',
  async (t) => {
    const before = recordings();
    before.of.arm('stereo');
    const after = recordings(before.of.carried);
    t.same(after.of.records(false), []);
    t.equal(after.of.records(true).length, 1);
    t.notOk('onlyBridged' in (after.of.records(true)[0] ?? {}), 'the record has no field the database lacks');
  },
);

void t.test('what is usual is not carried', async (t) => {
  const { of } = recordings();
  await of.start({ channels: 'mono' });
  t.same(Object.keys(of.carried[0] ?? {}).sort(), ['channels', 'path', 'recordingId', 'startedAtUs']);
});

void t.test(
  'only what runs can be masked, paused or stopped; what meant to keep a secret out is warned of',
  async (t) => {
    const { channel, of } = recordings();
    for (const adjustment of ['mask', 'unmask', 'pause', 'resume'] as const)
      t.equal(await of.adjust(adjustment), false, adjustment);
    t.equal(await of.stop(), false);
    t.same(channel.verbs, []);
    t.same(warned, Array(2).fill('no recording ran that could be adjusted'), 'mask and pause');
    await of.start({ channels: 'mono' });
    t.equal(await of.adjust('pause'), true);
    t.same(channel.argumentsOf('adjustRecording'), [of.carried[0]?.path]);
    t.equal(await of.stop(), true);
    t.equal(await of.adjust('resume'), false, 'it is over');
  },
);
