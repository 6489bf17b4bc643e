import { readdirSync } from 'node:fs';
import t from 'tap';
import { flowOf } from '../e2e/flow-plan.ts';
import { stoppablePostgres } from '../integration/records/stoppable-postgres.ts';
import { until } from '../until.ts';
import { live } from './find-freeswitch.ts';
import { went } from './house.ts';
import { placeCall } from './sipp.ts';
import { openWholeHouse } from './whole-house.ts';

void t.test('a call to a number never seen while PostgreSQL is away', { skip: live.skip }, async (t) => {
  const postgres = await stoppablePostgres();
  t.teardown(() => postgres.end());
  const house = await openWholeHouse(t, { databaseUrl: postgres.url });
  const { did } = await house.flow(flowOf([['buyers', 'buyer', {}]]), { buyers: [{ name: 'Nobody' }] });
  await postgres.stop();
  const caller = await placeCall('caller-refused', house.freeswitch.sipPort, did, { values: { code: 503 } });
  await went(t, caller, 'the carrier got 503 and may go on');
  const kept = (): string[] =>
    readdirSync(house.freeswitch.cdrFolder).filter((name) => name.startsWith('a_'));
  await until('FreeSWITCH to keep its record, whose nobody could tell', () => kept().length === 1);

  await postgres.start();
  const [row] = await house.written(did, 1, 40_000, 'switch');
  t.match(row, {
    outcome: 'refused',
    refusal: 'database_unavailable',
    hung_up_by: 'callfabric',
    caller: '+15125550100',
  });
  t.match(row?.cdrs, [{ side: 'A', cause: 'NORMAL_TEMPORARY_FAILURE', source: 'json_cdr' }]);
  await until('the file to be taken away', () => kept().length === 0);
});
