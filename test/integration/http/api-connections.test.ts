import t from 'tap';
import { apiConnections } from '../../../daemon/api-connections.ts';
import { seededDatabase } from '../seeded-database.ts';

void t.test(
  'what requests ask of PostgreSQL ends before their answer is due; a deletion may last',
  async (t) => {
    const database = await seededDatabase();
    const connections = apiConnections(database.url);
    t.teardown(async () => {
      await connections.close();
      await database.drop();
    });
    const limits = async (orm: typeof connections.requests) =>
      (
        await orm.em
          .getConnection()
          .execute<{ statement: string; lock: string }[]>(
            "select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock",
          )
      )[0];
    t.same(await limits(connections.requests), { statement: '12s', lock: '5s' });
    t.same(await limits(connections.deletion), { statement: '10min', lock: '0' });
  },
);
