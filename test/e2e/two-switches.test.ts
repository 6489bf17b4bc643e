import t, { type Test } from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { SwitchSimulator } from '../../ops/switch-simulator/simulator.ts';
import { until } from '../until.ts';
import { type CallRow, stepsOf } from './call-row.ts';
import { file, flowOf, type Step } from './flow-plan.ts';
import { cdrSecret, type House, openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 20 },
  oneLine: { kind: 'answer', answerAfterMs: 20 },
};
const bye: Step = ['bye', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }];

/** A second FreeSWITCH beside the house's: its calls go to the first daemon, and to the second when that is lost. */
async function secondSwitch(t: Test, house: House): Promise<SwitchSimulator> {
  const [first, second] = house.addresses;
  const simulator = new SwitchSimulator({
    daemons: [`127.0.0.1:${first?.socketPort}`],
    takeover: [`127.0.0.1:${second?.socketPort}`],
    callees,
    fileMs: 100,
    jsonCdr: {
      url: `http://callfabric:${cdrSecret}@127.0.0.1:${second?.apiPort}/freeswitch/cdr`,
      fallbackFolder: undefined,
    },
  });
  await simulator.start();
  t.teardown(() => simulator.stop());
  return simulator;
}

void t.test('two FreeSWITCHes at one daemon', async (t) => {
  const house = await openHouse(t, { simulator: { callees }, daemons: 2 });
  const one = house.simulator;
  const two = await secondSwitch(t, house);
  house.route.offers = [0];
  const settings = {
    CALLFABRIC_FREESWITCH: `one=127.0.0.1:${one.inboundPort},two=127.0.0.1:${two.inboundPort}`,
  };
  const daemon = await house.startDaemon(0, settings);
  await house.startDaemon(1, settings);
  const switchOf = (row: CallRow): unknown => (row as unknown as { switch_name: string }).switch_name;
  const idOn = (uuid: string): string =>
    daemon.registry.list().find(({ channelUuid }) => channelUuid === uuid)?.callId ?? 'none';
  const over = async (t: Test): Promise<void> => {
    await house.leaks(t);
    await until('nothing to be left at the second switch', () => {
      const { channels, sockets, timers, cdrsPending } = two.snapshot();
      return channels + sockets + timers + cdrsPending === 0;
    });
  };

  await t.test('a call of each is ended at its own, and written with its name', async (t) => {
    const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'stays' }] });
    const onOne = house.call(did);
    const onTwo = two.call({ from: '+15125559002', to: did });
    await until('both to be bridged', () => [onOne, onTwo].every(({ leg }) => leg.phase === 'bridged'));
    const hangUp = async (uuid: string): Promise<number> =>
      (await house.api(`/calls/${idOn(uuid)}/hangup`, { method: 'POST', body: '{}' })).status;
    t.equal(await hangUp(onTwo.uuid), 202);
    t.equal((await onTwo.ended).cause, 'MANAGER_REQUEST');
    t.equal(onOne.leg.phase, 'bridged', 'the other talks on');
    t.equal(await hangUp(onOne.uuid), 202);
    t.equal((await onOne.ended).cause, 'MANAGER_REQUEST');
    for (const [call, name] of [
      [onOne, 'one'],
      [onTwo, 'two'],
    ] as const) {
      const row = await house.calls.row(call.uuid);
      t.equal(switchOf(row), name);
      t.match(row, { outcome: 'connected', cause: 'MANAGER_REQUEST' });
      t.equal(row.cdrs.filter(({ source }) => source !== 'estimated').length, 2);
    }
    await over(t);
  });

  await t.test('who waits at one is woken by a line that becomes free at the other', async (t) => {
    const flow = flowOf(
      [['line', 'queue'], ['sell', 'buyer'], bye],
      ['line ready sell', 'sell connectedEnded bye'],
    );
    const { did } = await house.flow(flow, { buyers: [{ name: 'oneLine', maxCalls: 1 }] });
    const talks = house.call(did);
    await until('the first to be bridged', () => talks.leg.phase === 'bridged');
    const waits = two.call({ from: '+15125559003', to: did });
    await until('the second to wait', () => waits.leg.phase === 'queue' || waits.leg.phase === 'playing');
    talks.hangUp();
    await until('the second to be bridged', () => waits.leg.phase === 'bridged');
    waits.hangUp();
    t.same(stepsOf(await house.calls.row(waits.uuid)).slice(0, 1), ['line:ready']);
    t.equal(switchOf(await house.calls.row(waits.uuid)), 'two');
    await over(t);
  });

  await t.test('a call of the second goes on at another daemon', async (t) => {
    const news: Step = ['news', 'play', { prompt: file('news-1500ms.wav') }];
    const { did } = await house.flow(flowOf([news, bye], ['news done bye']));
    const call = two.call({ from: '+15125559004', to: did });
    await until('the news to be heard', () => call.leg.phase === 'playing');
    two.resetDaemonSockets();
    t.equal((await call.ended).cause, 'NORMAL_UNSPECIFIED');
    const row = await house.calls.row(call.uuid);
    t.match(row, { takeovers: 1, daemon_id: house.daemons[1]?.id });
    t.equal(switchOf(row), 'two');
    await over(t);
  });
});
