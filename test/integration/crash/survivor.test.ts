import t from 'tap';
import type { CapHolder } from '../../../daemon/caps/cap-lease.ts';
import type { CalleeScript } from '../../../ops/switch-simulator/callee-script.ts';
import { stepsOf } from '../../e2e/call-row.ts';
import { file, flowOf } from '../../e2e/flow-plan.ts';
import { type House, openHouse } from '../../e2e/house.ts';
import { until } from '../../until.ts';

const callees: Record<string, CalleeScript> = {
  stays: { kind: 'answer', answerAfterMs: 20 },
  talks: { kind: 'answer', answerAfterMs: 20, talkMs: 200 },
  busy: { kind: 'fail', cause: 'USER_BUSY', afterMs: 20, ringAfterMs: false },
};
const leaseMs = 5_000;
/** Nobody waits for its end: it goes on until the caller is woken. */
const longPrompt = file('prompts/menu-600000ms.wav');

async function holdersOf(house: House, scope: string): Promise<readonly CapHolder[]> {
  const response = await house.api(`/caps/${scope}/holders`, { daemon: 1 });
  const { holders } = (await response.json()) as { holders: CapHolder[] };
  return holders;
}

void t.test('a daemon dies under three callers, and another one lives', async (t) => {
  const house = await openHouse(t, { daemons: 2, simulator: { callees } });
  const first = await house.spawnDaemon(0);
  const second = await house.startDaemon(1);
  const talking = await house.flow(flowOf([['sell', 'buyer']]), {
    buyers: [{ name: 'talker', users: ['busy', 'stays'], maxCalls: 1 }],
  });
  const menu = await house.flow(
    flowOf(
      [
        ['menu', 'ivr', { prompt: longPrompt, keys: ['1'] }],
        ['sell', 'buyer'],
      ],
      ['menu key:1 sell'],
    ),
    { buyers: [{ name: 'quick', users: ['talks'] }] },
  );
  const line = await house.flow(
    flowOf(
      [
        ['line', 'queue'],
        ['sell', 'buyer'],
      ],
      ['line ready sell'],
    ),
    { buyers: [{ name: 'talker' }] },
  );

  const bridged = house.call(talking.did);
  await until('the first to be connected', () => bridged.leg.phase === 'bridged');
  const choosing = house.call(menu.did);
  await until('the second to hear the menu', () => choosing.leg.phase === 'collecting');
  const waiting = house.call(line.did);
  await until('the third to hear music', () => waiting.leg.phase === 'queue');
  t.equal(second.liveCalls, 0, 'all are the first daemon’s');

  const scope = `buyer:${talking.buyerIds['talker']}`;
  first.child.kill('SIGKILL');
  await first.exited;
  const diedAtMs = Date.now();

  await until('the menu and the queue to be taken over', () => second.liveCalls === 2);
  choosing.press('1');
  const chosen = await house.calls.row(choosing.uuid);
  t.match(chosen, { outcome: 'connected', takeovers: 1, source: 'session' });
  t.equal(waiting.leg.phase, 'queue', 'there is still one before this caller');

  await until('the talking call’s lease to outlive its daemon', async () => {
    const [holder, ...others] = await holdersOf(house, scope);
    t.equal(others.length, 0);
    if (holder === undefined) throw new Error('a live call lost its place');
    return holder.daemonId === second.id && Date.now() + holder.expiresInMs > diedAtMs + 2 * leaseMs;
  });
  t.equal(bridged.leg.phase, 'bridged', 'nobody heard anything of it');

  bridged.hangUp();
  const talked = await house.calls.row(bridged.uuid, ({ cdrs }) => cdrs.length === 3);
  t.equal(talked.source, 'switch', 'nobody but the switch saw its end');
  t.equal(talked.attempts[0]?.buyer_id, talking.buyerIds['talker'], 'whom the caller talked to is known');
  await until('the waiting caller to have its turn', () => waiting.leg.phase === 'bridged');
  waiting.hangUp();
  const waited = await house.calls.row(waiting.uuid);
  t.match(waited, { outcome: 'connected', takeovers: 1 });
  t.match(stepsOf(waited), ['line:ready', 'sell:hangup']);
  await house.leaks(t);
});
