import fc from 'fast-check';
import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { resetSocket } from '../../ops/switch-simulator/reset-socket.ts';
import { until } from '../until.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = { talks: { kind: 'answer', answerAfterMs: 20 } };

/** The name is used wherever a flow can use it: a variable, a leg's variable, spoken text, the buyer's display. */
const everywhere = flowOf(
  [
    ['hello', 'answer'],
    [
      'keep',
      'set',
      {
        assignments: [
          { name: 'name', value: '{{call.callerName}}' },
          { scope: 'leg', name: 'name', value: '{{call.callerName}}' },
        ],
      },
    ],
    ['mark', 'tag', { add: ['from {{call.callerName}}'] }],
    ['say', 'play', { prompt: { kind: 'speech', text: 'Hi {{call.callerName}}' }, terminators: '1' }],
    ['sell', 'buyer', { whisper: { kind: 'speech', text: '{{call.callerName}}' } }],
  ],
  ['hello next keep', 'keep next mark', 'mark next say', 'say done sell', 'say key:1 sell', 'say error sell'],
);

const names: readonly (readonly [string, string | Uint8Array])[] = [
  ['bytes that are no UTF-8', Uint8Array.from([0x63, 0x61, 0x66, 0xff, 0xfe])],
  ['an API call', '${system touch /tmp/owned}'],
  ['an API call in the other syntaxes', '$${x} ${api(status)} %{x} %[x] @{x}'],
  ['a separator of dial strings', "a,b|c:_:d^^e{f=1}[g]<h>'i'"],
  ['4 KB', 'n'.repeat(4096)],
  ['a lone CR', 'one\rtwo'],
  ['line breaks and a forged header', 'x\r\nContent-Type: auth/request\r\n\r\n'],
  ['NUL', 'a\0b'],
  ['a placeholder', '{{call.caller}}{{variables.name}}'],
  ['a lone surrogate and the names of prototypes', '\ud800 __proto__ constructor'],
  ['SQL', "'); drop table call; --"],
];

void t.test('hostile callers', async (t) => {
  const house = await openHouse(t, { simulator: { callees, speed: 50 } });
  const { did } = await house.flow(everywhere, {
    // Longer than the longest whisper is spoken.
    buyers: [{ name: 'talks', ringTimeoutMs: 300_000 }],
  });
  const daemon = await house.startDaemon();
  const press = {
    talkMs: 50,
    keys: [{ afterPrompt: 1, delayMs: 20, digits: '1' }],
  };
  for (const [what, fromName] of names)
    await t.test(`a name of ${what} is a call like any other`, async (t) => {
      const call = house.call(did, { fromName, script: press });
      const end = await call.ended;
      t.ok(end.bridgedTo, 'connected');
      const row = await house.calls.row(call.uuid);
      t.equal(row.outcome, 'connected', row.reason ?? '');
      t.same(
        row.cdrs.map(({ side }) => side),
        ['A', 'B'],
      );
      t.notOk(row.cdrs.some(({ source }) => source === 'estimated'));
      t.notMatch(row.caller_name, /\0/);
      await house.leaks(t);
    });
  await t.test('a name of 10 KB, which FreeSWITCH repeats beyond 64 KiB, is turned away alone', async (t) => {
    const [huge, next] = [
      house.call(did, { fromName: 'n'.repeat(10_240) }),
      house.call(did, { script: press }),
    ];
    t.equal((await huge.ended).answered, false, 'the dialplan goes on to 503');
    t.equal((await house.calls.row(next.uuid)).outcome, 'connected');
    const refused = await house.calls.row(huge.uuid, () => true);
    t.match(refused, { outcome: 'refused', refusal: 'not_taken', did }, 'and explained');
    await house.leaks(t);
  });
  await t.test('numbers that are none', async (t) => {
    for (const from of ['anonymous', '', '${x}', `+1${'5'.repeat(500)}`, "'; --"]) {
      const call = house.call(did, { from, script: press });
      await call.ended;
      t.equal((await house.calls.row(call.uuid)).outcome, 'connected', from.slice(0, 20));
    }
    await house.leaks(t);
  });

  await t.test('a reset socket harms its own call alone', async (t) => {
    const { did: news } = await house.flow(
      flowOf(
        [
          ['hello', 'answer'],
          ['news', 'play', { prompt: file('news-20000ms.wav') }],
        ],
        ['hello next news'],
      ),
    );
    const moments = fc.sample(fc.record({ ms: fc.integer({ max: 350, min: 0 }), which: fc.nat() }), {
      numRuns: 12,
      seed: 7,
    });
    house.route.takeovers = []; // nobody takes over: the harm is seen
    const calls = Array.from({ length: 30 }, () => house.call(news));
    let reset = 0;
    for (const { ms, which } of moments)
      setTimeout(() => {
        const wires = [...house.simulator.core.wires];
        const wire = wires[which % wires.length];
        if (wire === undefined || wire.destroyed) return;
        reset += 1;
        resetSocket(wire);
      }, ms);
    let whole = 0;
    for (const call of calls) {
      const end = await call.ended;
      const healthy = end.cause === 'NORMAL_CLEARING' && end.answered;
      if (healthy && (await house.calls.row(call.uuid, () => true)).outcome === 'finished') whole += 1;
    }
    t.ok(reset > 0);
    t.ok(
      whole >= calls.length - reset,
      `${reset} sockets were reset, ${whole} of ${calls.length} calls whole`,
    );
    await until('every call to be over', () => daemon.liveCalls === 0);
    await house.leaks(t);
  });
});
