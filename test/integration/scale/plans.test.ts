import { Client } from 'pg';
import t from 'tap';
import { createTestDatabase } from '../../../ops/dev-services/test-database.ts';
import { migrate } from '../../../orm/migrate.ts';
import { fillCallHistory } from './call-history.ts';
import { explainedApi } from './explained-api.ts';
import { ListRequests } from './list-requests.ts';
import { growingTables, plansOf, readInVain, wronglyScanned } from './plans.ts';

// `npm run bench -- --only api` asks the same of the whole million; so does this with CALLFABRIC_TEST_CALLS=1000000 and
// tap's --timeout=900, for it takes minutes to make.
const count = Number(process.env['CALLFABRIC_TEST_CALLS'] ?? 100_000);

void t.test(`on ${count} calls and ${3 * count} legs`, { timeout: 1_200_000 }, async (t) => {
  const database = await createTestDatabase();
  t.teardown(() => database.drop());
  await migrate(database.url);
  const history = await fillCallHistory(database.url, count);

  await t.test('no list, search, report or timeline reads a table of calls from end to end', async (t) => {
    const plans = await plansOf(database.url, history);
    t.ok(plans.length > 70);
    for (const { query, tables, plan } of plans)
      if (!t.same(tables, [], query.name)) t.comment(`${query.sql} ${plan}`);
  });

  await t.test(
    'nothing that is read of the API reads a table from end to end, or much in vain',
    async (t) => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      const api = await explainedApi(database.url, history);
      t.teardown(async () => {
        await api.close();
        await client.end();
      });
      const growing = await growingTables(client);
      t.ok(growing.size > 60);
      const lists = new ListRequests(api, history);
      let queries = 0;
      for (const route of api.routes)
        for await (const { name, asker, answer } of lists.of(route)) {
          // By what it is not shown a publisher or a buyer may not seek.
          const refused = asker.name !== 'operator' && [400, 403].includes(answer.status);
          if (!refused && answer.status !== 200) t.fail(`${name}: ${answer.status} ${answer.text}`);
          for (const { sql, plan } of answer.queries) {
            queries += 1;
            const tables = wronglyScanned(plan, growing, asker.tenantAt !== undefined);
            const vain = readInVain(plan);
            if (tables.length > 0 || vain > count / 20)
              t.fail(`${name} reads whole: ${tables.join()}; in vain: ${vain} rows`, { sql, plan });
          }
        }
      t.same(lists.lacking, [], 'something is found by every filter');
      t.ok(queries > 1000, `${queries} queries`);
    },
  );
});
