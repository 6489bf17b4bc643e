import { connect } from 'node:net';
import t from 'tap';
import { ScriptedDaemon } from './scripted-daemon.ts';
import { withSimulator } from './with-simulator.ts';

void t.test('the first daemon of the list that listens gets the call', async (t) => {
  const { simulator, daemon, address } = await withSimulator(t, (call) => {
    call.hangUp();
  });
  const dead = new ScriptedDaemon(() => undefined);
  const deadAddress = await dead.start();
  dead.stop();
  const other = await withSimulator(t, () => undefined, { daemons: [deadAddress, address] });
  const end = await other.simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.equal(end.cause, 'NORMAL_CLEARING');
  t.equal(daemon.calls, 1);
  t.equal(end.variable('callfabric_entry'), undefined);
  t.equal(simulator.snapshot().channelsEver, 0);
});

void t.test('where nobody listens the call is refused with 503', async (t) => {
  const dead = new ScriptedDaemon(() => undefined);
  const deadAddress = await dead.start();
  dead.stop();
  const { simulator } = await withSimulator(t, () => undefined, { daemons: [deadAddress] });
  const end = await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.equal(end.cause, 'NORMAL_TEMPORARY_FAILURE');
  t.equal(end.disposition, 'send_refuse');
  t.notOk(end.answered);
});

void t.test(
  'two people talk on while the daemon is dead; the next one gets the channel with its state',
  async (t) => {
    const entries: (string | undefined)[] = [];
    const { simulator } = await withSimulator(
      t,
      async (call) => {
        entries.push(call.channelData.get('variable_callfabric_entry'));
        if (entries.length === 2) {
          entries.push(call.channelData.get('variable_callfabric_state'));
          entries.push(call.channelData.get('variable_last_bridge_hangup_cause'));
          call.hangUp();
          return;
        }
        void call.execute(
          'answer',
          'multiset ^^;hangup_after_bridge=false;callfabric_state=c1.abc',
          'bridge sofia/gateway/trunk/1555',
        );
      },
      { callees: { '1555': { kind: 'answer', talkMs: 4000 } } },
    );
    const call = simulator.call({ from: '+1512', to: '+1555' });
    await call.answered;
    simulator.resetDaemonSockets();
    const end = await call.ended;
    t.same(entries, [undefined, 'takeover', 'c1.abc', 'NORMAL_CLEARING']);
    t.ok(end.billMs >= 4000, `talked on: ${end.billMs} ms`);
  },
);

void t.test('a playback goes on until uuid_break, then the takeover socket is tried', async (t) => {
  const entries: (string | undefined)[] = [];
  const { simulator } = await withSimulator(t, (call) => {
    entries.push(call.channelData.get('variable_callfabric_entry'));
    if (entries.length === 1) void call.execute('answer', 'playback local_stream://moh');
    else call.hangUp();
  });
  const call = simulator.call({ from: '+1512', to: '+1555' });
  await call.answered;
  simulator.resetDaemonSockets();
  t.equal(call.leg.phase, 'queue', 'the caller still hears the music');
  const operator = connect(simulator.inboundPort, '127.0.0.1');
  operator.on('error', () => undefined);
  operator.write(`auth simulated\n\napi uuid_break ${call.uuid} all\n\nexit\n\n`);
  operator.resume();
  await call.ended;
  t.same(entries, [undefined, 'takeover']);
});

void t.test(
  'text from outside arrives raw, and an expansion that reaches the switch is counted',
  async (t) => {
    const names: (string | undefined)[] = [];
    const { simulator } = await withSimulator(t, async (call) => {
      names.push(call.channelData.get('Caller-Caller-ID-Name'));
      await call.execute('set shown=${system touch x}');
      call.hangUp();
    });
    await simulator.call({ from: '+1512', fromName: '${system touch /tmp/x}', to: '+1555' }).ended;
    t.same(names, ['${system touch /tmp/x}']);
    t.same(simulator.snapshot().expansionsAttempted, ['system touch x']);
  },
);

void t.test('an application FreeSWITCH does not have ends the leg', async (t) => {
  const { simulator } = await withSimulator(t, (call) => void call.execute('frobnicate now'));
  const end = await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.equal(end.cause, 'DESTINATION_OUT_OF_ORDER');
});
