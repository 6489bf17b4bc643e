import { Client } from 'pg';
import t from 'tap';
import { SchemaCheck } from '../../daemon/schema-check.ts';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { quietLog } from '../unit/records/quiet-log.ts';
import { type StoppablePostgres, stoppablePostgres } from './records/stoppable-postgres.ts';

let postgres: StoppablePostgres;
t.before(async () => {
  postgres = await stoppablePostgres();
});
t.teardown(() => postgres.end());

async function sql(text: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

void t.test('a PostgreSQL that was away at the start is looked at when it is back', async (t) => {
  const orm = openOrm(postgres.url, { connectTimeoutMs: 2_000 });
  t.teardown(() => closeOrm(orm));
  const log = quietLog();
  const schema = new SchemaCheck({ orm, url: postgres.url, log });
  await sql("update mikro_orm_migrations set name = 'Migration_of_tomorrow' where name like '%first_call'");
  await t.rejects(schema.atStart(), { message: /is newer than this code: it has Migration_of_tomorrow/ });

  await postgres.stop();
  await schema.atStart();
  await schema.again();
  t.same(log.messages, ['started without PostgreSQL: calls to numbers never seen are refused']);
  await t.rejects(schema.pass());

  await postgres.start();
  await schema.again();
  await schema.again();
  t.match(log.messages.slice(1), [/not of this release/]);
  t.equal(log.messages.length, 2, 'once');
  await t.rejects(schema.pass(), { message: /is newer than this code/ });

  await sql(
    "update mikro_orm_migrations set name = 'Migration20261124030000_first_call' where name like '%tomorrow'",
  );
  await schema.again();
  await schema.again();
  t.same(log.messages.slice(2), ['PostgreSQL is there, and its schema is ours']);
  await postgres.stop();
  await t.resolves(schema.pass(), 'passed once, it is not asked again');
});
