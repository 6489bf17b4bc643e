import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

const callees: Record<string, CalleeScript> = {
  engaged: { kind: 'fail', cause: 'USER_BUSY', afterMs: 20 },
  talker: { kind: 'answer', answerAfterMs: 20, talkMs: 300 },
};
const afterwards = flowOf(
  [
    ['sell', 'buyer'],
    ['news', 'play', { prompt: file('news-60000ms.wav') }],
  ],
  ['sell connectedEnded news', 'sell busy news'],
);

void t.test(
  'a leg that ends before its call is on record at once, whatever becomes of its daemon',
  async (t) => {
    const house = await openHouse(t, { simulator: { callees } });
    const { did } = await house.flow(afterwards, { buyers: [{ name: 'engaged' }] });
    const killed = await house.spawnDaemon();
    const pool = new Pool({ connectionString: house.databaseUrl, max: 1 });
    t.teardown(() => pool.end());
    house.route.takeovers = [];
    const call = house.call(did);
    await until('the caller to hear the news', () => call.leg.phase === 'playing');
    const legs = await until('the CDR of the leg that was busy', async () => {
      const found = await pool.query('select side, cause, source, call_id from cdr');
      return found.rows.length > 0 && found.rows;
    });
    t.match(legs, [{ side: 'B', cause: 'USER_BUSY', source: /^(json_cdr|event)$/ }]);
    const calls = await pool.query('select 1 from call union all select 1 from held_call');
    t.equal(calls.rowCount, 0, 'and the call itself is none yet');

    killed.child.kill('SIGKILL');
    await killed.exited;
    call.hangUp();
    await call.ended;
    await until(
      'the word of the switch to be kept on disk',
      () => house.simulator.snapshot().cdrsOnDisk === 1,
    );
    await house.startDaemon();
    const kept = join(house.folder, 'cdr', `a_${call.uuid}.cdr.json`);
    t.equal(await house.postCdr(readFileSync(kept, 'utf8')), 204);
    const row = await house.calls.row(call.uuid, () => true);
    t.match(row, { source: 'switch', outcome: 'interrupted' });
    t.same(
      row.cdrs.map(({ side, source }) => `${side} ${source}`),
      ['A json_cdr', 'B json_cdr'],
      'one CDR a leg',
    );
    t.match(row.attempts, [{ number: 1, outcome: 'busy' }], 'what lay behind the call is told too');
    t.match(row.trace, [{ node_id: 'sell', exit: 'busy' }]);
    await house.leaks(t);
  },
);

void t.test('the daemon that hears of a call that runs at another writes no row of its own', async (t) => {
  const house = await openHouse(t, { simulator: { callees }, daemons: 2 }); // mod_json_cdr tells the second
  const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'talker' }] });
  await house.startDaemon(0);
  await house.startDaemon(1);
  const calls = Array.from({ length: 10 }, () => house.call(did));
  for (const call of calls) {
    const first = await house.calls.row(call.uuid, ({ cdrs }) => cdrs.some(({ side }) => side === 'A'));
    t.match(first, { source: 'session', outcome: 'connected' }, 'the first row there is');
    t.equal(first.cdrs.length, 2);
  }
  await house.leaks(t);
});

void t.test('calls while no daemon runs are refusals on record, once one does', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  const { did } = await house.flow(flowOf([['sell', 'buyer']]), { buyers: [{ name: 'talker' }] });
  const [ours, nobodys] = [house.call(did), house.call('+15550009999')];
  t.notOk((await ours.ended).answered);
  await nobodys.ended;
  await until('both to be kept on disk', () => house.simulator.snapshot().cdrsOnDisk === 2);
  await house.startDaemon(0, { CALLFABRIC_CDR_FALLBACK_DIR: `${house.folder}/cdr` });
  t.match(await house.calls.row(ours.uuid, () => true), { outcome: 'refused', refusal: 'not_taken', did });
  t.equal(await house.calls.find(nobodys.uuid), undefined, 'a number of nobody has nobody to tell');
  await house.leaks(t);
});
