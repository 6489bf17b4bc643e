import t from 'tap';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';
import { migrate } from '../../../orm/migrate.ts';
import { fillCallHistory } from './call-history.ts';
import { plansOf } from './plans.ts';

// `npm run bench -- --only api` asks the same of the whole million; so does this with CALLFABRIC_TEST_CALLS=1000000 and
// tap's --timeout=900, for it takes minutes to make.
const count = Number(process.env['CALLFABRIC_TEST_CALLS'] ?? 100_000);

void t.test(
  `${count} calls and ${3 * count} legs: no list, search, report or timeline reads a table of calls from end to end`,
  { timeout: 1_200_000 },
  async (t) => {
    const database = await createTestDatabase();
    t.teardown(() => database.drop());
    await migrate(database.url);
    const plans = await plansOf(database.url, await fillCallHistory(database.url, count));
    t.ok(plans.length > 70);
    for (const { query, tables, plan } of plans)
      if (!t.same(tables, [], query.name)) t.comment(`${query.sql} ${plan}`);
  },
);
