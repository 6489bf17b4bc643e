import t from 'tap';
import { packHistory, readHistory } from '../../../daemon/call/call-history.ts';
import { CallSession } from '../../../daemon/call/call-session.ts';
import { decodeCallState } from '../../../daemon/call/call-state.ts';
import type { AttemptRecord, TraceRecord } from '../../../daemon/records/call-record.ts';
import { newId } from '../../../daemon/telephony/ids.ts';
import { FakeSessionChannel, TestEnvironment } from './test-environment.ts';

const startedAtUs = 1_790_000_000_000_000;

function attempt(number: number): AttemptRecord {
  return {
    attemptId: newId<'AttemptId'>(),
    number,
    buyerId: newId<'BuyerId'>(),
    endpointId: newId<'EndpointId'>(),
    trunkId: undefined,
    destination: 'sip:first@127.0.0.1:5070',
    channelUuid: newId<'ChannelUuid'>(),
    dialledAtUs: startedAtUs + number * 1_000_000,
    ringingAtUs: undefined,
    answeredAtUs: startedAtUs + number * 1_000_000 + 17,
    endedAtUs: startedAtUs + number * 1_000_000 + 900_000,
    outcome: 'busy',
    cause: 'USER_BUSY',
    sipCode: 486,
    capDecision: 'granted',
  };
}

function visit(step: number, reason?: string): TraceRecord {
  const enteredAtUs = startedAtUs + step;
  return { step, nodeId: 'menu', nodeType: 'ivr', exit: 'key:1', enteredAtUs, durationMs: 12, reason };
}

const overTheWire = (packed: unknown): unknown => JSON.parse(JSON.stringify(packed));

void t.test('what fits comes back as it was', async (t) => {
  const history = { attempts: [attempt(1), attempt(2)], trace: [visit(1), visit(2, 'pressed 1')] };
  t.same(readHistory(overTheWire(packHistory(history, startedAtUs)), startedAtUs), history);
});

void t.test('the oldest visits are left out first, and the record says so', async (t) => {
  const attempts = Array.from({ length: 8 }, (_, index) => attempt(index + 1));
  const trace = Array.from({ length: 200 }, (_, index) => visit(index + 1, 'because of it'));
  const packed = packHistory({ attempts, trace }, startedAtUs);
  t.ok(JSON.stringify(packed).length < 6_100);
  const read = readHistory(overTheWire(packed), startedAtUs);
  t.same(read.attempts, attempts);
  t.equal(read.trace.at(-1)?.step, 200);
  const missing = 200 - read.trace.length;
  t.equal(
    read.trace[0]?.reason,
    `${missing} visits before it were not carried over the takeover; because of it`,
  );
});

void t.test('rows of another form are left out', async (t) => {
  const [[good = []]] = packHistory({ attempts: [attempt(1)], trace: [] }, startedAtUs);
  const strange = good.with(11, 'perhaps');
  for (const text of [undefined, 7, [], [7, 8], [[strange, [], 'x'], [['1']], 3]])
    t.same(readHistory(text, startedAtUs), { attempts: [], trace: [] });
});

void t.test('after a takeover the one record has every attempt and visit of both daemons', async (t) => {
  const first = new TestEnvironment();
  const lost = new FakeSessionChannel({
    digits: ['1'],
    bridges: [{ end: 'notAnswered', cause: 'USER_BUSY', sipCode: 486 }],
    goneDuring: 4,
    goneAs: { cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' },
  });
  first.livesOn = true;
  await new CallSession(first.environment, lost, first.link).run();
  const carried = lost.carried.at(-1) ?? '';
  const state = decodeCallState(carried);
  t.equal(state?.underWay?.number, 2);
  t.equal(state?.underWay?.destination, 'sip:second@127.0.0.1:5070');

  const second = new TestEnvironment();
  const channel = new FakeSessionChannel({
    answered: true,
    variables: {
      callfabric_state: carried,
      last_bridge_to: state?.underWay?.legUuid ?? '',
      last_bridge_hangup_cause: 'NORMAL_CLEARING',
    },
  });
  await new CallSession(second.environment, channel, second.link).run();
  const [record] = second.written;
  t.same(
    record?.attempts.map(({ number, outcome, sipCode, destination }) => [
      number,
      outcome,
      sipCode,
      destination,
    ]),
    [
      [1, 'busy', 486, 'sip:first@127.0.0.1:5070'],
      [2, 'connected', 200, 'sip:second@127.0.0.1:5070'],
    ],
  );
  t.same(
    record?.trace.map(({ nodeType }) => nodeType),
    ['ivr', 'queue', 'buyer'],
  );
});
