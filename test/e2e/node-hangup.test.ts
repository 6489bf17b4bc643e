import t from 'tap';
import { stepsOf } from './call-row.ts';
import { callees, menu } from './exit-cases.ts';
import { file, flowOf } from './flow-plan.ts';
import { cannotHangUp, hangupCases } from './hangup-cases.ts';
import { openHouse } from './house.ts';
import { placeInTurn } from './place-in-turn.ts';

void t.test('the caller hangs up in every node, and the flow’s aftermath is walked', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  await house.flow(flowOf([['long', 'play', { prompt: file('long-3000ms.wav') }]]), { name: 'Long' });
  const dids: string[] = [];
  for (const { type, params, plan, before } of hangupCases) {
    const graph = flowOf(
      [
        ...(before === undefined ? [] : [before.step]),
        ['node', type, params],
        ['after', 'tag', { add: ['gave-up'] }],
      ],
      [...(before === undefined ? [] : [`${before.step[0]} ${before.exit} node`]), 'node hangup after'],
    );
    dids.push((await house.flow(graph, plan)).did);
  }
  await house.startDaemon();
  await house.warm();
  const placed = placeInTurn(hangupCases.length, (index) => {
    const hangUp = hangupCases[index]?.hangUp ?? {};
    return house.call(dids[index] ?? '', { script: { hangUp } });
  });
  for (const [index, { type, as, before, steps, outcome, attempts }] of hangupCases.entries())
    await t.test(`${type}${as === undefined ? '' : ` ${as}`}`, async (t) => {
      const call = await placed[index];
      if (call === undefined) throw new Error('the call was not placed');
      await call.ended;
      const row = await house.calls.row(call.uuid);
      const expected = steps ?? ['node:hangup', 'after:next'];
      t.same(
        stepsOf(row),
        before === undefined ? expected : [`${before.step[0]}:${before.exit}`, ...expected],
      );
      t.match(row, { outcome, hung_up_by: 'caller' });
      t.same(row.tags, expected.includes('after:next') ? ['gave-up'] : []);
      t.same(
        row.attempts.map((attempt) => attempt.outcome),
        attempts ?? [],
      );
      t.equal(row.cdrs.length, row.legs.length, 'a CDR a leg');
      t.notOk(row.cdrs.some(({ source }) => source === 'estimated'));
      await house.leaksOf(t, call, row.id);
    });

  for (const [type, { params, exit }] of Object.entries(cannotHangUp))
    await t.test(`${type} runs after the caller’s end as before it`, async (t) => {
      const graph = flowOf(
        [
          ['talk', 'ivr', { ...menu, prompt: file('menu-3000ms.wav') }],
          ['node', type, { ...params }],
          ['after', 'tag', { add: ['gave-up'] }],
        ],
        ['talk hangup node', `node ${exit} after`],
      );
      const { did } = await house.flow(graph);
      const call = house.call(did, { script: { hangUp: { phase: 'collecting', delayMs: 50 } } });
      const row = await house.calls.row(call.uuid);
      t.same(stepsOf(row), ['talk:hangup', `node:${exit}`, 'after:next']);
      t.equal(row.outcome, 'abandoned');
      await house.leaks(t);
    });
});
